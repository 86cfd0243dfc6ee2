//! Small settings of a bucket: who pays, acceleration, access logs, encryption by default.

use std::sync::atomic::Ordering::Relaxed;

use cumulet_core::codec::Empty;
use cumulet_core::{AwsError, Cx, Region};

use super::stored;
use crate::api::{self, input, output};
use crate::encryption::Encryption;
use crate::state::{Bucket, S3, Tables};
use crate::{configuration, errors, named};

configuration! { RequestPaymentConfiguration
    put put_bucket_request_payment PutBucketRequestPayment request_payment_configuration
        |_, _, _| Ok(());
    get get_bucket_request_payment GetBucketRequestPayment |found, _bucket| {
        let payer = found.and_then(|f| f.payer).unwrap_or_else(|| "BucketOwner".into());
        output::GetBucketRequestPayment { payer: Some(payer) }
    };
}

configuration! { AccelerateConfiguration
    put put_bucket_accelerate_configuration PutBucketAccelerateConfiguration
        accelerate_configuration acceleration;
    get get_bucket_accelerate_configuration GetBucketAccelerateConfiguration |found, _bucket| {
        let status = found.and_then(|f| f.status);
        output::GetBucketAccelerateConfiguration { status, ..Default::default() }
    };
}

pub(crate) fn put_bucket_logging(
    s3: &S3,
    cx: &Cx,
    input: input::PutBucketLogging,
) -> Result<Empty, AwsError> {
    s3.logs.store(true, Relaxed);
    stored::put(s3, cx, named!(input), "", input.bucket_logging_status, log_target)
}

configuration! { BucketLoggingStatus
    get get_bucket_logging GetBucketLogging |found, _bucket| {
        output::GetBucketLogging { logging_enabled: found.and_then(|f| f.logging_enabled) }
    };
}

configuration! { ServerSideEncryptionConfiguration
    put put_bucket_encryption PutBucketEncryption server_side_encryption_configuration one_rule;
    get get_bucket_encryption GetBucketEncryption |found, _bucket| {
        output::GetBucketEncryption {
            server_side_encryption_configuration: Some(found.unwrap_or_else(sse_s3)),
        }
    };
    delete delete_bucket_encryption DeleteBucketEncryption;
}

fn acceleration(
    _: &Tables,
    bucket: &Bucket,
    given: &mut api::AccelerateConfiguration,
) -> Result<(), AwsError> {
    if bucket.name.contains('.') {
        return Err(errors::invalid_request(
            "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names",
        ));
    }
    if given.status.is_none() { Err(errors::malformed_xml()) } else { Ok(()) }
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

fn one_rule(
    _: &Tables,
    _: &Bucket,
    given: &mut api::ServerSideEncryptionConfiguration,
) -> Result<(), AwsError> {
    let [rule] = given.rules.as_deref_mut().unwrap_or_default() else {
        return Err(errors::malformed_xml());
    };
    rule.bucket_key_enabled.get_or_insert(false);
    let default = rule.apply_server_side_encryption_by_default.as_ref();
    match default.map(|d| (d.sse_algorithm.as_deref(), &d.kms_master_key_id)) {
        Some((Some("AES256"), Some(_))) => Err(errors::invalid_argument_named(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            "ApplyServerSideEncryptionByDefault",
        )),
        _ => Ok(()),
    }
}

impl Tables {
    /// How objects of a bucket are encrypted that come without a wish, if that was said.
    pub(crate) fn default_encryption(
        &self,
        name: &str,
        expected_owner: Option<&str>,
    ) -> Result<Option<Encryption>, AwsError> {
        let bucket = self.bucket(name, expected_owner)?;
        let found = self.configuration::<api::ServerSideEncryptionConfiguration>(&bucket.name);
        let rule = found.and_then(|found| found.rules?.into_iter().next());
        Ok(rule.and_then(|rule| {
            let default = rule.apply_server_side_encryption_by_default?;
            let algorithm = default.sse_algorithm?;
            // A bucket key is one of KMS; elsewhere it may be switched on and means nothing.
            let bucket_key = rule.bucket_key_enabled.filter(|_| algorithm.starts_with("aws:kms"));
            Some(Encryption {
                algorithm,
                key: default.kms_master_key_id,
                bucket_key,
                customer_key: None,
            })
        }))
    }
}

/// What S3 does since January 2023 where nothing is said.
fn sse_s3() -> api::ServerSideEncryptionConfiguration {
    let by_default = api::ServerSideEncryptionByDefault {
        sse_algorithm: Some("AES256".into()),
        ..Default::default()
    };
    let rule = api::ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(by_default),
        bucket_key_enabled: Some(false),
        ..Default::default()
    };
    api::ServerSideEncryptionConfiguration { rules: Some(vec![rule]) }
}
