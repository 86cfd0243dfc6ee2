//! What is told of events: the records of notifications and the details of EventBridge's events,
//! as AWS's documentation and what was recorded from AWS have them.

use serde_json::{Map, Value, json};

use crate::bucket::{arn, canonical_id};
use crate::events::Event;
use crate::listing::Encoding;
use crate::state::Bucket;

/// What a queue, topic or function gets.
pub(crate) fn record(event: &Event, number: u64, id: &str) -> Value {
    let bucket = &event.bucket;
    let mut record = json!({
        "eventVersion": event.kind.version,
        "eventSource": "aws:s3",
        "awsRegion": bucket.region.as_str(),
        "eventTime": event.at.iso8601_millis(),
        "eventName": event.kind.name,
        "userIdentity": {"principalId": principal(event)},
        "requestParameters": {"sourceIPAddress": event.address},
        "responseElements": answered(&event.request_id),
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": id,
            "bucket": {
                "name": &*bucket.name,
                "ownerIdentity": {"principalId": customer(bucket)},
                "arn": arn(bucket),
            },
            "object": object(event, number, ["eTag", "versionId"], &url_encoded(&event.key)),
        },
    });
    if let Some((name, data)) = more(event) {
        put(&mut record, name, data);
    }
    json!({"Records": [record]})
}

/// What EventBridge gets as detail.
pub(crate) fn detail(event: &Event, number: u64) -> Value {
    let mut detail = json!({
        "version": "0",
        "bucket": {"name": &*event.bucket.name},
        "object": object(event, number, ["etag", "version-id"], &event.key),
        "request-id": event.request_id,
        "requester": event.requester,
    });
    let class_member = if event.kind.name.starts_with("ObjectRestore") {
        "source-storage-class"
    } else {
        "destination-storage-class"
    };
    let subject = &event.subject;
    for (name, value) in [
        // Nobody asks for the end of a restoration.
        ("source-ip-address", subject.until.is_none().then(|| event.address.clone())),
        ("reason", event.kind.reason.map(str::to_owned)),
        ("deletion-type", event.kind.deletion.map(str::to_owned)),
        (class_member, subject.storage_class.clone()),
        ("restore-expiry-time", subject.until.map(cumulet_core::Timestamp::iso8601)),
    ] {
        if let Some(value) = value {
            put(&mut detail, name, value.into());
        }
    }
    detail
}

/// The message that S3 sends to see whether a target can be reached.
pub(crate) fn test_event(cx: &cumulet_core::Cx, bucket: &Bucket) -> Value {
    json!({
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": cx.now().iso8601_millis(),
        "Bucket": &*bucket.name,
        "RequestId": cx.request_id(),
        "HostId": host_id(cx.request_id()),
    })
}

fn object(event: &Event, number: u64, [etag, version_id]: [&str; 2], key: &str) -> Value {
    let (subject, mut object) = (&event.subject, Map::new());
    object.insert("key".into(), key.into());
    let told = event.kind.version == "2.1";
    if let Some(size) = subject.size.filter(|_| told || event.kind.name.starts_with("Lifecycle")) {
        object.insert("size".into(), size.into());
    }
    if let Some(tag) = subject.etag {
        object.insert(etag.into(), tag.to_string().into());
    }
    if let Some(id) = &subject.version_id {
        object.insert(version_id.into(), id.as_str().into());
    }
    // EventBridge is not told the number of a restoration, others are.
    let numbered = etag == "eTag" || !event.kind.detail_type.starts_with("Object Restore");
    if told && numbered || event.kind.deletion.is_some() {
        object.insert("sequencer".into(), format!("{number:018X}").into());
    }
    Value::Object(object)
}

/// The part of a record that only some kinds have.
fn more(event: &Event) -> Option<(&'static str, Value)> {
    let class = event.subject.storage_class.as_deref()?;
    if event.kind.name == "LifecycleTransition" {
        let data = json!({"transitionEventData": {"destinationStorageClass": class}});
        return Some(("lifecycleEventData", data));
    }
    let until = event.subject.until?.iso8601_millis();
    let data = json!({
        "lifecycleRestorationExpiryTime": until,
        "lifecycleRestoreStorageClass": class,
    });
    Some(("glacierEventData", json!({"restoreEventData": data})))
}

fn put(record: &mut Value, name: &str, value: Value) {
    if let Some(record) = record.as_object_mut() {
        record.insert(name.to_owned(), value);
    }
}

fn answered(request_id: &str) -> Value {
    json!({"x-amz-request-id": request_id, "x-amz-id-2": host_id(request_id)})
}

fn host_id(request_id: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(request_id.repeat(2))
}

/// Who did it: an account's principal, a service, nobody known.
fn principal(event: &Event) -> String {
    if event.subject.until.is_some() {
        // The end of a restoration is S3's own doing, on the owner's behalf.
        format!("AmazonCustomer:{}", customer(&event.bucket))
    } else if event.requester.bytes().all(|b| b.is_ascii_digit()) {
        format!("AWS:{}", event.requester)
    } else {
        event.requester.clone()
    }
}

/// An Amazon customer id, in the form that owners of buckets have in events.
fn customer(bucket: &Bucket) -> String {
    let id = canonical_id(bucket.owner).to_uppercase();
    format!("A{}", id.get(..13).unwrap_or_default())
}

fn url_encoded(key: &str) -> String {
    Encoding::path(key).replace("%20", "+")
}
