//! Calls that most tests make.

use cumulet_core::{AwsError, Value};
use cumulet_store::Platform;
use cumulet_testkit::TestCloud;

/// A cloud with the bucket `b`.
pub(crate) async fn cloud() -> TestCloud {
    let cloud = TestCloud::new([cumulet_s3::service(&Platform::default())]);
    cloud.call("s3.CreateBucket", Value::map([("Bucket", "b".repeat(3).into())])).await;
    cloud
}

/// The members that name an object of the bucket, and more.
pub(crate) fn object(key: &str, more: &[(&str, Value)]) -> Value {
    let named = [("Bucket", "bbb".into()), ("Key", key.into())];
    Value::map(named.into_iter().chain(more.iter().cloned()))
}

/// Puts an object; its tag.
pub(crate) async fn put(cloud: &TestCloud, key: &str, body: &'static str) -> String {
    let (answer, _) = cloud.send("s3.PutObject", object(key, &[]), body).await.unwrap();
    cumulet_testkit::text(&answer, "ETag").to_owned()
}

/// An object's bytes, and what stands beside them.
pub(crate) async fn get(
    cloud: &TestCloud,
    key: &str,
    more: &[(&str, Value)],
) -> Result<(Value, String), AwsError> {
    let (answer, body) = cloud.send("s3.GetObject", object(key, more), "").await?;
    Ok((answer, String::from_utf8(body).unwrap()))
}

/// What an error says beside code and message.
pub(crate) fn member<'a>(error: &'a AwsError, name: &str) -> Option<&'a str> {
    error.members().iter().find(|(n, _)| n == name).and_then(|(_, value)| value.as_str())
}
