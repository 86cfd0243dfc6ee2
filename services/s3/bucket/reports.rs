//! Configurations of which a bucket may have many, each with an id: inventories, analytics,
//! metrics, intelligent tiering. They are kept and listed; nothing is reported or moved.

use cumulet_core::codec::Empty;
use cumulet_core::{AwsError, Cx, paging};

use super::stored::{self, Configuration, Named};
use crate::api::{self, input, output};
use crate::state::{Bucket, S3, Tables};
use crate::{errors, named};

/// Configurations of a page.
const PAGE: usize = 100;

/// A page of configurations, and the token to go on with.
fn page<T: Configuration>(
    s3: &S3,
    cx: &Cx,
    (bucket, owner): Named<'_>,
    token: Option<&str>,
) -> Result<(Vec<T>, Option<String>), AwsError> {
    let after = token.map(|token| {
        paging::position(token).ok_or_else(|| {
            let message = "The continuation token provided is incorrect";
            errors::invalid_argument_named(message, "continuation-token")
        })
    });
    let after = after.transpose()?;
    let (page, next) = s3.read(cx, |t| {
        t.bucket(bucket, owner)?;
        let rows = t.configurations_after(bucket, after.as_deref());
        let rows = rows.map(|(id, row)| (id.to_owned(), row));
        Ok::<_, AwsError>(paging::page(rows, PAGE, |(id, _)| id))
    })?;
    Ok((page.into_iter().map(|(_, row)| row).collect(), next))
}

macro_rules! reports {
    ($(
        $shape:ident $member:ident $list_member:ident, other id $mismatch:path, $check:expr;
        $put:ident $Put:ident, $get:ident $Get:ident, $list:ident $List:ident,
        $delete:ident $Delete:ident;
    )*) => {$(
        pub(crate) fn $put(s3: &S3, cx: &Cx, input: input::$Put) -> Result<Empty, AwsError> {
            let id = input.id.clone().unwrap_or_default();
            let named = named!(input);
            stored::put(s3, cx, named, &id, input.$member, |_, bucket, given: &mut api::$shape| {
                if given.id.as_ref() != Some(&id) {
                    return Err($mismatch());
                }
                let check: fn(&Bucket, &api::$shape) -> Result<(), AwsError> = $check;
                check(bucket, given)
            })
        }

        pub(crate) fn $get(
            s3: &S3,
            cx: &Cx,
            input: input::$Get,
        ) -> Result<output::$Get, AwsError> {
            let (bucket, owner) = named!(input);
            let id = input.id.as_deref().unwrap_or_default();
            let found = s3.read(cx, |t| {
                t.bucket(bucket, owner)?;
                t.configuration_called(bucket, id).ok_or_else(errors::no_such_configuration)
            })?;
            Ok(output::$Get { $member: Some(found) })
        }

        pub(crate) fn $list(
            s3: &S3,
            cx: &Cx,
            input: input::$List,
        ) -> Result<output::$List, AwsError> {
            let token = input.continuation_token.as_deref();
            let (page, next) = page(s3, cx, named!(input), token)?;
            Ok(output::$List {
                is_truncated: Some(next.is_some()),
                $list_member: Some(page),
                next_continuation_token: next,
                continuation_token: input.continuation_token,
            })
        }

        pub(crate) fn $delete(
            s3: &S3,
            cx: &Cx,
            input: input::$Delete,
        ) -> Result<Empty, AwsError> {
            let (bucket, owner) = named!(input);
            let id = input.id.as_deref().unwrap_or_default();
            s3.write(cx, |t: &mut Tables| {
                t.bucket(bucket, owner)?;
                let found = t.unconfigure::<api::$shape>(bucket, id);
                if found { Ok(Empty {}) } else { Err(errors::no_such_configuration()) }
            })
        }
    )*};
}

reports! {
    AnalyticsConfiguration analytics_configuration analytics_configuration_list,
        other id errors::malformed_xml, |_, _| Ok(());
    put_bucket_analytics_configuration PutBucketAnalyticsConfiguration,
    get_bucket_analytics_configuration GetBucketAnalyticsConfiguration,
    list_bucket_analytics_configurations ListBucketAnalyticsConfigurations,
    delete_bucket_analytics_configuration DeleteBucketAnalyticsConfiguration;

    IntelligentTieringConfiguration intelligent_tiering_configuration
        intelligent_tiering_configuration_list, other id errors::malformed_xml, |_, _| Ok(());
    put_bucket_intelligent_tiering_configuration PutBucketIntelligentTieringConfiguration,
    get_bucket_intelligent_tiering_configuration GetBucketIntelligentTieringConfiguration,
    list_bucket_intelligent_tiering_configurations ListBucketIntelligentTieringConfigurations,
    delete_bucket_intelligent_tiering_configuration DeleteBucketIntelligentTieringConfiguration;

    InventoryConfiguration inventory_configuration inventory_configuration_list,
        other id errors::id_mismatch, destination;
    put_bucket_inventory_configuration PutBucketInventoryConfiguration,
    get_bucket_inventory_configuration GetBucketInventoryConfiguration,
    list_bucket_inventory_configurations ListBucketInventoryConfigurations,
    delete_bucket_inventory_configuration DeleteBucketInventoryConfiguration;

    MetricsConfiguration metrics_configuration metrics_configuration_list,
        other id errors::malformed_xml, |_, _| Ok(());
    put_bucket_metrics_configuration PutBucketMetricsConfiguration,
    get_bucket_metrics_configuration GetBucketMetricsConfiguration,
    list_bucket_metrics_configurations ListBucketMetricsConfigurations,
    delete_bucket_metrics_configuration DeleteBucketMetricsConfiguration;
}

fn destination(bucket: &Bucket, given: &api::InventoryConfiguration) -> Result<(), AwsError> {
    let to = given.destination.as_ref().and_then(|d| d.s3_bucket_destination.as_ref());
    let Some(arn) = to.and_then(|d| d.bucket.as_deref()) else { return Ok(()) };
    let prefix = format!("arn:{}:s3:::", bucket.region.partition());
    match arn.strip_prefix(&prefix) {
        Some(name) if !name.is_empty() => Ok(()),
        _ => Err(errors::invalid_s3_destination_bucket()),
    }
}
