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
    DeleteObject => object::delete::delete_object;
    DeleteObjects => object::delete::delete_objects, action "DeleteObject";
    GetBucketLocation => bucket::get_bucket_location;
    GetObject => object::get::get_object;
    GetObjectAttributes => object::attributes::get_object_attributes;
    HeadBucket => bucket::head_bucket, action "ListBucket";
    HeadObject => object::get::head_object, action "GetObject";
    ListBuckets => bucket::list_buckets, action "ListAllMyBuckets";
    ListMultipartUploads => multipart::list::list_multipart_uploads, action "ListBucketMultipartUploads";
    ListObjects => object::list::list_objects, action "ListBucket";
    ListObjectsV2 => object::list::list_objects_v2, action "ListBucket";
    ListParts => multipart::list::list_parts, action "ListMultipartUploadParts";
    PutObject => object::put::put_object;
    SelectObjectContent => object::select::select_object_content, action "GetObject";
    UploadPart => multipart::part::upload_part, action "PutObject";
    UploadPartCopy => multipart::part::upload_part_copy, action "PutObject";
}
