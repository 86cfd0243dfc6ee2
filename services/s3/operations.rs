//! Every operation that S3 has here; `build.rs` reads this table too.

use crate::state::S3;
use crate::{bucket, multipart, object};

cumulet_core::operations! { S3:
    AbortMultipartUpload => multipart::upload::abort_multipart_upload;
    CompleteMultipartUpload => multipart::complete::complete_multipart_upload, action "PutObject";
    CopyObject => object::copy::copy_object, action "PutObject";
    CreateBucket => bucket::create::create_bucket;
    CreateMultipartUpload => multipart::upload::create_multipart_upload, action "PutObject";
    DeleteBucket => bucket::delete_bucket;
    DeleteBucketAnalyticsConfiguration => bucket::reports::delete_bucket_analytics_configuration, action "PutAnalyticsConfiguration";
    DeleteBucketCors => bucket::cors::delete_bucket_cors, action "PutBucketCORS";
    DeleteBucketEncryption => bucket::settings::delete_bucket_encryption, action "PutEncryptionConfiguration";
    DeleteBucketIntelligentTieringConfiguration => bucket::reports::delete_bucket_intelligent_tiering_configuration, action "PutIntelligentTieringConfiguration";
    DeleteBucketInventoryConfiguration => bucket::reports::delete_bucket_inventory_configuration, action "PutInventoryConfiguration";
    DeleteBucketMetricsConfiguration => bucket::reports::delete_bucket_metrics_configuration, action "PutMetricsConfiguration";
    DeleteBucketOwnershipControls => bucket::access::delete_bucket_ownership_controls, action "PutBucketOwnershipControls";
    DeleteBucketPolicy => bucket::policy::delete_bucket_policy;
    DeleteBucketTagging => bucket::tagging::delete_bucket_tagging, action "PutBucketTagging";
    DeleteBucketWebsite => bucket::website::delete_bucket_website;
    DeleteObject => object::delete::delete_object;
    DeleteObjects => object::delete::delete_objects, action "DeleteObject";
    DeletePublicAccessBlock => bucket::access::delete_public_access_block, action "PutBucketPublicAccessBlock";
    GetBucketAccelerateConfiguration => bucket::settings::get_bucket_accelerate_configuration, action "GetAccelerateConfiguration";
    GetBucketAcl => bucket::access::get_bucket_acl;
    GetBucketAnalyticsConfiguration => bucket::reports::get_bucket_analytics_configuration, action "GetAnalyticsConfiguration";
    GetBucketCors => bucket::cors::get_bucket_cors, action "GetBucketCORS";
    GetBucketEncryption => bucket::settings::get_bucket_encryption, action "GetEncryptionConfiguration";
    GetBucketIntelligentTieringConfiguration => bucket::reports::get_bucket_intelligent_tiering_configuration, action "GetIntelligentTieringConfiguration";
    GetBucketInventoryConfiguration => bucket::reports::get_bucket_inventory_configuration, action "GetInventoryConfiguration";
    GetBucketLocation => bucket::get_bucket_location;
    GetBucketLogging => bucket::settings::get_bucket_logging;
    GetBucketMetricsConfiguration => bucket::reports::get_bucket_metrics_configuration, action "GetMetricsConfiguration";
    GetBucketOwnershipControls => bucket::access::get_bucket_ownership_controls;
    GetBucketPolicy => bucket::policy::get_bucket_policy;
    GetBucketPolicyStatus => bucket::policy::get_bucket_policy_status;
    GetBucketRequestPayment => bucket::settings::get_bucket_request_payment;
    GetBucketTagging => bucket::tagging::get_bucket_tagging;
    GetBucketWebsite => bucket::website::get_bucket_website;
    GetObject => object::get::get_object;
    GetObjectAttributes => object::attributes::get_object_attributes;
    GetPublicAccessBlock => bucket::access::get_public_access_block, action "GetBucketPublicAccessBlock";
    HeadBucket => bucket::head_bucket, action "ListBucket";
    HeadObject => object::get::head_object, action "GetObject";
    ListBucketAnalyticsConfigurations => bucket::reports::list_bucket_analytics_configurations, action "GetAnalyticsConfiguration";
    ListBucketIntelligentTieringConfigurations => bucket::reports::list_bucket_intelligent_tiering_configurations, action "GetIntelligentTieringConfiguration";
    ListBucketInventoryConfigurations => bucket::reports::list_bucket_inventory_configurations, action "GetInventoryConfiguration";
    ListBucketMetricsConfigurations => bucket::reports::list_bucket_metrics_configurations, action "GetMetricsConfiguration";
    ListBuckets => bucket::list_buckets, action "ListAllMyBuckets";
    ListMultipartUploads => multipart::list::list_multipart_uploads, action "ListBucketMultipartUploads";
    ListObjects => object::list::list_objects, action "ListBucket";
    ListObjectsV2 => object::list::list_objects_v2, action "ListBucket";
    ListParts => multipart::list::list_parts, action "ListMultipartUploadParts";
    PutBucketAccelerateConfiguration => bucket::settings::put_bucket_accelerate_configuration, action "PutAccelerateConfiguration";
    PutBucketAcl => bucket::access::put_bucket_acl;
    PutBucketAnalyticsConfiguration => bucket::reports::put_bucket_analytics_configuration, action "PutAnalyticsConfiguration";
    PutBucketCors => bucket::cors::put_bucket_cors, action "PutBucketCORS";
    PutBucketEncryption => bucket::settings::put_bucket_encryption, action "PutEncryptionConfiguration";
    PutBucketIntelligentTieringConfiguration => bucket::reports::put_bucket_intelligent_tiering_configuration, action "PutIntelligentTieringConfiguration";
    PutBucketInventoryConfiguration => bucket::reports::put_bucket_inventory_configuration, action "PutInventoryConfiguration";
    PutBucketLogging => bucket::settings::put_bucket_logging;
    PutBucketMetricsConfiguration => bucket::reports::put_bucket_metrics_configuration, action "PutMetricsConfiguration";
    PutBucketOwnershipControls => bucket::access::put_bucket_ownership_controls;
    PutBucketPolicy => bucket::policy::put_bucket_policy;
    PutBucketRequestPayment => bucket::settings::put_bucket_request_payment;
    PutBucketTagging => bucket::tagging::put_bucket_tagging;
    PutBucketWebsite => bucket::website::put_bucket_website;
    PutObject => object::put::put_object;
<<<<<<< HEAD
    PutPublicAccessBlock => bucket::access::put_public_access_block, action "PutBucketPublicAccessBlock";
=======
    SelectObjectContent => object::select::select_object_content, action "GetObject";
>>>>>>> select
    UploadPart => multipart::part::upload_part, action "PutObject";
    UploadPartCopy => multipart::part::upload_part_copy, action "PutObject";
}
