//! Configurations of which a bucket may have many, each with an id: inventories, analytics,
//! metrics, intelligent tiering. They are kept and listed; nothing is reported or moved.

use cumulet_core::codec::Empty;
use cumulet_core::{AwsError, Cx, Value, paging};

use super::stored::{self, named, text};
use crate::errors;
use crate::listing::position;
use crate::state::{Bucket, S3, Tables};

/// Configurations of a page.
const PAGE: usize = 100;

/// What tells one kind of report from another.
struct Report {
    shape: &'static str,
    /// What is said of an id that is not the configuration's own.
    mismatch: fn() -> AwsError,
    check: fn(&Tables, &Bucket, &mut Value) -> Result<(), AwsError>,
}

fn id(input: &Value) -> &str {
    text(input, "Id").unwrap_or_default()
}

impl Report {
    fn put(&self, s3: &S3, cx: &Cx, input: &Value) -> Result<Empty, AwsError> {
        let (id, given) = (id(input), input.get(self.shape).cloned());
        stored::put_value(s3, cx, named(input), (self.shape, id), given, &|t, bucket, given| {
            if text(given, "Id") != Some(id) {
                return Err((self.mismatch)());
            }
            (self.check)(t, bucket, given)
        })
    }

    fn get(&self, s3: &S3, cx: &Cx, input: &Value) -> Result<Value, AwsError> {
        let found = stored::get_value(s3, cx, named(input), (self.shape, id(input)))?;
        Ok(Value::map([(self.shape, found.ok_or_else(errors::no_such_configuration)?)]))
    }

    fn list(&self, s3: &S3, cx: &Cx, input: &Value) -> Result<Value, AwsError> {
        let token = text(input, "ContinuationToken");
        let after = token.filter(|t| !t.is_empty()).map(position).transpose()?;
        let (bucket, owner) = named(input);
        let (page, next) = s3.read(cx, |t| {
            t.bucket(bucket, owner)?;
            let rows = t.kept_after(bucket, self.shape, after.as_deref());
            let rows = rows.map(|(id, row)| (id.to_owned(), row.clone()));
            Ok::<_, AwsError>(paging::page(rows, PAGE, |(id, _)| id))
        })?;
        let mut output = vec![
            ("IsTruncated".to_owned(), next.is_some().into()),
            ([self.shape, "List"].concat(), page.into_iter().map(|(_, row)| row).collect()),
        ];
        output.extend(token.map(|token| ("ContinuationToken".to_owned(), token.into())));
        output.extend(next.map(|next| ("NextContinuationToken".to_owned(), next.into())));
        Ok(Value::Map(output))
    }

    fn delete(&self, s3: &S3, cx: &Cx, input: &Value) -> Result<Empty, AwsError> {
        let found = stored::delete(s3, cx, named(input), (self.shape, id(input)))?;
        if found { Ok(Empty {}) } else { Err(errors::no_such_configuration()) }
    }
}

macro_rules! reports {
    ($(
        $report:ident = $shape:literal, other id $mismatch:path, $check:path;
        $put:ident $get:ident $list:ident $delete:ident
    )*) => {$(
        const $report: Report = Report { shape: $shape, mismatch: $mismatch, check: $check };

        pub(crate) fn $put(s3: &S3, cx: &Cx, input: Value) -> Result<Empty, AwsError> {
            $report.put(s3, cx, &input)
        }

        pub(crate) fn $get(s3: &S3, cx: &Cx, input: Value) -> Result<Value, AwsError> {
            $report.get(s3, cx, &input)
        }

        pub(crate) fn $list(s3: &S3, cx: &Cx, input: Value) -> Result<Value, AwsError> {
            $report.list(s3, cx, &input)
        }

        pub(crate) fn $delete(s3: &S3, cx: &Cx, input: Value) -> Result<Empty, AwsError> {
            $report.delete(s3, cx, &input)
        }
    )*};
}

reports! {
    ANALYTICS = "AnalyticsConfiguration", other id errors::malformed_xml, stored::unchecked;
    put_bucket_analytics_configuration get_bucket_analytics_configuration
    list_bucket_analytics_configurations delete_bucket_analytics_configuration

    TIERING = "IntelligentTieringConfiguration", other id errors::malformed_xml, stored::unchecked;
    put_bucket_intelligent_tiering_configuration get_bucket_intelligent_tiering_configuration
    list_bucket_intelligent_tiering_configurations delete_bucket_intelligent_tiering_configuration

    INVENTORY = "InventoryConfiguration", other id errors::id_mismatch, destination;
    put_bucket_inventory_configuration get_bucket_inventory_configuration
    list_bucket_inventory_configurations delete_bucket_inventory_configuration

    METRICS = "MetricsConfiguration", other id errors::malformed_xml, stored::unchecked;
    put_bucket_metrics_configuration get_bucket_metrics_configuration
    list_bucket_metrics_configurations delete_bucket_metrics_configuration
}

fn destination(_: &Tables, bucket: &Bucket, given: &mut Value) -> Result<(), AwsError> {
    let to = given.get("Destination").and_then(|d| d.get("S3BucketDestination"));
    let Some(arn) = to.and_then(|d| text(d, "Bucket")) else { return Ok(()) };
    let prefix = format!("arn:{}:s3:::", bucket.region.partition());
    match arn.strip_prefix(&prefix) {
        Some(name) if !name.is_empty() => Ok(()),
        _ => Err(errors::invalid_s3_destination_bucket()),
    }
}
