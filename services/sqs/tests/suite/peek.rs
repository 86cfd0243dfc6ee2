//! `/_aws/sqs/messages`.

use cumulet_core::Body;

use super::*;

/// What a `GET` of a path is answered: status and body.
async fn get(cloud: &TestCloud, path: &str) -> (u16, String) {
    let accept = ("accept", "application/json");
    let request = http::Request::get(path).header(accept.0, accept.1).body(Body::empty()).unwrap();
    let (parts, body) = request.into_parts();
    let service = cloud.cloud().service("sqs").unwrap();
    let mut routes = service.description().routes.iter();
    let route = routes.find(|route| (route.matches)(&parts)).expect("a route");
    let request = http::Request::from_parts(parts, body);
    let answer = (route.answer)(service.state().clone(), cloud.cx(), request).await;
    let (parts, mut body) = answer.into_parts();
    let body = body.collect(100_000, || panic!("too long")).await.unwrap();
    (parts.status.as_u16(), String::from_utf8(body.to_vec()).unwrap())
}

const HERE: &str = "/_aws/sqs/messages/us-east-1/000000000000/q";

#[tokio::test]
async fn messages_are_shown_and_not_received() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    send(&cloud, &url, "one").await;
    for path in [HERE, "/_aws/sqs/messages?QueueUrl=http%3A%2F%2Fany%2F000000000000%2Fq"] {
        let (status, body) = get(&cloud, path).await;
        assert_eq!(status, 200);
        assert!(body.contains(r#""Body":"one""#), "{body}");
        assert!(body.contains(r#"{"Name":"ApproximateReceiveCount","Value":"0"}"#), "{body}");
    }
    assert_eq!(bodies(&cloud, &url).await, ["one"]);
}

#[tokio::test]
async fn hidden_messages_are_shown_if_asked_for() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    send(&cloud, &url, "flying").await;
    receive(&cloud, &url).await;
    let late = value!({"QueueUrl": (url.as_str()), "MessageBody": "late", "DelaySeconds": 9});
    cloud.call("sqs.SendMessage", late).await;
    for (flags, flying, delayed) in [
        ("", false, false),
        ("?ShowInvisible=True", true, false),
        ("?ShowDelayed=true&ShowInvisible=1", true, true),
    ] {
        let (_, body) = get(&cloud, &format!("{HERE}{flags}")).await;
        assert_eq!((body.contains("flying"), body.contains("late")), (flying, delayed), "{body}");
    }
}

#[tokio::test]
async fn what_is_no_queue_is_told_so() {
    let cloud = cloud();
    let (status, body) = get(&cloud, HERE).await;
    assert_eq!(status, 400);
    assert!(body.contains("AWS.SimpleQueueService.NonExistentQueue"), "{body}");
    let (status, body) = get(&cloud, "/_aws/sqs/messages?QueueUrl=http://localhost/nonsense").await;
    assert_eq!(status, 404);
    assert!(body.contains("InvalidAddress"), "{body}");
}
