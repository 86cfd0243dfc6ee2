//! Every operation that S3 Control has here; `build.rs` reads this table too.

use crate::{Control, block, tagging};

cumulet_core::operations! { Control:
    DeletePublicAccessBlock => block::delete_public_access_block, is sync, action "PutAccountPublicAccessBlock";
    GetPublicAccessBlock => block::get_public_access_block, is sync, action "GetAccountPublicAccessBlock";
    ListTagsForResource => tagging::list_tags_for_resource;
    PutPublicAccessBlock => block::put_public_access_block, is sync, action "PutAccountPublicAccessBlock";
    TagResource => tagging::tag_resource;
    UntagResource => tagging::untag_resource;
}
