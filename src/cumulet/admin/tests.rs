//! The pages and their shapes.

use bytes::Bytes;
use cumulet_core::AwsError;

use super::*;
use crate::testing::{cloud, config};

struct Pages {
    admin: Admin,
    stop: Stop,
}

fn pages(variables: &[(&str, &str)]) -> Pages {
    let stop = Stop::default();
    Pages { admin: Admin::new(cloud(), &config(variables), stop.clone(), Arc::default()), stop }
}

impl Pages {
    async fn call(&self, method: &str, path: &str, body: &'static str) -> (u16, Bytes) {
        let request = http::Request::builder().method(method).uri(path).body(()).unwrap();
        let mut answer = self.admin.answer(&request.into_parts().0, Body::from(body)).await;
        let too_large = || AwsError::new("", 413, "");
        let body = answer.body_mut().collect(1 << 20, too_large).await.unwrap();
        (answer.status().as_u16(), body)
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, "").await;
        assert_eq!(status, 200, "{path}");
        serde_json::from_slice(&body).unwrap()
    }
}

#[tokio::test]
async fn health_tells_the_services_and_what_was_put_there() {
    let pages = pages(&[]);
    assert_eq!(pages.get("/_localstack/health").await["services"]["sqs"], "available");
    pages.admin.cloud.service("sqs").unwrap().start();
    assert_eq!(pages.get("/_localstack/health").await["services"]["sqs"], "running");
    let put = r#"{"features:a": 1, "features:b": 2, "plain": []}"#;
    assert_eq!(pages.call("PUT", "/_localstack/health", put).await.0, 200);
    let health = pages.get("/_localstack/health").await;
    assert_eq!(health["features"], json!({"a": 1, "b": 2}));
    assert_eq!((&health["plain"], &health["version"]), (&json!([]), &json!(VERSION)));
    assert_eq!(pages.call("HEAD", "/_localstack/health", "").await.0, 200);
}

#[tokio::test]
async fn health_takes_actions() {
    let pages = pages(&[]);
    assert_eq!(pages.call("POST", "/_localstack/health", "").await.0, 400);
    assert_eq!(pages.call("POST", "/_localstack/health", "{").await.0, 400);
    assert_eq!(pages.call("POST", "/_localstack/health", r#"{"action":"x"}"#).await.0, 200);
    assert_eq!(pages.call("POST", "/_localstack/health", r#"{"action":"restart"}"#).await.0, 200);
    assert!(pages.stop.restarts());
    assert_eq!(pages.call("POST", "/_localstack/health", r#"{"action":"kill"}"#).await.0, 200);
    pages.stop.told().await;
    assert!(!pages.stop.restarts());
}

#[tokio::test]
async fn pages_for_scripts() {
    let pages = pages(&[]);
    pages.admin.hooks.run(Stage::Ready).await;
    let completed = json!({"BOOT": false, "START": false, "READY": true, "SHUTDOWN": false});
    assert_eq!(
        pages.get("/_localstack/init").await,
        json!({"completed": completed, "scripts": []})
    );
    assert_eq!(
        pages.get("/_localstack/init/Ready").await,
        json!({"completed": true, "scripts": []})
    );
    assert_eq!(pages.call("GET", "/_localstack/init/lunch", "").await.0, 404);
    let plugins = pages.get("/_localstack/plugins").await;
    assert_eq!(plugins["localstack.aws.provider"][1]["name"], "sqs:default");
    let info = pages.get("/_localstack/info").await;
    assert_eq!((&info["edition"], &info["uptime"]), (&json!("community"), &json!(0)));
    assert_eq!(pages.call("POST", "/_localstack/state/reset", "").await.0, 200);
}

#[tokio::test]
async fn some_pages_have_to_be_switched_on() {
    let closed = pages(&[]);
    for page in ["config", "diagnose", "usage", "none", ""] {
        assert_eq!(closed.call("GET", &format!("/_localstack/{page}"), "").await.0, 404, "{page}");
    }
    let open = pages(&[("DEBUG", "1"), ("ENABLE_CONFIG_UPDATES", "1")]);
    assert_eq!(open.get("/_localstack/diagnose").await["services"]["sqs"]["calls"], 0);
    assert!(open.get("/_localstack/usage").await["memory"]["rss"].is_u64());
    let change = r#"{"variable":"SOME_NUMBER","value":"1.5"}"#;
    let (status, body) = open.call("POST", "/_localstack/config", change).await;
    let changed: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, changed), (200, json!({"variable": "SOME_NUMBER", "value": 1.5})));
    assert_eq!(open.get("/_localstack/config").await["SOME_NUMBER"], 1.5);
    let odd = r#"{"variable":"a-b","value":"x"}"#;
    assert_eq!(open.call("POST", "/_localstack/config", odd).await.0, 400);
}
