//! DynamoDB and S3, in process: exports, imports and bulk puts, on a turned clock.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends where it goes wrong"
)]

use std::time::Duration;

use cumulet_compress::Format;
use cumulet_core::{Timestamp, Value};
use cumulet_store::Platform;
use cumulet_testkit::{TestCloud, at, text, value};
use serde_json::{Value as Json, json};

const TABLE: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/table";
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// A zstd file: a compressed frame with two lines, one to be skipped, one with another line.
const ZSTD: &str = "28b52ffd644400f5010022430b12a0bb0190ab5cab6e013eab8aaf45f6a386070474f74f9d2c799a929d9adda6\
                    fbd0cfe3c7198fd6199f74c53904000aa044c9d09a91996af4ce3c6b236626502a4d180300000061626328b52f\
                    fd241ad100007b224974656d223a7b22706b223a7b2253223a2263227d7d7d0ac4d650e2";

/// A cloud with a bucket, and a table by `pk` whose past is kept.
async fn cloud() -> TestCloud {
    let platform = Platform::default();
    let mut services = cumulet_dynamodb::services(&platform);
    services.push(cumulet_s3::service(&platform));
    let cloud = TestCloud::new(services);
    cloud.call("s3.CreateBucket", value!({"Bucket": "bucket"})).await;
    let mut asked = creation();
    asked.set_default(
        "GlobalSecondaryIndexes",
        value!([{
            "IndexName": "index", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"}
        }]),
    );
    asked.set_default("TableName", "table");
    cloud.call("dynamodb.CreateTable", asked).await;
    let on = value!({"PointInTimeRecoveryEnabled": true});
    let asked = value!({"TableName": "table", "PointInTimeRecoverySpecification": on});
    cloud.call("dynamodb.UpdateContinuousBackups", asked).await;
    cloud
}

fn creation() -> Value {
    value!({
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    })
}

async fn put(cloud: &TestCloud, pk: &str, n: i64) {
    let item = value!({"pk": {"S": pk}, "n": {"N": (n.to_string())}});
    cloud.call("dynamodb.PutItem", value!({"TableName": "table", "Item": item})).await;
}

async fn delete(cloud: &TestCloud, pk: &str) {
    let key = value!({"pk": {"S": pk}});
    cloud.call("dynamodb.DeleteItem", value!({"TableName": "table", "Key": key})).await;
}

/// The keys of a table's items, with their numbers.
async fn items(cloud: &TestCloud, table: &str) -> Vec<String> {
    let found = cloud.call("dynamodb.Scan", value!({"TableName": table})).await;
    let number = |item: &Value| item.get("n").map_or("", |n| text(n, "N")).to_owned();
    let name = |item: &Value| format!("{}{}", text(item, "pk.S"), number(item));
    let mut items: Vec<String> = at(&found, "Items").items().iter().map(name).collect();
    items.sort_unstable();
    items
}

async fn upload(cloud: &TestCloud, key: &str, bytes: impl Into<Vec<u8>>) {
    let body: Vec<u8> = bytes.into();
    cloud.send("s3.PutObject", value!({"Bucket": "bucket", "Key": key}), body).await.unwrap();
}

async fn download(cloud: &TestCloud, key: &str) -> Vec<u8> {
    let asked = value!({"Bucket": "bucket", "Key": key});
    cloud.send("s3.GetObject", asked, Vec::new()).await.unwrap().1
}

/// The lines of a gzip file.
async fn lines(cloud: &TestCloud, key: &str) -> Vec<String> {
    let file = download(cloud, key).await;
    let text = cumulet_compress::unpack(Format::Gzip, &file, 1 << 20).unwrap();
    String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
}

async fn read_json(cloud: &TestCloud, key: &str) -> Json {
    serde_json::from_slice(&download(cloud, key).await).unwrap()
}

/// Begins an export; its ARN.
async fn begin_export(cloud: &TestCloud, mut asked: Value) -> String {
    asked.set_default("TableArn", TABLE);
    asked.set_default("S3Bucket", "bucket");
    let begun = cloud.call("dynamodb.ExportTableToPointInTime", asked).await;
    assert_eq!(text(&begun, "ExportDescription.ExportStatus"), "IN_PROGRESS");
    assert_eq!(at(&begun, "ExportDescription").get("EndTime"), None);
    text(&begun, "ExportDescription.ExportArn").to_owned()
}

async fn describe_export(cloud: &TestCloud, arn: &str) -> Value {
    let seen = cloud.call("dynamodb.DescribeExport", value!({"ExportArn": arn})).await;
    at(&seen, "ExportDescription").clone()
}

/// Exports; what the summary says, and the lines of all files.
async fn export(cloud: &TestCloud, more: Value) -> (Json, Vec<String>) {
    let arn = begin_export(cloud, more).await;
    cloud.settle().await;
    let seen = describe_export(cloud, &arn).await;
    assert_eq!(text(&seen, "ExportStatus"), "COMPLETED");
    let summary = read_json(cloud, text(&seen, "ExportManifest")).await;
    assert_eq!(summary["itemCount"].as_i64(), at(&seen, "ItemCount").as_i64());
    let files = download(cloud, summary["manifestFilesS3Key"].as_str().unwrap()).await;
    let mut all = Vec::new();
    for file in String::from_utf8(files).unwrap().lines() {
        let file: Json = serde_json::from_str(file).unwrap();
        all.extend(lines(cloud, file["dataFileS3Key"].as_str().unwrap()).await);
    }
    all.sort_unstable();
    (summary, all)
}

fn seconds(at: Timestamp) -> Value {
    Value::Timestamp(at)
}

/// Begins an import of everything behind `in/` into `second`; its ARN.
async fn begin_import(cloud: &TestCloud, format: &str, compression: &str) -> String {
    let mut parameters = creation();
    parameters.set_default("TableName", "second");
    let asked = value!({
        "S3BucketSource": {"S3Bucket": "bucket", "S3KeyPrefix": "in/"},
        "InputFormat": format, "InputCompressionType": compression,
        "TableCreationParameters": (parameters),
    });
    let begun = cloud.call("dynamodb.ImportTable", asked).await;
    assert_eq!(text(&begun, "ImportTableDescription.ImportStatus"), "IN_PROGRESS");
    text(&begun, "ImportTableDescription.ImportArn").to_owned()
}

async fn describe_import(cloud: &TestCloud, arn: &str) -> Value {
    let seen = cloud.call("dynamodb.DescribeImport", value!({"ImportArn": arn})).await;
    at(&seen, "ImportTableDescription").clone()
}

fn bulk_input(more: Vec<(&str, Value)>) -> Value {
    let mut asked = vec![
        ("TableName", "table".into()),
        (
            "InputS3Configuration",
            value!({"S3Bucket": "bucket", "S3KeyPrefix": "in/", "InputFormat": "DYNAMODB_JSON"}),
        ),
        (
            "OutputS3Configuration",
            value!({"S3Bucket": "bucket", "S3KeyPrefix": "out", "OutputType": ["ERROR", "CONDITION_CHECK_FAILURE"]}),
        ),
    ];
    asked.retain(|(name, _)| more.iter().all(|(other, _)| name != other));
    asked.extend(more);
    Value::map(asked)
}

/// Begins a bulk put of everything behind `in/`; its ARN.
async fn begin_bulk(cloud: &TestCloud, more: Vec<(&str, Value)>) -> String {
    let begun = cloud.call("dynamodb.StartBulkPutItems", bulk_input(more)).await;
    assert_eq!(text(&begun, "BulkOperationDescription.BulkOperationStatus"), "IN_PROGRESS");
    text(&begun, "BulkOperationDescription.BulkOperationArn").to_owned()
}

async fn describe_bulk(cloud: &TestCloud, arn: &str) -> Value {
    let asked = value!({"BulkOperationArn": arn});
    let seen = cloud.call("dynamodb.DescribeBulkOperation", asked).await;
    at(&seen, "BulkOperationDescription").clone()
}

#[tokio::test]
async fn an_export_shows_the_table_as_it_was_when_it_was_asked_for() {
    let cloud = cloud().await;
    put(&cloud, "a", 1).await;
    let arn = begin_export(&cloud, value!({"S3Prefix": "out"})).await;
    put(&cloud, "a", 2).await;
    put(&cloud, "b", 2).await;
    assert_eq!(text(&describe_export(&cloud, &arn).await, "ExportStatus"), "IN_PROGRESS");
    cloud.advance(MINUTE).await;
    let seen = describe_export(&cloud, &arn).await;
    assert_eq!(text(&seen, "ExportStatus"), "COMPLETED");
    assert_eq!(at(&seen, "ItemCount").as_i64(), Some(1));
    assert!(text(&seen, "ExportManifest").starts_with("out/AWSDynamoDB/"));
    let (_, lines) = export(&cloud, value!({"ExportTime": (seconds(TestCloud::START))})).await;
    assert_eq!(lines.len(), 2, "everything was put before the clock was turned");
}

#[tokio::test]
async fn an_export_may_be_ion() {
    let cloud = cloud().await;
    put(&cloud, "a", 100).await;
    let (summary, lines) = export(&cloud, value!({"ExportFormat": "ION"})).await;
    assert_eq!(summary["outputFormat"], "ION");
    assert_eq!(lines, [r#"$ion_1_0 {Item:{n:1d2,pk:"a"}}"#]);
}

#[tokio::test]
async fn an_export_may_be_filtered() {
    let cloud = cloud().await;
    for (pk, n) in [("a", 1), ("b", 2), ("c", 3)] {
        put(&cloud, pk, n).await;
    }
    let filter = value!({
        "FilterExpression": "n > :n", "ProjectionExpression": "pk",
        "ExpressionAttributeValues": {":n": {"N": "1"}},
    });
    let (summary, lines) = export(&cloud, value!({"FilterSpecification": filter})).await;
    assert_eq!((summary["itemCount"].as_i64(), lines.len()), (Some(2), 2));
    assert_eq!(lines[0], r#"{"Item":{"pk":{"S":"b"}}}"#);
    let by_key = value!({
        "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "c"}},
    });
    let (_, lines) = export(&cloud, value!({"FilterSpecification": by_key})).await;
    assert_eq!(lines, [r#"{"Item":{"n":{"N":"3"},"pk":{"S":"c"}}}"#]);
    let wrong = value!({"FilterExpression": "n >"});
    let asked = value!({"TableArn": TABLE, "S3Bucket": "bucket", "FilterSpecification": wrong});
    let error = cloud.fail("dynamodb.ExportTableToPointInTime", asked).await;
    assert!(error.message().starts_with("Invalid FilterExpression: "), "{}", error.message());
}

/// What has happened to some items between one hour and two hours after the start.
async fn changed() -> TestCloud {
    let cloud = cloud().await;
    for pk in ["deleted", "same", "updated"] {
        put(&cloud, pk, 0).await;
    }
    cloud.advance(HOUR).await;
    put(&cloud, "updated", 1).await;
    put(&cloud, "inserted", 1).await;
    put(&cloud, "passing", 1).await;
    delete(&cloud, "deleted").await;
    cloud.advance(MINUTE).await;
    put(&cloud, "updated", 2).await;
    delete(&cloud, "passing").await;
    cloud.advance(59 * MINUTE).await;
    put(&cloud, "updated", 3).await;
    put(&cloud, "late", 3).await;
    cloud
}

fn between(from: Duration, to: Duration, more: Vec<(&str, Value)>) -> Value {
    let mut given = vec![
        ("ExportFromTime", seconds(TestCloud::START.plus(from))),
        ("ExportToTime", seconds(TestCloud::START.plus(to))),
    ];
    given.extend(more);
    value!({"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": (Value::map(given))})
}

#[tokio::test]
async fn an_incremental_export_shows_the_last_state_of_what_has_changed() {
    let cloud = changed().await;
    let (summary, lines) = export(&cloud, between(HOUR, 2 * HOUR, vec![])).await;
    assert_eq!(summary["exportType"], "INCREMENTAL_EXPORT");
    assert_eq!(summary["outputView"], "NEW_AND_OLD_IMAGES");
    assert_eq!(summary["exportFromTime"], "2026-11-22T01:00:00.000Z");
    let lines: Vec<Json> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let item = |pk: &str, n: &str| json!({"pk": {"S": pk}, "n": {"N": n}});
    let keys = |pk: &str| json!({"pk": {"S": pk}});
    let micros = |minutes: i64| {
        let at = TestCloud::START.plus(HOUR).millis() + minutes * 60_000;
        json!({"WriteTimestampMicros": {"N": format!("{at}000")}})
    };
    let expected = [
        json!({"Keys": keys("deleted"), "Metadata": micros(0), "OldImage": item("deleted", "0")}),
        json!({"Keys": keys("inserted"), "Metadata": micros(0), "NewImage": item("inserted", "1")}),
        json!({
            "Keys": keys("updated"), "Metadata": micros(1),
            "OldImage": item("updated", "0"), "NewImage": item("updated", "2")
        }),
    ];
    assert_eq!(lines, expected);
    let files = download(&cloud, summary["manifestFilesS3Key"].as_str().unwrap()).await;
    let file: Json = serde_json::from_slice(&files).unwrap();
    assert!(file["dataFileS3Key"].as_str().unwrap().starts_with("AWSDynamoDB/data/"));
}

#[tokio::test]
async fn an_incremental_export_may_leave_out_old_images() {
    let cloud = changed().await;
    let only_new = || vec![("ExportViewType", "NEW_IMAGE".into())];
    let (_, lines) = export(&cloud, between(HOUR, 2 * HOUR, only_new())).await;
    assert!(lines[0].starts_with(r#"{"Keys":{"pk":{"S":"deleted"}},"Metadata""#), "{}", lines[0]);
    assert!(!lines.concat().contains("OldImage"));
    let mut asked = between(HOUR, 2 * HOUR, only_new());
    asked.set_default("ExportFormat", "ION");
    let (_, lines) = export(&cloud, asked).await;
    let micros = TestCloud::START.plus(HOUR + MINUTE).millis() * 1000;
    assert_eq!(
        lines[2],
        format!(
            "$ion_1_0 {{Record:{{Metadata:{{WriteTimestampMicros:{micros}.}},Keys:{{pk:\"updated\"}},\
             NewImage:{{n:2.,pk:\"updated\"}}}}}}"
        )
    );
}

#[tokio::test]
async fn an_incremental_export_has_bounds() {
    let cloud = changed().await;
    let refused = async |mut asked: Value| {
        asked.set_default("TableArn", TABLE);
        asked.set_default("S3Bucket", "bucket");
        let error = cloud.fail("dynamodb.ExportTableToPointInTime", asked).await;
        error.code().to_owned()
    };
    for (from, to, code) in [
        (HOUR, HOUR + 14 * MINUTE, "ValidationException"),
        (HOUR, 26 * HOUR, "ValidationException"),
        (HOUR, 3 * HOUR, "InvalidExportTimeException"),
    ] {
        assert_eq!(refused(between(from, to, vec![])).await, code);
    }
    let bare = value!({"ExportType": "INCREMENTAL_EXPORT"});
    assert_eq!(refused(bare).await, "ValidationException");
    export(&cloud, between(HOUR, HOUR + 15 * MINUTE, vec![])).await;
}

#[tokio::test]
async fn a_token_stands_for_its_export_for_eight_hours() {
    let cloud = cloud().await;
    let first = begin_export(&cloud, value!({"ClientToken": "t"})).await;
    assert_eq!(begin_export(&cloud, value!({"ClientToken": "t"})).await, first);
    let asked = value!({
        "TableArn": TABLE, "S3Bucket": "bucket", "ClientToken": "t", "S3Prefix": "other",
    });
    let error = cloud.fail("dynamodb.ExportTableToPointInTime", asked).await;
    assert_eq!(error.code(), "ExportConflictException");
    cloud.advance(8 * HOUR).await;
    assert_ne!(begin_export(&cloud, value!({"ClientToken": "t"})).await, first);
}

#[tokio::test]
async fn lists_are_paged_the_last_first_and_forget_after_ninety_days() {
    let cloud = cloud().await;
    let mut arns = Vec::new();
    for _ in 0..3 {
        arns.push(begin_export(&cloud, value!({})).await);
        cloud.advance(HOUR).await;
    }
    arns.reverse();
    let first = cloud.call("dynamodb.ListExports", value!({"MaxResults": 2})).await;
    let token = text(&first, "NextToken").to_owned();
    let rest = cloud.call("dynamodb.ListExports", value!({"NextToken": token})).await;
    assert_eq!(rest.get("NextToken"), None);
    let pages = [at(&first, "ExportSummaries").items(), at(&rest, "ExportSummaries").items()];
    let listed: Vec<&str> = pages
        .concat()
        .iter()
        .map(|e| text(e, "ExportArn"))
        .map(|arn| arns.iter().find(|a| *a == arn).unwrap().as_str())
        .collect();
    assert_eq!(listed, arns);
    cloud.advance((90 * 24 - 2) * HOUR).await;
    let left = cloud.call("dynamodb.ListExports", value!({})).await;
    assert_eq!(at(&left, "ExportSummaries").items().len(), 1);
    let error =
        cloud.fail("dynamodb.DescribeExport", value!({"ExportArn": (arns[1].as_str())})).await;
    assert_eq!(error.code(), "ExportNotFoundException");
}

#[tokio::test]
async fn an_import_of_ion_makes_a_table() {
    let cloud = cloud().await;
    let first = "$ion_1_0 {Item:{pk:\"a\",n:1.}}\n$ion_1_0 {Item:{pk:2.}}\n$ion_1_0 {Item:\n";
    upload(&cloud, "in/1", first).await;
    upload(&cloud, "in/2", "$ion_1_0 [ {Item:{pk:\"b\",n:2d1}}, {Item:{pk:\"c\"}} ]").await;
    let arn = begin_import(&cloud, "ION", "NONE").await;
    let table = value!({"TableName": "second"});
    let seen = cloud.call("dynamodb.DescribeTable", table.clone()).await;
    assert_eq!(text(&seen, "Table.TableStatus"), "CREATING");
    let error = cloud.fail("dynamodb.DeleteTable", table.clone()).await;
    assert_eq!(error.code(), "ResourceInUseException");
    let join =
        value!({"GlobalTableName": "second", "ReplicationGroup": [{"RegionName": "us-east-1"}]});
    let error = cloud.fail("dynamodb.CreateGlobalTable", join).await;
    assert_eq!(error.code(), "ResourceInUseException");
    cloud.settle().await;
    let seen = cloud.call("dynamodb.DescribeTable", table).await;
    assert_eq!(text(&seen, "Table.TableStatus"), "ACTIVE");
    let seen = describe_import(&cloud, &arn).await;
    assert_eq!(text(&seen, "ImportStatus"), "COMPLETED");
    let counts = ["ProcessedItemCount", "ImportedItemCount", "ErrorCount"];
    assert_eq!(counts.map(|name| at(&seen, name).as_i64().unwrap()), [5, 3, 2]);
    assert_eq!(items(&cloud, "second").await, ["a1", "b20", "c"]);
}

#[tokio::test]
async fn an_import_tells_how_its_table_was_asked_for() {
    let cloud = cloud().await;
    let parameters = value!({
        "TableName": "second",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "N"}
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "OnDemandThroughput": {"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 6},
        "SSESpecification": {"Enabled": true, "SSEType": "KMS"},
        "GlobalSecondaryIndexes": [{
            "IndexName": "index", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
            "OnDemandThroughput": {"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 8}
        }],
    });
    let asked = value!({
        "S3BucketSource": {"S3Bucket": "bucket"}, "InputFormat": "CSV",
        "TableCreationParameters": (parameters.clone()),
    });
    let begun = cloud.call("dynamodb.ImportTable", asked).await;
    assert_eq!(at(&begun, "ImportTableDescription.TableCreationParameters"), &parameters);
}

#[tokio::test]
async fn zstd_is_unpacked() {
    let cloud = cloud().await;
    let bytes = |i: usize| u8::from_str_radix(ZSTD.get(i..i + 2).unwrap(), 16).unwrap();
    let file: Vec<u8> = (0..ZSTD.len()).step_by(2).map(bytes).collect();
    upload(&cloud, "in/1", file).await;
    let arn = begin_import(&cloud, "DYNAMODB_JSON", "ZSTD").await;
    cloud.settle().await;
    assert_eq!(text(&describe_import(&cloud, &arn).await, "ImportStatus"), "COMPLETED");
    assert_eq!(items(&cloud, "second").await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_unpacked_fails_its_import() {
    let cloud = cloud().await;
    upload(&cloud, "in/1", "no such file").await;
    let arn = begin_import(&cloud, "DYNAMODB_JSON", "ZSTD").await;
    cloud.settle().await;
    let seen = describe_import(&cloud, &arn).await;
    assert_eq!(text(&seen, "ImportStatus"), "FAILED");
    assert_eq!(text(&seen, "FailureCode"), "ItemValidationError");
}

#[tokio::test]
async fn an_export_comes_back_as_an_import() {
    let cloud = cloud().await;
    for i in 0..2500 {
        put(&cloud, &format!("item{i}"), i).await;
    }
    let arn = begin_export(&cloud, value!({"ExportFormat": "ION", "S3Prefix": "in/"})).await;
    cloud.settle().await;
    let manifest = describe_export(&cloud, &arn).await;
    let manifest =
        text(&manifest, "ExportManifest").trim_end_matches("manifest-summary.json").to_owned();
    for name in [
        "_started",
        "manifest-summary.json",
        "manifest-summary.md5",
        "manifest-files.json",
        "manifest-files.md5",
    ] {
        let key = format!("{manifest}{name}");
        cloud.call("s3.DeleteObject", value!({"Bucket": "bucket", "Key": key})).await;
    }
    begin_import(&cloud, "ION", "GZIP").await;
    cloud.settle().await;
    assert_eq!(items(&cloud, "second").await, items(&cloud, "table").await);
}

#[tokio::test]
async fn a_bulk_put_reports_what_it_could_not_put() {
    let cloud = cloud().await;
    put(&cloud, "there", 1).await;
    let lines = [
        r#"{"Item":{"pk":{"S":"new"},"n":{"N":"2"}}}"#,
        r#"{"Item":{"pk":{"S":"there"},"n":{"N":"2"}},"ConditionExpression":"attribute_not_exists(pk)"}"#,
        r##"{"Item":{"pk":{"S":"more"}},"ConditionExpression":"#n < :n","ExpressionAttributeNames":{"#n":"n"},"ExpressionAttributeValues":{":n":{"N":"1"}}}"##,
        r#"{"Item":{"n":{"N":"2"}}}"#,
        r#"{"Item":"#,
    ];
    upload(&cloud, "in/1", lines.join("\n")).await;
    let arn = begin_bulk(&cloud, vec![("MaxWriteRequestUnits", 1024.into())]).await;
    assert_eq!(describe_bulk(&cloud, &arn).await.get("TotalInputBytes"), None);
    cloud.settle().await;
    let seen = describe_bulk(&cloud, &arn).await;
    assert_eq!(text(&seen, "BulkOperationStatus"), "COMPLETED_WITH_ERRORS");
    let long = |name: &str| at(&seen, name).as_i64().unwrap();
    assert_eq!((long("ProcessedItemCount"), long("FailedItemCount")), (5, 2));
    assert_eq!(long("TotalInputBytes"), long("ProcessedInputBytes"));
    assert_eq!((long("MaxWriteRequestUnits"), text(&seen, "PerformanceTier")), (1024, "STANDARD"));
    let usage = at(&seen, "BulkOperationUsage.0");
    assert_eq!(at(usage, "BulkPutBytes").as_i64(), Some(13), "8 in the table, 5 in the index");
    assert_eq!(at(usage, "Table.BulkPutBytes").as_i64(), Some(8));
    assert_eq!(at(usage, "GlobalSecondaryIndexes.index.BulkPutBytes").as_i64(), Some(5));
    assert_eq!(items(&cloud, "table").await, ["new2", "there1"]);

    let id = arn.rsplit('/').next().unwrap();
    let manifest = read_json(&cloud, &format!("out/AWSDynamoDB/{id}/manifest.json")).await;
    assert_eq!(manifest["conditionCheckFailureCount"], 2);
    let files = manifest["files"].as_array().unwrap();
    let kinds: Vec<_> = files.iter().map(|f| (&f["outputType"], &f["itemCount"])).collect();
    assert_eq!(json!(kinds), json!([["ERROR", 2], ["CONDITION_CHECK_FAILURE", 2]]));
    let report = async |i: usize| -> Vec<Json> {
        let lines = self::lines(&cloud, files[i]["s3Key"].as_str().unwrap()).await;
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let errors = report(0).await;
    assert_eq!((&errors[0]["S3Key"], &errors[0]["Record"]), (&json!("in/1"), &json!(lines[3])));
    let message = "One or more parameter values were invalid: Missing the key pk in the item";
    assert_eq!(errors[0]["ErrorMessage"], message);
    assert_eq!(errors[1]["Record"], lines[4]);
    let unmet = report(1).await;
    assert_eq!(unmet[0]["ExistingItem"], json!({"pk": {"S": "there"}, "n": {"N": "1"}}));
    assert_eq!(unmet[1], json!({"Item": {"pk": {"S": "more"}}}));
}

#[tokio::test]
async fn a_bulk_put_takes_ion_and_conditions_do_not_count_as_errors() {
    let cloud = cloud().await;
    put(&cloud, "there", 1).await;
    let records = "$ion_1_0 {Item:{pk:\"there\"},ConditionExpression:\"n > :n\",ExpressionAttributeValues:{':n':5.}}\n\
                   $ion_1_0 {Item:{pk:\"new\",n:7.}}";
    upload(&cloud, "in/1", records).await;
    let input = value!({"S3Bucket": "bucket", "S3KeyPrefix": "in/", "InputFormat": "ION"});
    let arn = begin_bulk(&cloud, vec![("InputS3Configuration", input)]).await;
    cloud.settle().await;
    assert_eq!(text(&describe_bulk(&cloud, &arn).await, "BulkOperationStatus"), "COMPLETED");
    assert_eq!(items(&cloud, "table").await, ["new7", "there1"]);
}

#[tokio::test]
async fn a_bulk_put_can_be_cancelled_while_it_goes_on() {
    let cloud = cloud().await;
    upload(&cloud, "in/1", r#"{"Item":{"pk":{"S":"a"}}}"#).await;
    let arn = begin_bulk(&cloud, vec![]).await;
    let asked = || value!({"BulkOperationArn": (arn.as_str())});
    let answer = cloud.call("dynamodb.CancelBulkOperation", asked()).await;
    assert_eq!(text(&answer, "BulkOperationStatus"), "CANCELLING");
    assert_eq!(text(&describe_bulk(&cloud, &arn).await, "BulkOperationStatus"), "CANCELLING");
    cloud.settle().await;
    let seen = describe_bulk(&cloud, &arn).await;
    assert_eq!(
        (text(&seen, "BulkOperationStatus"), text(&seen, "FailureCode")),
        ("CANCELLED", "Cancelled")
    );
    assert!(seen.get("EndTime").is_some());
    assert!(items(&cloud, "table").await.is_empty());
    let error = cloud.fail("dynamodb.CancelBulkOperation", asked()).await;
    assert_eq!(error.code(), "ValidationException");
    let unknown = value!({"BulkOperationArn": (format!("{TABLE}/bulk-operation/1"))});
    let error = cloud.fail("dynamodb.CancelBulkOperation", unknown).await;
    assert_eq!(error.code(), "ResourceNotFoundException");
}

#[tokio::test]
async fn bulk_operations_are_listed_and_known_by_their_tokens() {
    let cloud = cloud().await;
    let token = || vec![("ClientToken", "t".into())];
    let first = begin_bulk(&cloud, token()).await;
    assert_eq!(begin_bulk(&cloud, token()).await, first);
    let other = vec![("ClientToken", "t".into()), ("PerformanceTier", "ACCELERATED".into())];
    let error = cloud.fail("dynamodb.StartBulkPutItems", bulk_input(other)).await;
    assert_eq!(error.code(), "IdempotentParameterMismatchException");
    cloud.advance(HOUR).await;
    let second = begin_bulk(&cloud, vec![]).await;
    let page = cloud.call("dynamodb.ListBulkOperations", value!({"MaxResults": 1})).await;
    assert_eq!(text(&page, "BulkOperationsSummaryList.0.BulkOperationArn"), second);
    let next = text(&page, "NextToken");
    assert!(next.len().is_multiple_of(16) && next.bytes().all(|b| b.is_ascii_hexdigit()), "{next}");
    let page = cloud.call("dynamodb.ListBulkOperations", value!({"NextToken": next})).await;
    assert_eq!(text(&page, "BulkOperationsSummaryList.0.BulkOperationArn"), first);
    assert_eq!(page.get("NextToken"), None);
}

#[tokio::test]
async fn a_bulk_put_whose_table_or_bucket_goes_fails() {
    let cloud = cloud().await;
    upload(&cloud, "in/1", r#"{"Item":{"pk":{"S":"a"}}}"#).await;
    let input = value!({"S3Bucket": "absent", "InputFormat": "DYNAMODB_JSON"});
    let lost = begin_bulk(&cloud, vec![("InputS3Configuration", input)]).await;
    let arn = begin_bulk(&cloud, vec![]).await;
    cloud.call("dynamodb.DeleteTable", value!({"TableName": "table"})).await;
    cloud.settle().await;
    let code = async |arn: &str| {
        let seen = describe_bulk(&cloud, arn).await;
        assert_eq!(text(&seen, "BulkOperationStatus"), "FAILED");
        text(&seen, "FailureCode").to_owned()
    };
    assert_eq!(code(&lost).await, "S3NoSuchBucket");
    assert_eq!(code(&arn).await, "ResourceNotFoundException");
    let error = cloud.fail("dynamodb.StartBulkPutItems", bulk_input(vec![])).await;
    assert_eq!(error.code(), "ResourceNotFoundException");
}

#[tokio::test]
async fn a_global_table_gets_no_items_in_bulk() {
    let cloud = cloud().await;
    let join = || {
        let create = value!([{"Create": {"RegionName": "eu-west-1"}}]);
        value!({"TableName": "table", "ReplicaUpdates": create})
    };
    begin_bulk(&cloud, vec![]).await;
    let error = cloud.fail("dynamodb.UpdateTable", join()).await;
    assert_eq!(error.code(), "ResourceInUseException");
    cloud.settle().await;
    cloud.call("dynamodb.UpdateTable", join()).await;
    let error = cloud.fail("dynamodb.StartBulkPutItems", bulk_input(vec![])).await;
    assert_eq!(error.code(), "ValidationException");
}

#[tokio::test]
async fn work_goes_on_in_a_copy_of_the_world() {
    let cloud = cloud().await;
    upload(&cloud, "in/1", r#"{"Item":{"pk":{"S":"a"}}}"#).await;
    let arn = begin_bulk(&cloud, vec![]).await;
    let copy = cloud.fork();
    copy.settle().await;
    assert_eq!(text(&describe_bulk(&copy, &arn).await, "BulkOperationStatus"), "COMPLETED");
    assert_eq!(text(&describe_bulk(&cloud, &arn).await, "BulkOperationStatus"), "IN_PROGRESS");
    assert_eq!(items(&copy, "table").await, ["a"]);
}
