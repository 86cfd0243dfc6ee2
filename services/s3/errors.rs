//! The wording of S3's errors, as AWS's documentation and its answers have it: one row each.

use cumulet_core::{AwsError, ReadError};

/// The smallest part of an upload but the last.
pub(crate) const PART_SIZE_MIN: u64 = 5 << 20;
/// The most that one request may upload or copy.
pub(crate) const UPLOAD_MAX: u64 = 5 << 30;
/// Bytes of a key, at most.
pub(crate) const KEY_MAX: usize = 1024;
/// Bytes of user metadata, names and values, at most.
pub(crate) const METADATA_MAX: usize = 2048;

fn number(n: impl TryInto<i64>) -> String {
    n.try_into().unwrap_or(i64::MAX).to_string()
}

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident($($arg:ident),*) = $code:literal $status:literal $message:literal
        $([$($member:literal : $value:expr),*])?;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name($($arg: impl std::fmt::Display),*) -> AwsError {
            AwsError::new($code, $status, format!($message))
                $($(.with($member, $value.to_string()))*)?
        }
    )*};
}

errors! {
    access_denied() = "AccessDenied" 403 "Access Denied";
    access_forbidden(message, method, resource) = "AccessForbidden" 403 "CORSResponse: {message}"
        ["Method": method, "ResourceType": resource];
    acl_not_supported() = "AccessControlListNotSupported" 400 "The bucket does not allow ACLs";
    acl_with_ownership() = "InvalidBucketAclWithObjectOwnership" 400
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
    bad_digest_md5(expected, calculated) = "BadDigest" 400
        "The Content-MD5 you specified did not match what we received."
        ["ExpectedDigest": expected, "CalculatedDigest": calculated];
    bad_checksum(algorithm) = "BadDigest" 400
        "The {algorithm} you specified did not match the calculated checksum.";
    authorization_header_malformed(region, expected) = "AuthorizationHeaderMalformed" 400
        "The authorization header is malformed; the region '{region}' is wrong; expecting '{expected}'"
        ["Region": expected];
    bad_part_checksum(algorithm, part) = "BadDigest" 400
        "The {algorithm} you specified for part {part} did not match what we received.";
    bucket_already_exists(bucket) = "BucketAlreadyExists" 409
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."
        ["BucketName": bucket];
    bucket_already_owned_by_you(bucket) = "BucketAlreadyOwnedByYou" 409
        "Your previous request to create the named bucket succeeded and you already own it."
        ["BucketName": bucket];
    bucket_has_versions(bucket) = "BucketNotEmpty" 409
        "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
        ["BucketName": bucket];
    bucket_not_empty(bucket) = "BucketNotEmpty" 409
        "The bucket you tried to delete is not empty" ["BucketName": bucket];
    conditional_request_conflict(condition, key) = "ConditionalRequestConflict" 409
        "The conditional request cannot succeed due to a conflicting operation against this resource."
        ["Condition": condition, "Key": key];
    cross_location_logging_prohibited(region) = "CrossLocationLoggingProhibitted" 403
        "Cross S3 location logging not allowed. " ["TargetBucketLocation": region];
    entity_too_large(size) = "EntityTooLarge" 400
        "Your proposed upload exceeds the maximum allowed size"
        ["ProposedSize": size, "MaxSizeAllowed": number(UPLOAD_MAX)];
    entity_too_small(size, part, etag) = "EntityTooSmall" 400
        "Your proposed upload is smaller than the minimum allowed size"
        ["ProposedSize": size, "MinSizeAllowed": number(PART_SIZE_MIN), "PartNumber": part, "ETag": etag];
    header_not_implemented(header) = "NotImplemented" 501
        "A header you provided implies functionality that is not implemented" ["Header": header];
    id_mismatch() = "IdMismatch" 400
        "Document ID does not match the specified configuration ID.";
    illegal_versioning_configuration() = "IllegalVersioningConfigurationException" 400
        "The Versioning element must be specified";
    illegal_location_constraint(location) = "IllegalLocationConstraintException" 400
        "The {location} location constraint is incompatible for the region specific endpoint this request was sent to.";
    invalid_argument(message, name, value) = "InvalidArgument" 400 "{message}"
        ["ArgumentName": name, "ArgumentValue": value];
    /// The same where AWS does not repeat the value.
    invalid_argument_named(message, name) = "InvalidArgument" 400 "{message}" ["ArgumentName": name];
    invalid_bucket_name(bucket) = "InvalidBucketName" 400
        "The specified bucket is not valid." ["BucketName": bucket];
    invalid_bucket_owner(account) = "InvalidBucketOwnerAWSAccountID" 400
        "The value of the expected bucket owner parameter must be an AWS Account ID... [{account}]";
    invalid_bucket_state(message) = "InvalidBucketState" 409 "{message}";
    invalid_digest(md5) = "InvalidDigest" 400
        "The Content-MD5 you specified was invalid." ["Content-MD5": md5];
    invalid_encryption_algorithm(name, algorithm) = "InvalidEncryptionAlgorithmError" 400
        "The Encryption request you specified is not valid. Supported value: AES256."
        ["ArgumentName": name, "ArgumentValue": algorithm];
    invalid_location_constraint(location) = "InvalidLocationConstraint" 400
        "The specified location-constraint is not valid" ["LocationConstraint": location];
    invalid_object_state(class) = "InvalidObjectState" 403
        "The operation is not valid for the object's storage class" ["StorageClass": class];
    invalid_policy(message) = "InvalidPolicyDocument" 400 "Invalid Policy: {message}";
    against_policy(message) = "AccessDenied" 403 "Invalid according to Policy: {message}";
    malformed_form() = "MalformedPOSTRequest" 400
        "The body of your POST request is not well-formed multipart/form-data.";
    form_too_long() = "MaxPostPreDataLengthExceeded" 400
        "Your POST request fields preceding the upload file were too large.";
    larger_than_policy(size, max) = "EntityTooLarge" 400
        "Your proposed upload exceeds the maximum allowed size"
        ["ProposedSize": size, "MaxSizeAllowed": max];
    smaller_than_policy(size, min) = "EntityTooSmall" 400
        "Your proposed upload is smaller than the minimum allowed size"
        ["ProposedSize": size, "MinSizeAllowed": min];
    invalid_part(upload, part, etag) = "InvalidPart" 400
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."
        ["UploadId": upload, "PartNumber": part, "ETag": etag];
    invalid_part_number(part, count) = "InvalidPartNumber" 416
        "The requested partnumber is not satisfiable"
        ["PartNumberRequested": part, "ActualPartCount": count];
    invalid_part_order(upload) = "InvalidPartOrder" 400
        "The list of parts was not in ascending order. Parts must be ordered by part number."
        ["UploadId": upload];
    invalid_range(range, size) = "InvalidRange" 416 "The requested range is not satisfiable"
        ["RangeRequested": range, "ActualObjectSize": size];
    invalid_request(message) = "InvalidRequest" 400 "{message}";
    invalid_s3_destination_bucket() = "InvalidS3DestinationBucket" 400 "Invalid bucket ARN.";
    invalid_storage_class(class) = "InvalidStorageClass" 400
        "The storage class you specified is not valid" ["StorageClassRequested": class];
    invalid_target_bucket_for_logging(bucket) = "InvalidTargetBucketForLogging" 400
        "The target bucket for logging does not exist" ["TargetBucket": bucket];
    key_too_long(size) = "KeyTooLongError" 400 "Your key is too long"
        ["Size": size, "MaxSizeAllowed": KEY_MAX];
    malformed_acl() = "MalformedACLError" 400
        "The XML you provided was not well-formed or did not validate against our published schema";
    malformed_policy(message) = "MalformedPolicy" 400 "{message}";
    malformed_xml() = "MalformedXML" 400
        "The XML you provided was not well-formed or did not validate against our published schema";
    metadata_too_large(size) = "MetadataTooLarge" 400
        "Your metadata headers exceed the maximum allowed metadata size"
        ["Size": size, "MaxSizeAllowed": METADATA_MAX];
    method_not_allowed(method, resource) = "MethodNotAllowed" 405
        "The specified method is not allowed against this resource."
        ["Method": method, "ResourceType": resource];
    missing_content_length() = "MissingContentLength" 411
        "You must provide the Content-Length HTTP header.";
    mfa_required() = "AccessDenied" 403 "Mfa Authentication must be used for this request";
    missing_request_body() = "MissingRequestBodyError" 400 "Request Body is empty";
    missing_security_header(header) = "MissingSecurityHeader" 400
        "Your request was missing a required header" ["MissingHeaderName": header];
    no_such_bucket(bucket) = "NoSuchBucket" 404
        "The specified bucket does not exist" ["BucketName": bucket];
    no_object_lock_configuration(bucket) = "ObjectLockConfigurationNotFoundError" 404
        "Object Lock configuration does not exist for this bucket" ["BucketName": bucket];
    no_such_bucket_policy(bucket) = "NoSuchBucketPolicy" 404
        "The bucket policy does not exist" ["BucketName": bucket];
    no_such_configuration() = "NoSuchConfiguration" 404
        "The specified configuration does not exist.";
    no_such_cors_configuration(bucket) = "NoSuchCORSConfiguration" 404
        "The CORS configuration does not exist" ["BucketName": bucket];
    no_such_key(key) = "NoSuchKey" 404 "The specified key does not exist." ["Key": key];
    no_such_lifecycle_configuration(bucket) = "NoSuchLifecycleConfiguration" 404
        "The lifecycle configuration does not exist" ["BucketName": bucket];
    no_such_object_lock_configuration() = "NoSuchObjectLockConfiguration" 404
        "The specified object does not have a ObjectLock configuration";
    no_such_public_access_block(bucket) = "NoSuchPublicAccessBlockConfiguration" 404
        "The public access block configuration was not found" ["BucketName": bucket];
    no_such_tag_set(bucket) = "NoSuchTagSet" 404 "The TagSet does not exist" ["BucketName": bucket];
    no_such_upload(upload) = "NoSuchUpload" 404
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
        ["UploadId": upload];
    no_such_version(key, version) = "NoSuchVersion" 404
        "The specified version does not exist." ["Key": key, "VersionId": version];
    no_such_website_configuration(bucket) = "NoSuchWebsiteConfiguration" 404
        "The specified bucket does not have a website configuration" ["BucketName": bucket];
    object_locked() = "AccessDenied" 403
        "Access Denied because object protected by object lock.";
    object_not_in_active_tier() = "ObjectNotInActiveTierError" 403
        "The source object of the COPY operation is not in the active tier and is only stored in Amazon S3 Glacier.";
    not_modified() = "NotModified" 304 "Not Modified";
    origin_needed() = "BadRequest" 400 "Insufficient information. Origin request header needed.";
    ownership_controls_not_found(bucket) = "OwnershipControlsNotFoundError" 404
        "The bucket ownership controls were not found" ["BucketName": bucket];
    precondition_failed(condition) = "PreconditionFailed" 412
        "At least one of the pre-conditions you specified did not hold" ["Condition": condition];
    invalid_tag(message, key) = "InvalidTag" 400 "{message}" ["TagKey": key];
    replication_configuration_not_found(bucket) = "ReplicationConfigurationNotFoundError" 404
        "The replication configuration was not found" ["BucketName": bucket];
    restore_in_progress() = "RestoreAlreadyInProgress" 409
        "Object restore is already in progress";
    restore_not_allowed(class) = "InvalidObjectState" 403
        "Restore is not allowed for the object's current storage class" ["StorageClass": class];
    retention_in_past(name, until) = "InvalidArgument" 400
        "The retain until date must be in the future!" ["ArgumentName": name, "ArgumentValue": until];
    sha256_mismatch(client, computed) = "XAmzContentSHA256Mismatch" 400
        "The provided 'x-amz-content-sha256' header does not match what was computed."
        ["ClientComputedContentSHA256": client, "S3ComputedContentSHA256": computed];
    too_many_configurations() = "TooManyConfigurations" 400
        "You are attempting to create a new configuration but have already reached the 1,000-configuration limit.";
    unsupported_range_header() = "UnsupportedRangeHeader" 400
        "A range header is not supported for this operation.";
    unsupported_storage_class() = "UnsupportedStorageClass" 400
        "The storage class is not supported. Only STANDARD, STANDARD_IA, and ONEZONE_IA storage classes are supported.";
    unexpected_content() = "UnexpectedContent" 400 "This request does not support content";
    unresolvable_grant(email) = "UnresolvableGrantByEmailAddress" 400
        "The e-mail address you provided does not match any account on record."
        ["EmailAddress": email];
}

/// The error for a request that does not have its operation's form: of a header or parameter AWS
/// says what it should be, of a body nothing.
pub(crate) fn malformed(error: &ReadError) -> AwsError {
    let (Some(name), Some(text)) = (error.member, &error.text) else { return malformed_xml() };
    let message = match name {
        "partNumber" => "Part number must be an integer between 1 and 10000, inclusive".to_owned(),
        "max-buckets" => "Argument max-buckets must be an integer between 1 and 10000".to_owned(),
        name if name.starts_with("x-amz-") => format!("Invalid value for {name}."),
        name => format!("Provided {name} not an integer or within integer range"),
    };
    invalid_argument(message, name, text)
}
