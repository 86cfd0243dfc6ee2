//! The operations that DynamoDB Streams has; `build.rs` reads this table too.

use cumulet_core::operations;

use crate::name::arn_of_resource;

use super::iterator::arn_of_iterator;
use super::{Streams, record, stream};

operations! { Streams, streams:
    DescribeStream => stream::describe_stream, is sync, resource arn_of_resource ["StreamArn"];
    GetRecords => record::get_records, is sync, resource arn_of_iterator ["ShardIterator"];
    GetShardIterator => record::get_shard_iterator, is sync, resource arn_of_resource ["StreamArn"];
    ListStreams => stream::list_streams, is sync;
}
