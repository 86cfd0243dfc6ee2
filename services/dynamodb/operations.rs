//! The operations that DynamoDB has; `build.rs` reads this table too.

use cumulet_core::operations;

use crate::name::{arn_of_resource, arn_of_table};
use crate::{DynamoDb, batch, item, limits, policy, query, table, tags, transaction, update};

operations! { DynamoDb:
    BatchGetItem => batch::batch_get_item;
    BatchWriteItem => batch::batch_write_item;
    CreateTable => table::create_table, resource arn_of_table ["TableName"];
    DeleteItem => item::delete_item, resource arn_of_table ["TableName"];
    DeleteResourcePolicy => policy::delete_resource_policy, resource arn_of_resource ["ResourceArn"];
    DeleteTable => table::delete_table, resource arn_of_table ["TableName"];
    DescribeEndpoints => limits::describe_endpoints;
    DescribeLimits => limits::describe_limits;
    DescribeTable => table::describe_table, resource arn_of_table ["TableName"];
    GetItem => item::get_item, resource arn_of_table ["TableName"];
    GetResourcePolicy => policy::get_resource_policy, resource arn_of_resource ["ResourceArn"];
    ListTables => table::list_tables;
    ListTagsOfResource => tags::list_tags_of_resource, resource arn_of_resource ["ResourceArn"];
    PutItem => item::put_item, resource arn_of_table ["TableName"];
    PutResourcePolicy => policy::put_resource_policy, resource arn_of_resource ["ResourceArn"];
    Query => query::query, resource arn_of_table ["TableName"];
    Scan => query::scan, resource arn_of_table ["TableName"];
    TagResource => tags::tag_resource, resource arn_of_resource ["ResourceArn"];
    TransactGetItems => transaction::transact_get_items;
    TransactWriteItems => transaction::transact_write_items;
    UntagResource => tags::untag_resource, resource arn_of_resource ["ResourceArn"];
    UpdateItem => item::update_item, resource arn_of_table ["TableName"];
    UpdateTable => update::update_table, resource arn_of_table ["TableName"];
}
