//! `POST /_cumulet/aws`: an operation in the words of the AWS CLI, for `awslocal` in images that have no
//! Python. The models say how the words are meant. Not here: files, and `aws s3`, which are the client's.

mod words;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_core::{AwsError, Cloud, Cx, Origin, Region, Value};
use serde_json::{Map, Value as Json, json};

/// What the client sends: `{"words": ["sqs", "list-queues"], "region": "us-east-1", "endpoint": "http://…"}`;
/// and what it gets: `output`, or `error`, or `usage` where the words make no sense.
pub(crate) async fn run(cloud: &Arc<Cloud>, request: &[u8]) -> Json {
    let request: Json = serde_json::from_slice(request).unwrap_or_default();
    let text = |name: &str| request.get(name).and_then(Json::as_str).unwrap_or_default();
    let words: Vec<_> =
        request.get("words").and_then(Json::as_array).into_iter().flatten().collect();
    let words: Vec<_> = words.into_iter().filter_map(Json::as_str).collect();
    let [service, operation, arguments @ ..] = words.as_slice() else {
        return json!({"usage": "awslocal SERVICE OPERATION [--parameter VALUE]..."});
    };
    let mut origin = Origin::local();
    origin.region = Region::parse(text("region")).unwrap_or(origin.region);
    if !text("endpoint").is_empty() {
        origin.endpoint = text("endpoint").into();
    }
    let cx = Cx::new(cloud, cloud.world(), origin);
    match call(cloud, &cx, service, operation, arguments).await {
        Ok(Answer::Output(output)) => json!({"output": shown(&output)}),
        Ok(Answer::Usage(usage)) => json!({"usage": usage}),
        Err((operation, error)) => json!({"error": {
            "code": error.code(), "message": error.message(), "operation": operation,
        }}),
    }
}

enum Answer {
    Output(Value),
    Usage(String),
}

/// Names of the AWS CLI that are not the service's own.
const ALIASES: [(&str, &str); 2] = [("s3api", "s3"), ("configservice", "config")];

async fn call(
    cloud: &Arc<Cloud>,
    cx: &Cx,
    name: &str,
    operation: &str,
    arguments: &[&str],
) -> Result<Answer, (String, AwsError)> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    let name = alias.map_or(name, |(_, service)| service);
    let Some(service) = cloud.service(name) else {
        let all: Vec<_> = cloud.services().map(|service| service.name()).collect();
        return Ok(Answer::Usage(format!("no service {name} here; there is {}", all.join(", "))));
    };
    let model = service.model();
    let Some(found) = model.operations.iter().find(|o| words::same(o.name, operation)) else {
        return Ok(Answer::Usage(format!("{name} has no operation {operation}")));
    };
    let input = match words::input(model, found, arguments) {
        Ok(input) => input,
        Err(usage) => return Ok(Answer::Usage(usage)),
    };
    let output = cx.call(name, found.name, input).await;
    log::info!("AWS {name}.{} (awslocal)", found.name);
    output.map(Answer::Output).map_err(|error| (found.name.to_owned(), error))
}

/// As the AWS CLI prints it.
fn shown(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(it) => (*it).into(),
        Value::Integer(it) => (*it).into(),
        Value::Float(it) => (*it).into(),
        Value::String(it) => it.as_str().into(),
        Value::Blob(bytes) => STANDARD.encode(bytes).into(),
        Value::Timestamp(at) => at.iso8601_millis().into(),
        Value::List(items) => items.iter().map(shown).collect(),
        Value::Map(entries) => {
            let set = entries.iter().filter(|(_, value)| *value != Value::Null);
            set.map(|(name, value)| (name.clone(), shown(value))).collect::<Map<_, _>>().into()
        }
    }
}

#[cfg(test)]
mod tests;
