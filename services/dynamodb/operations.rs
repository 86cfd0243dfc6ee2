//! The operations that DynamoDB has; `build.rs` reads this table too.

use cumulet_core::operations;

use crate::name::{arn_of_resource, arn_of_table};
use crate::{
    DynamoDb, batch, item, limits, partiql, policy, query, table, tags, transaction, update,
};

operations! { DynamoDb:
    BatchExecuteStatement => partiql::batch_execute_statement, is sync;
    BatchGetItem => batch::batch_get_item, is sync;
    BatchWriteItem => batch::batch_write_item, is sync;
    CreateTable => table::create_table, resource arn_of_table ["TableName"];
    DeleteItem => item::delete_item, is sync, resource arn_of_table ["TableName"];
    DeleteResourcePolicy => policy::delete_resource_policy, is sync, resource arn_of_resource ["ResourceArn"];
    DeleteTable => table::delete_table, is sync, resource arn_of_table ["TableName"];
    DescribeEndpoints => limits::describe_endpoints, is sync;
    DescribeLimits => limits::describe_limits, is sync;
    DescribeTable => table::describe_table, is sync, resource arn_of_table ["TableName"];
    ExecuteStatement => partiql::execute_statement, is sync;
    ExecuteTransaction => partiql::execute_transaction, is sync;
    GetItem => item::get_item, is sync, resource arn_of_table ["TableName"];
    GetResourcePolicy => policy::get_resource_policy, is sync, resource arn_of_resource ["ResourceArn"];
    ListTables => table::list_tables, is sync;
    ListTagsOfResource => tags::list_tags_of_resource, is sync, resource arn_of_resource ["ResourceArn"];
    PutItem => item::put_item, is sync, resource arn_of_table ["TableName"];
    PutResourcePolicy => policy::put_resource_policy, is sync, resource arn_of_resource ["ResourceArn"];
    Query => query::query, is sync, resource arn_of_table ["TableName"];
    Scan => query::scan, is sync, resource arn_of_table ["TableName"];
    TagResource => tags::tag_resource, is sync, resource arn_of_resource ["ResourceArn"];
    TransactGetItems => transaction::transact_get_items, is sync;
    TransactWriteItems => transaction::transact_write_items, is sync;
    UntagResource => tags::untag_resource, is sync, resource arn_of_resource ["ResourceArn"];
    UpdateItem => item::update_item, is sync, resource arn_of_table ["TableName"];
    UpdateTable => update::update_table, resource arn_of_table ["TableName"];
}
