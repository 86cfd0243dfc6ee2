//! The operations that DynamoDB has; `build.rs` reads this table too.

use cumulet_core::operations;

use crate::name::{arn_of_resource, arn_of_table};
use crate::{DynamoDb, limits, policy, table, tags, update};

operations! { DynamoDb:
    CreateTable => table::create_table, resource arn_of_table ["TableName"];
    DeleteResourcePolicy => policy::delete_resource_policy, resource arn_of_resource ["ResourceArn"];
    DeleteTable => table::delete_table, resource arn_of_table ["TableName"];
    DescribeEndpoints => limits::describe_endpoints;
    DescribeLimits => limits::describe_limits;
    DescribeTable => table::describe_table, resource arn_of_table ["TableName"];
    GetResourcePolicy => policy::get_resource_policy, resource arn_of_resource ["ResourceArn"];
    ListTables => table::list_tables;
    ListTagsOfResource => tags::list_tags_of_resource, resource arn_of_resource ["ResourceArn"];
    PutResourcePolicy => policy::put_resource_policy, resource arn_of_resource ["ResourceArn"];
    TagResource => tags::tag_resource, resource arn_of_resource ["ResourceArn"];
    UntagResource => tags::untag_resource, resource arn_of_resource ["ResourceArn"];
    UpdateTable => update::update_table, resource arn_of_table ["TableName"];
}
