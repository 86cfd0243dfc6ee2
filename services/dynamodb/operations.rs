//! The operations that DynamoDB has; `build.rs` reads this table too.

use cumulet_core::operations;

use crate::name::{arn_of_global, arn_of_index, arn_of_resource, arn_of_table};
use crate::transfer::{bulk, export_operations as export, import};
use crate::{
    DynamoDb, backup, batch, global, insights, item, kinesis, limits, partiql, policy, query,
    recovery, replica, restore, search, table, tags, transaction, ttl, update,
};

operations! { DynamoDb:
    BatchExecuteStatement => partiql::batch_execute_statement, is sync;
    BatchGetItem => batch::batch_get_item, is sync;
    BatchWriteItem => batch::batch_write_item, is sync;
    CancelBulkOperation => bulk::cancel_bulk_operation, is sync, resource arn_of_resource ["BulkOperationArn"];
    CreateBackup => backup::create_backup, is sync, resource arn_of_table ["TableName"];
    CreateGlobalTable => global::create_global_table, is sync, resource arn_of_global ["GlobalTableName"];
    CreateTable => table::create_table, resource arn_of_table ["TableName"];
    DeleteBackup => backup::delete_backup, is sync, resource arn_of_resource ["BackupArn"];
    DeleteItem => item::delete_item, is sync, resource arn_of_table ["TableName"];
    DeleteResourcePolicy => policy::delete_resource_policy, is sync, resource arn_of_resource ["ResourceArn"];
    DeleteTable => table::delete_table, is sync, resource arn_of_table ["TableName"];
    DescribeBackup => backup::describe_backup, is sync, resource arn_of_resource ["BackupArn"];
    DescribeBulkOperation => bulk::describe_bulk_operation, is sync, resource arn_of_resource ["BulkOperationArn"];
    DescribeContinuousBackups => recovery::describe_continuous_backups, is sync, resource arn_of_table ["TableName"];
    DescribeContributorInsights => insights::describe_contributor_insights, is sync, resource arn_of_table ["TableName"];
    DescribeEndpoints => limits::describe_endpoints, is sync;
    DescribeExport => export::describe_export, is sync, resource arn_of_resource ["ExportArn"];
    DescribeGlobalTable => global::describe_global_table, is sync, resource arn_of_global ["GlobalTableName"];
    DescribeGlobalTableSettings => global::settings::describe_global_table_settings, is sync, resource arn_of_global ["GlobalTableName"];
    DescribeImport => import::describe_import, is sync, resource arn_of_resource ["ImportArn"];
    DescribeKinesisStreamingDestination => kinesis::describe_kinesis_streaming_destination, is sync, resource arn_of_table ["TableName"];
    DescribeLimits => limits::describe_limits, is sync;
    DescribeTable => table::describe_table, is sync, resource arn_of_table ["TableName"];
    DescribeTableReplicaAutoScaling => replica::scaling::describe_table_replica_auto_scaling, is sync, resource arn_of_table ["TableName"];
    DescribeTimeToLive => ttl::describe_time_to_live, is sync, resource arn_of_table ["TableName"];
    DisableKinesisStreamingDestination => kinesis::disable_kinesis_streaming_destination, is sync, resource arn_of_table ["TableName"];
    EnableKinesisStreamingDestination => kinesis::enable_kinesis_streaming_destination, resource arn_of_table ["TableName"];
    ExecuteStatement => partiql::execute_statement, is sync;
    ExecuteTransaction => partiql::execute_transaction, is sync;
    ExportTableToPointInTime => export::export_table_to_point_in_time, is sync, resource arn_of_resource ["TableArn"];
    GetItem => item::get_item, is sync, resource arn_of_table ["TableName"];
    GetResourcePolicy => policy::get_resource_policy, is sync, resource arn_of_resource ["ResourceArn"];
    ImportTable => import::import_table;
    ListBackups => backup::list_backups, is sync;
    ListBulkOperations => bulk::list_bulk_operations, is sync;
    ListContributorInsights => insights::list_contributor_insights, is sync;
    ListExports => export::list_exports, is sync;
    ListGlobalTables => global::list_global_tables, is sync;
    ListImports => import::list_imports, is sync;
    ListTables => table::list_tables, is sync;
    ListTagsOfResource => tags::list_tags_of_resource, is sync, resource arn_of_resource ["ResourceArn"];
    PutItem => item::put_item, is sync, resource arn_of_table ["TableName"];
    PutResourcePolicy => policy::put_resource_policy, is sync, resource arn_of_resource ["ResourceArn"];
    Query => query::query, is sync, resource arn_of_table ["TableName"];
    RestoreTableFromBackup => restore::restore_table_from_backup, resource arn_of_resource ["BackupArn"];
    RestoreTableToPointInTime => restore::restore_table_to_point_in_time, resource arn_of_table ["TargetTableName"];
    Scan => query::scan, is sync, resource arn_of_table ["TableName"];
    SearchVectors => search::search_vectors, is sync, resource arn_of_index ["TableName", "IndexName"];
    StartBulkPutItems => bulk::start_bulk_put_items, is sync, resource arn_of_table ["TableName"];
    TagResource => tags::tag_resource, is sync, resource arn_of_resource ["ResourceArn"];
    TransactGetItems => transaction::transact_get_items, is sync;
    TransactWriteItems => transaction::transact_write_items, is sync;
    UntagResource => tags::untag_resource, is sync, resource arn_of_resource ["ResourceArn"];
    UpdateContinuousBackups => recovery::update_continuous_backups, is sync, resource arn_of_table ["TableName"];
    UpdateContributorInsights => insights::update_contributor_insights, is sync, resource arn_of_table ["TableName"];
    UpdateGlobalTable => global::update_global_table, is sync, resource arn_of_global ["GlobalTableName"];
    UpdateGlobalTableSettings => global::settings::update_global_table_settings, is sync, resource arn_of_global ["GlobalTableName"];
    UpdateItem => item::update_item, is sync, resource arn_of_table ["TableName"];
    UpdateKinesisStreamingDestination => kinesis::update_kinesis_streaming_destination, is sync, resource arn_of_table ["TableName"];
    UpdateTable => update::update_table, resource arn_of_table ["TableName"];
    UpdateTableReplicaAutoScaling => replica::scaling::update_table_replica_auto_scaling, is sync, resource arn_of_table ["TableName"];
    UpdateTimeToLive => ttl::update_time_to_live, is sync, resource arn_of_table ["TableName"];
}
