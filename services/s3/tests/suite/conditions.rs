//! Conditional reads and writes.

use std::time::Duration;

use cumulet_core::{Timestamp, Value};
use cumulet_testkit::TestCloud;

use crate::calls::{cloud, get, member, object, put};

#[tokio::test]
async fn a_read_has_conditions() {
    let cloud = cloud().await;
    let tag = put(&cloud, "k", "x").await;
    cloud.advance(Duration::from_hours(1)).await;
    let at =
        |hours: i64| Value::Timestamp(Timestamp::from_secs(TestCloud::START.secs() + hours * 3600));
    for (condition, value, failed) in [
        ("IfMatch", tag.as_str().into(), None),
        ("IfMatch", "\"other\"".into(), Some((412, "If-Match"))),
        ("IfNoneMatch", tag.as_str().into(), Some((304, ""))),
        ("IfNoneMatch", "*".into(), Some((304, ""))),
        ("IfModifiedSince", at(0), Some((304, ""))),
        ("IfModifiedSince", at(-1), None),
        ("IfModifiedSince", at(2), None),
        ("IfUnmodifiedSince", at(0), None),
        ("IfUnmodifiedSince", at(-1), Some((412, "If-Unmodified-Since"))),
    ] {
        let outcome = get(&cloud, "k", &[(condition, value)]).await;
        match (outcome, failed) {
            (Ok(_), None) => {}
            (Err(error), Some((status, name))) => {
                assert_eq!(error.status().as_u16(), status, "{condition}");
                assert_eq!(member(&error, "Condition").unwrap_or_default(), name);
                let shows_tag = error.headers().iter().any(|(n, v)| *n == "etag" && *v == tag);
                assert_eq!(shows_tag, status == 304);
            }
            (outcome, _) => panic!("{condition}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn a_write_may_ask_that_nothing_is_there() {
    let cloud = cloud().await;
    let create = || cloud.send("s3.PutObject", object("k", &[("IfNoneMatch", "*".into())]), "x");
    create().await.unwrap();
    let error = create().await.unwrap_err();
    assert_eq!(
        (error.code(), member(&error, "Condition")),
        ("PreconditionFailed", Some("If-None-Match"))
    );
    cloud.call("s3.DeleteObject", object("k", &[])).await;
    create().await.unwrap();
}

#[tokio::test]
async fn of_writers_that_ask_for_nothing_one_wins() {
    let cloud = cloud().await;
    let create = || cloud.send("s3.PutObject", object("k", &[("IfNoneMatch", "*".into())]), "x");
    let (a, b, c) = tokio::join!(create(), create(), create());
    assert_eq!([a, b, c].iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

#[tokio::test]
async fn a_write_may_ask_for_what_is_there() {
    let cloud = cloud().await;
    let replace = |tag: &str| {
        let input = object("k", &[("IfMatch", tag.into())]);
        cloud.send("s3.PutObject", input, "new")
    };
    let error = replace("\"x\"").await.unwrap_err();
    assert_eq!((error.code(), error.status().as_u16()), ("NoSuchKey", 404));
    let tag = put(&cloud, "k", "old").await;
    assert_eq!(replace("\"x\"").await.unwrap_err().code(), "PreconditionFailed");
    replace(&tag).await.unwrap();
    assert_eq!(replace("*").await.unwrap_err().code(), "NotImplemented");
}

#[tokio::test]
async fn a_deletion_may_ask_for_what_is_there() {
    let cloud = cloud().await;
    let tag = put(&cloud, "k", "x").await;
    let error = cloud.fail("s3.DeleteObject", object("k", &[("IfMatch", "\"x\"".into())])).await;
    assert_eq!(error.code(), "PreconditionFailed");
    cloud.call("s3.DeleteObject", object("k", &[("IfMatch", tag.into())])).await;
    assert_eq!(get(&cloud, "k", &[]).await.unwrap_err().code(), "NoSuchKey");
}
