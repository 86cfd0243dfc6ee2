//! The other side of a differential test: one JSON command per line on stdin, one JSON answer per
//! line on stdout. A development tool, not part of what ships.
//!
//! ```text
//! {"op": "parse", "model": PATH, "protocol": NAME|null, "method": …, "url": "/path?query",
//!  "headers": [[NAME, VALUE]…], "body_b64": …}
//!     -> {"protocol": NAME, "operation": NAME, "params": VALUE} | {"error": {"code", "message"}}
//! {"op": "write", "model": PATH, "operation": NAME, "protocol": NAME, "output": VALUE,
//!  "body_b64"?: the byte stream beside the output}
//! {"op": "write", …, "error": {"code", "message", "status"?, "members"?: VALUE}, "bare"?: true}
//!     -> {"status", "headers": [[NAME, VALUE]…], "body_b64"}
//! {"op": "event", "model": PATH, "operation": NAME, "protocol": NAME, "output": VALUE of the union}
//! {"op": "exception", "model": PATH, "protocol": NAME, "error": as for write}
//!     -> {"body_b64": one message of the event stream}
//! {"op": "validate", "model": PATH, "operation": NAME, "params": VALUE}
//!     -> {"violations": [MESSAGE…]}
//! ```
//!
//! A VALUE is JSON, with structures as objects of the model's member names, and `{"$blob": base64}`,
//! `{"$time": milliseconds}` and `{"$float": "NaN" | "Infinity" | "-Infinity"}` for what JSON has
//! not. `model` is a `model.json`. With `"protocol": null` the protocol is detected.

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use cumulet_core::model::Kind;
use cumulet_core::{AwsError, Body, Decode, Model, Protocol, Schema, Timestamp, Value};
use serde_json::{Value as Json, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut models = HashMap::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let command: Json = serde_json::from_str(&line?)?;
        let answer = answer(&mut models, &command)
            .unwrap_or_else(|e| json!({"error": {"code": "", "message": e.to_string()}}));
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(models: &mut HashMap<String, &'static Model>, command: &Json) -> Outcome<Json> {
    let path = text(command, "model");
    let model = if let Some(model) = models.get(path) {
        *model
    } else {
        let packed = cumulet_codegen::pack(&std::fs::read_to_string(path)?)?;
        let model: &'static Model = Box::leak(Box::new(Model::unpack(packed.leak())));
        models.insert(path.to_owned(), model);
        model
    };
    match text(command, "op") {
        "parse" => parse(model, command),
        "write" => write(model, command),
        "event" => event(model, command),
        "exception" => {
            let error = error(model, command)?;
            let message = cumulet_protocol::encode_exception(protocol(command)?, model, &error);
            Ok(json!({"body_b64": BASE64_STANDARD.encode(message)}))
        }
        "validate" => validate(model, command),
        other => Err(format!("unknown op {other}").into()),
    }
}

fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn bytes(json: &Json, name: &str) -> Outcome<Bytes> {
    decode(text(json, name))
}

fn decode(base64: &str) -> Outcome<Bytes> {
    Ok(BASE64_STANDARD.decode(base64).map_err(|e| e.to_string())?.into())
}

fn protocol(command: &Json) -> Outcome<Protocol> {
    let name = text(command, "protocol");
    Protocol::parse(name).ok_or_else(|| format!("unknown protocol {name:?}").into())
}

fn fault(error: &AwsError) -> Json {
    json!({"error": {"code": error.code(), "message": error.message()}})
}

fn parse(model: &'static Model, command: &Json) -> Outcome<Json> {
    let mut request =
        http::Request::builder().method(text(command, "method")).uri(text(command, "url"));
    for header in command["headers"].as_array().into_iter().flatten() {
        let part = |i: usize| header.get(i).and_then(Json::as_str).unwrap_or_default();
        let bytes = part(1).chars().map(|c| u8::try_from(c).unwrap_or(b'?'));
        request = request.header(part(0), bytes.collect::<Vec<_>>());
    }
    let parts = request.body(())?.into_parts().0;
    let body = bytes(command, "body_b64")?;
    let protocol = match command.get("protocol") {
        None | Some(Json::Null) => cumulet_protocol::detect(model, &parts),
        Some(_) => protocol(command)?,
    };
    let matched = match cumulet_protocol::find_operation(protocol, model, &parts, &body) {
        Ok(matched) => matched,
        Err(error) => return Ok(fault(&error)),
    };
    let streams = cumulet_protocol::streams_input(model, matched.operation);
    let buffered = if streams { Bytes::new() } else { body.clone() };
    let read = cumulet_protocol::read_input(protocol, model, &matched, &parts, &buffered, |r| {
        Value::decode(r)
    });
    Ok(match read {
        Ok(params) => json!({
            "protocol": protocol.name(),
            "operation": model.operations.get(matched.operation).map(|o| o.name),
            "params": to_json(&params),
            "stream_b64": streams.then(|| BASE64_STANDARD.encode(&body)),
        }),
        Err(error) => {
            let answer = cumulet_protocol::malformed(protocol, &error);
            json!({"error": {"code": answer.code(), "message": error.message}})
        }
    })
}

fn write(model: &'static Model, command: &Json) -> Outcome<Json> {
    let protocol = protocol(command)?;
    let answer = if command.get("error").is_some() {
        let fault = error(model, command)?;
        let bare = command["bare"].as_bool().unwrap_or(false);
        cumulet_protocol::write_error(protocol, Some(model), &fault, "request-id", bare)
    } else {
        let name = text(command, "operation");
        let index = model.operation(name).ok_or_else(|| format!("no operation {name}"))?;
        let shape = model.operations.get(index).and_then(|o| o.output);
        let output = to_value(shape.map(|shape| Schema { model, shape }), &command["output"])?;
        let body = command.get("body_b64").map(|_| bytes(command, "body_b64")).transpose()?;
        cumulet_protocol::write_output(
            protocol,
            model,
            index,
            &output,
            body.map(Body::from),
            "request-id",
        )
    };
    let (parts, mut body) = answer.into_parts();
    let headers = parts.headers.iter().map(|(name, value)| {
        json!([name.as_str(), value.as_bytes().iter().map(|b| char::from(*b)).collect::<String>()])
    });
    Ok(json!({
        "status": parts.status.as_u16(),
        "headers": headers.collect::<Vec<_>>(),
        "body_b64": BASE64_STANDARD.encode(at_hand(&mut body)?),
    }))
}

/// The error that a command describes.
fn error(model: &'static Model, command: &Json) -> Outcome<AwsError> {
    let error = &command["error"];
    let status = error["status"].as_u64().and_then(|s| s.try_into().ok()).unwrap_or(400);
    let mut fault = AwsError::new(text(error, "code"), status, text(error, "message"));
    let found = model.shapes.iter().position(|s| s.error && s.name == text(error, "code"));
    if let (Some(shape), Some(members)) = (found, error.get("members"))
        && let Value::Map(members) = to_value(Some(Schema { model, shape }), members)?
    {
        for (name, value) in members {
            fault = fault.with(name, value);
        }
    }
    Ok(fault)
}

fn event(model: &'static Model, command: &Json) -> Outcome<Json> {
    let protocol = protocol(command)?;
    let index = model.operation(text(command, "operation")).ok_or("no such operation")?;
    let output = model.operations.get(index).and_then(|o| o.output).ok_or("no output")?;
    let mut members = model.shape(output).members.iter().map(|m| m.shape);
    let stream = members.find(|id| model.shape(*id).event_stream).ok_or("no event stream")?;
    let event = to_value(Some(Schema { model, shape: stream }), &command["output"])?;
    let message = cumulet_protocol::encode_event(protocol, model, stream, &event);
    Ok(json!({"body_b64": BASE64_STANDARD.encode(message)}))
}

fn validate(model: &'static Model, command: &Json) -> Outcome<Json> {
    let name = text(command, "operation");
    let index = model.operation(name).ok_or_else(|| format!("no operation {name}"))?;
    let shape = model.operations.get(index).and_then(|o| o.input);
    let params = to_value(shape.map(|shape| Schema { model, shape }), &command["params"])?;
    let found = cumulet_protocol::violations(model, name, &params);
    Ok(
        json!({"violations": found.iter().map(cumulet_protocol::Violation::message).collect::<Vec<_>>()}),
    )
}

/// A body that never waits.
fn at_hand(body: &mut Body) -> Outcome<Bytes> {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let too_large = || AwsError::new("TooLarge", 400, "");
    match std::pin::pin!(body.collect(usize::MAX, too_large)).poll(&mut cx) {
        std::task::Poll::Ready(bytes) => Ok(bytes?),
        std::task::Poll::Pending => Err("a body that is not at hand".into()),
    }
}

/// The value that `json` stands for at this place of the model; anywhere, without one.
fn to_value(schema: Option<Schema>, json: &Json) -> Outcome<Value> {
    let kind = schema.map(Schema::kind);
    let item = |name: &str| {
        let schema = schema?;
        let shape = schema.shape();
        match kind {
            Some(Kind::Structure | Kind::Union) => {
                shape.members.iter().find(|m| m.name == name).map(|m| schema.of(m))
            }
            _ => shape.value.as_ref().map(|m| schema.of(m)),
        }
    };
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Boolean(*b),
        Json::String(s) => Value::String(s.clone()),
        Json::Number(n) => match (n.as_i64(), kind) {
            (Some(n), None | Some(Kind::Integer | Kind::Long | Kind::Document)) => {
                Value::Integer(n)
            }
            _ => Value::Float(n.as_f64().ok_or("a number out of bounds")?),
        },
        Json::Array(items) => {
            let items = items.iter().map(|json| to_value(item(""), json));
            Value::List(items.collect::<Outcome<_>>()?)
        }
        Json::Object(entries) => match entries.iter().next() {
            Some((name, Json::String(text))) if name == "$blob" => Value::Blob(decode(text)?),
            Some((name, Json::Number(n))) if name == "$time" => {
                Value::Timestamp(Timestamp::from_millis(n.as_i64().ok_or("$time")?))
            }
            Some((name, Json::String(text))) if name == "$float" => Value::Float(text.parse()?),
            _ => {
                let entries = entries.iter();
                let entry = |(name, json): (&String, &Json)| -> Outcome<(String, Value)> {
                    Ok((name.clone(), to_value(item(name), json)?))
                };
                Value::Map(entries.map(entry).collect::<Outcome<_>>()?)
            }
        },
    })
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(b) => json!(b),
        Value::Integer(n) => json!(n),
        Value::Float(n) if n.is_nan() => json!({"$float": "NaN"}),
        Value::Float(n) if n.is_infinite() => {
            json!({"$float": if *n > 0.0 { "Infinity" } else { "-Infinity" }})
        }
        Value::Float(n) => json!(n),
        Value::String(s) => json!(s),
        Value::Blob(b) => json!({"$blob": BASE64_STANDARD.encode(b)}),
        Value::Timestamp(t) => json!({"$time": t.millis()}),
        Value::List(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|(k, v)| (k.clone(), to_json(v))).collect())
        }
    }
}
