//! Small settings of a bucket: who pays, acceleration, access logs, encryption by default.

use std::sync::atomic::Ordering::Relaxed;

use cumulet_core::codec::Empty;
use cumulet_core::{AwsError, Cx, Region, Value};

use super::stored::{self, text, unchecked};
use crate::api::{self, input};
use crate::encryption::Encryption;
use crate::state::{Bucket, S3, Tables};
use crate::{configuration, errors, named};

configuration! { RequestPaymentConfiguration
    put put_bucket_request_payment unchecked;
    get get_bucket_request_payment members, missing |_| Ok(Value::map([("Payer", "BucketOwner".into())]));
}

configuration! { AccelerateConfiguration
    put put_bucket_accelerate_configuration acceleration;
    get get_bucket_accelerate_configuration members, missing |_| Ok(Value::Map(Vec::new()));
}

pub(crate) fn put_bucket_logging(
    s3: &S3,
    cx: &Cx,
    input: input::PutBucketLogging,
) -> Result<Empty, AwsError> {
    s3.logs.store(true, Relaxed);
    stored::put(s3, cx, named!(input), input.bucket_logging_status.as_ref(), log_target)
}

configuration! { BucketLoggingStatus
    get get_bucket_logging members, missing |_| Ok(Value::Map(Vec::new()));
}

configuration! { ServerSideEncryptionConfiguration
    put put_bucket_encryption one_rule;
    get get_bucket_encryption whole, missing |_| Ok(sse_s3());
    delete delete_bucket_encryption;
}

fn acceleration(_: &Tables, bucket: &Bucket, given: &mut Value) -> Result<(), AwsError> {
    if bucket.name.contains('.') {
        return Err(errors::invalid_request(
            "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names",
        ));
    }
    if given.get("Status").is_none() { Err(errors::malformed_xml()) } else { Ok(()) }
}

fn log_target(
    t: &Tables,
    bucket: &Bucket,
    given: &mut api::BucketLoggingStatus,
) -> Result<(), AwsError> {
    let Some(name) = given.logging_enabled.as_ref().and_then(|l| l.target_bucket.as_deref()) else {
        return Ok(());
    };
    let target = t.buckets.get(name).filter(|target| target.owner == bucket.owner);
    let target = target.ok_or_else(|| errors::invalid_target_bucket_for_logging(name))?;
    if target.region == bucket.region {
        return Ok(());
    }
    let error = errors::cross_location_logging_prohibited(target.region);
    // Where the source is in us-east-1, AWS does not say so.
    Err(match bucket.region {
        Region::US_EAST_1 => error,
        region => error.with("SourceBucketLocation", region.to_string()),
    })
}

fn one_rule(_: &Tables, _: &Bucket, given: &mut Value) -> Result<(), AwsError> {
    let Some(Value::List(rules)) = given.get_mut("Rules") else {
        return Err(errors::malformed_xml());
    };
    let [rule] = rules.as_mut_slice() else { return Err(errors::malformed_xml()) };
    rule.set_default("BucketKeyEnabled", false);
    let default = rule.get("ApplyServerSideEncryptionByDefault");
    let key = default.and_then(|d| d.get("KMSMasterKeyID"));
    if key.is_some() && default.and_then(|d| text(d, "SSEAlgorithm")) == Some("AES256") {
        return Err(errors::invalid_argument_named(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            "ApplyServerSideEncryptionByDefault",
        ));
    }
    Ok(())
}

impl Tables {
    /// How objects of a bucket are encrypted that come without a wish, if that was said.
    pub(crate) fn default_encryption(
        &self,
        name: &str,
        expected_owner: Option<&str>,
    ) -> Result<Option<Encryption>, AwsError> {
        let bucket = self.bucket(name, expected_owner)?;
        let found = self.kept(&bucket.name, "ServerSideEncryptionConfiguration", "");
        let rule = found.and_then(|found| found.get("Rules")?.items().first());
        Ok(rule.and_then(|rule| {
            let default = rule.get("ApplyServerSideEncryptionByDefault")?;
            let algorithm = text(default, "SSEAlgorithm")?.to_owned();
            // A bucket key is one of KMS; elsewhere it may be switched on and means nothing.
            let bucket_key = rule.get("BucketKeyEnabled").and_then(Value::as_bool);
            let bucket_key = bucket_key.filter(|_| algorithm.starts_with("aws:kms"));
            let key = text(default, "KMSMasterKeyID").map(str::to_owned);
            Some(Encryption { algorithm, key, bucket_key, customer_key: None })
        }))
    }
}

/// What S3 does since January 2023 where nothing is said.
fn sse_s3() -> Value {
    let by_default = Value::map([("SSEAlgorithm", "AES256".into())]);
    let rule = Value::map([
        ("ApplyServerSideEncryptionByDefault", by_default),
        ("BucketKeyEnabled", false.into()),
    ]);
    Value::map([("Rules", Value::List(vec![rule]))])
}
