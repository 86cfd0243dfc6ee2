//! The registry: the services that are compiled in. The only file that knows them by feature.

use cumulet_core::Service;
use cumulet_store::Platform;

macro_rules! services {
    ($($feature:literal => $service:path,)*) => {
        /// The services that are compiled in.
        pub(crate) const NAMES: &[&str] = &[$(#[cfg(feature = $feature)] $feature,)*];

        /// Makes those services that `wanted` wants.
        pub(crate) fn start(platform: &Platform, wanted: impl Fn(&str) -> bool) -> Vec<Service> {
            let all: &[(&str, fn(&Platform) -> Service)] =
                &[$(#[cfg(feature = $feature)] ($feature, $service),)*];
            all.iter().filter(|(name, _)| wanted(name)).map(|(_, make)| make(platform)).collect()
        }
    };
}

services! {
    "s3" => cumulet_s3::service,
    "s3control" => cumulet_s3control::service,
    "sns" => cumulet_sns::service,
    "sqs" => cumulet_sqs::service,
    "sts" => cumulet_sts::service,
}
