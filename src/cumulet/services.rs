//! The registry: the services that are compiled in. The only file that knows them by feature.

use cumulet_core::Service;
use cumulet_store::Platform;

macro_rules! services {
    ($($feature:literal $(+ $also:literal)* => $service:path,)*) => {
        /// The services that are compiled in.
        pub(crate) const NAMES: &[&str] = &[$(
            #[cfg(feature = $feature)] $feature,
            $(#[cfg(feature = $feature)] $also,)*
        )*];

        /// Makes those services that `wanted` wants.
        pub(crate) fn start(platform: &Platform, wanted: impl Fn(&str) -> bool) -> Vec<Service> {
            let all: &[(&[&str], fn(&Platform) -> Vec<Service>)] = &[$(
                #[cfg(feature = $feature)]
                (&[$feature, $($also),*], |platform| $service(platform).into()),
            )*];
            let all = all.iter().filter(|(names, _)| names.iter().any(|name| wanted(name)));
            all.flat_map(|(_, make)| make(platform)).collect()
        }
    };
}

services! {
    // Two services of AWS on one state.
    "dynamodb" + "dynamodbstreams" => cumulet_dynamodb::services,
    "s3" => cumulet_s3::service,
    "s3control" => cumulet_s3control::service,
    "sns" => cumulet_sns::service,
    "sqs" => cumulet_sqs::service,
    "sts" => cumulet_sts::service,
}
