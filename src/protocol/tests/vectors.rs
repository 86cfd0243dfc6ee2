//! AWS's own protocol test cases, read backwards: requests must be read to the parameters they were
//! made of, and results written to the responses that clients understand.
//!
//! The vectors are found by `CUMULET_VECTORS`, or as `../shared/protocol-vectors` beside the
//! workspace; without them the test says so and passes. Answers are compared as documents, not byte
//! by byte: JSON and CBOR values, XML trees without namespace declarations.

#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "where the vectors are")]
#![expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small numbers")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use cumulet_core::model::Kind;
use cumulet_core::{AwsError, Body, Decode, Empty, Model, Protocol, Schema, Timestamp, Value};
use http::Response;
use quick_xml::events::Event;
use serde_json::Value as Json;

#[path = "vectors/exclusions.rs"]
mod exclusions;

fn vectors() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/protocol-vectors");
    let path = std::env::var("CUMULET_VECTORS").map_or(beside, PathBuf::from);
    if !path.is_dir() {
        println!("SKIPPED: no protocol vectors at {}", path.display());
    }
    path.is_dir().then_some(path)
}

/// Runs `check` over every case of one direction.
fn run(direction: &str, check: fn(&Case<'_>) -> Result<(), String>) {
    let Some(path) = vectors() else { return };
    let (mut passed, mut excluded, mut failures) = (0, 0, Vec::new());
    let mut files: Vec<_> =
        path.join(direction).read_dir().unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let suites: Json = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        for suite in suites.as_array().unwrap() {
            for case in suite["cases"].as_array().unwrap() {
                let id = format!("{direction}/{name}/{}", case["id"].as_str().unwrap());
                let verdict = check(&Case::new(suite, case));
                let reason = exclusions::reason(&id);
                match (verdict, reason) {
                    (Ok(()), None) => passed += 1,
                    (Err(_), Some(_)) => excluded += 1,
                    (Ok(()), Some(_)) => failures.push(format!("{id}: excluded, but passes")),
                    (Err(why), None) => failures.push(format!("{id}: {why}")),
                }
            }
        }
    }
    println!("{direction}: {passed} passed, {excluded} excluded with a reason");
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

struct Case<'a> {
    model: &'static Model,
    protocol: Protocol,
    json: &'a Json,
}

impl<'a> Case<'a> {
    fn new(suite: &Json, json: &'a Json) -> Self {
        let given = &json["given"];
        let name = given["name"].as_str().unwrap();
        let model = serde_json::json!({
            "metadata": suite["metadata"], "operations": {name: given}, "shapes": suite["shapes"],
        });
        let packed = cumulet_codegen::pack(&model.to_string()).unwrap();
        let model: &'static Model = Box::leak(Box::new(Model::unpack(packed.leak())));
        Self { model, protocol: model.metadata.protocols[0], json }
    }

    fn given_error(&self) -> Option<Schema> {
        let shape = *self.model.operations[0].errors.first()?;
        self.json.get("error").map(|_| Schema { model: self.model, shape })
    }
}

/// A case's parameters as the value that they stand for.
fn value(schema: Schema, json: &Json) -> Value {
    let shape = schema.shape();
    let item = |json: &Json| value(schema.of(shape.value.as_ref().unwrap()), json);
    match (shape.kind, json) {
        (_, Json::Null) => Value::Null,
        (Kind::Structure | Kind::Union, Json::Object(members)) => {
            let member = |(name, json): (&String, &Json)| {
                let member = shape.members.iter().find(|m| m.name == name).unwrap();
                (name.clone(), value(schema.of(member), json))
            };
            Value::Map(members.iter().map(member).filter(|(_, v)| *v != Value::Null).collect())
        }
        (Kind::List, Json::Array(items)) => Value::List(items.iter().map(item).collect()),
        (Kind::Map, Json::Object(entries)) => {
            Value::Map(entries.iter().map(|(key, json)| (key.clone(), item(json))).collect())
        }
        (Kind::Blob, Json::String(text)) => Value::Blob(text.clone().into()),
        (Kind::Timestamp, json) => {
            let millis = json.as_f64().unwrap() * 1000.0;
            Value::Timestamp(Timestamp::from_millis(millis.round() as i64))
        }
        (Kind::Float | Kind::Double, Json::String(text)) => Value::Float(text.parse().unwrap()),
        (Kind::Float | Kind::Double, json) => Value::Float(json.as_f64().unwrap()),
        (_, json) => document(json),
    }
}

fn document(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Boolean(*b),
        Json::Number(n) => n.as_i64().map_or(Value::Float(n.as_f64().unwrap()), Value::Integer),
        Json::String(s) => Value::String(s.clone()),
        Json::Array(items) => Value::List(items.iter().map(document).collect()),
        Json::Object(entries) => {
            Value::Map(entries.iter().map(|(k, v)| (k.clone(), document(v))).collect())
        }
    }
}

/// Maps in the order of their keys, NaN equal to itself.
fn canonical(value: &Value) -> String {
    match value {
        Value::Map(entries) => {
            let sorted: BTreeMap<_, _> = entries.iter().map(|(k, v)| (k, canonical(v))).collect();
            format!("{sorted:?}")
        }
        Value::List(items) => format!("{:?}", items.iter().map(canonical).collect::<Vec<_>>()),
        other => format!("{other:?}"),
    }
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs {
        return Ok(());
    }
    Err(format!("{what}\n     ours: {ours:?}\n   theirs: {theirs:?}"))
}

fn is_cbor(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Cbor | Protocol::RpcV2Cbor)
}

/// A body as the vectors give it: text, or base64 of CBOR.
fn body(protocol: Protocol, json: &Json) -> Bytes {
    let text = json.as_str().unwrap_or_default();
    if is_cbor(protocol) {
        BASE64_STANDARD.decode(text).unwrap().into()
    } else {
        text.to_owned().into()
    }
}

#[test]
fn requests() {
    run("input", |case| {
        let serialized = &case.json["serialized"];
        let uri = serialized["uri"].as_str().unwrap();
        let method = serialized.get("method").map_or("POST", |m| m.as_str().unwrap());
        let mut request = http::Request::builder().method(method).uri(uri);
        for (name, text) in serialized["headers"].as_object().into_iter().flatten() {
            request = request.header(name, text.as_str().unwrap());
        }
        let parts = request.body(()).unwrap().into_parts().0;
        let body = body(case.protocol, &serialized["body"]);
        equal("protocol", &cumulet_protocol::detect(case.model, &parts), &case.protocol)?;
        let matched = cumulet_protocol::find_operation(case.protocol, case.model, &parts, &body)
            .map_err(|e| e.to_string())?;
        let ours =
            cumulet_protocol::read_input(case.protocol, case.model, &matched, &parts, &body, |r| {
                Value::decode(r)
            })
            .map_err(|e| e.message.clone())?;
        let theirs = match case.model.operations[0].input {
            Some(shape) => value(Schema { model: case.model, shape }, &case.json["params"]),
            None => Value::Map(Vec::new()),
        };
        equal("params", &canonical(&ours), &canonical(&theirs))
    });
}

#[test]
fn responses() {
    run("output", |case| {
        let theirs = &case.json["response"];
        let status = theirs["status_code"].as_u64().unwrap();
        let ours = match case.given_error() {
            Some(schema) => answer_error(case, schema, u16::try_from(status).unwrap()),
            None => answer(case),
        };
        equal("status", &u64::from(ours.status().as_u16()), &status)?;
        let (parts, mut ours) = ours.into_parts();
        for (name, text) in theirs["headers"].as_object().into_iter().flatten() {
            // The body's length is the server's matter.
            if name.eq_ignore_ascii_case("content-length") {
                continue;
            }
            let ours = parts.headers.get(name).map(|v| v.to_str().unwrap().to_owned());
            let ours = ours.unwrap_or_default();
            let media_type = |text: &str| text.split(';').next().unwrap().to_owned();
            if name.eq_ignore_ascii_case("content-type") {
                equal(name, &media_type(&ours), &media_type(text.as_str().unwrap()))?;
            } else {
                equal(name, &ours.as_str(), &text.as_str().unwrap())?;
            }
        }
        let ours = futures(ours.collect(usize::MAX, || unreachable!())).unwrap();
        equal_bodies(case, &ours, &body(case.protocol, &theirs["body"]))
    });
}

/// A body at hand never waits.
fn futures<T>(future: impl Future<Output = T>) -> T {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut cx) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("a body that is not at hand"),
    }
}

fn answer(case: &Case<'_>) -> Response<Body> {
    let write = |output: &dyn cumulet_core::Encode| {
        cumulet_protocol::write_output(case.protocol, case.model, 0, output, None, "requestid")
    };
    match case.model.operations[0].output {
        Some(shape) => write(&value(Schema { model: case.model, shape }, &case.json["result"])),
        None => write(&Empty {}),
    }
}

fn answer_error(case: &Case<'_>, schema: Schema, status: u16) -> Response<Body> {
    let message = case.json["errorMessage"].as_str().unwrap_or_default();
    let mut error = AwsError::new(schema.shape().name, status, message);
    if let Value::Map(members) = value(schema, &case.json["error"]) {
        for (name, value) in members.into_iter().filter(|(n, _)| !n.eq_ignore_ascii_case("message"))
        {
            error = error.with(name, value);
        }
    }
    cumulet_protocol::write_error(case.protocol, Some(case.model), &error, "foo-id", false)
}

fn equal_bodies(case: &Case<'_>, ours: &[u8], theirs: &[u8]) -> Result<(), String> {
    if ours == theirs {
        return Ok(());
    }
    if is_cbor(case.protocol) {
        return equal("CBOR", &cbor(ours), &cbor(theirs));
    }
    if theirs.trim_ascii_start().first() == Some(&b'<') {
        return equal("XML", &xml(ours), &xml(theirs));
    }
    let json = |body: &[u8]| -> Json {
        let empty = Json::Object(serde_json::Map::new());
        let mut json = if body.is_empty() { empty } else { serde_json::from_slice(body).unwrap() };
        // Where an error's name stands and how it is qualified is free.
        if let Some(json) = json.as_object_mut() {
            json.retain(|key, value| key != "__type" && !value.is_null());
        }
        json
    };
    if ours.first().is_some_and(|b| *b != b'{' && *b != b'"') {
        return equal("text", &String::from_utf8_lossy(ours), &String::from_utf8_lossy(theirs));
    }
    equal("JSON", &json(ours), &json(theirs))
}

/// A CBOR value with sorted maps, the shortest numbers and no tags' spelling.
fn cbor(body: &[u8]) -> String {
    fn show(value: &ciborium::Value) -> String {
        use ciborium::Value as Cbor;
        match value {
            Cbor::Map(entries) => {
                let key = |k: &Cbor| k.as_text().unwrap().to_owned();
                let kept = entries.iter().filter(|(k, v)| key(k) != "__type" && !v.is_null());
                format!("{:?}", kept.map(|(k, v)| (key(k), show(v))).collect::<BTreeMap<_, _>>())
            }
            Cbor::Array(items) => format!("{:?}", items.iter().map(show).collect::<Vec<_>>()),
            Cbor::Float(n) => format!("{n:?}"),
            Cbor::Integer(n) => format!("{:?}", i128::from(*n) as f64),
            Cbor::Tag(tag, value) => format!("{tag}({})", show(value)),
            other => format!("{other:?}"),
        }
    }
    if body.is_empty() { "{}".to_owned() } else { show(&ciborium::from_reader(body).unwrap()) }
}

#[derive(Debug, PartialEq)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    children: Vec<Self>,
}

/// The tree of an XML text, without what the vectors do not show or show in one of several right
/// ways: namespace declarations, request ids, `.000` in times.
fn xml(body: &[u8]) -> Option<Element> {
    let mut reader = quick_xml::Reader::from_str(std::str::from_utf8(body).unwrap());
    reader.config_mut().expand_empty_elements = true;
    let root = Element {
        name: String::new(),
        attributes: BTreeMap::new(),
        text: String::new(),
        children: Vec::new(),
    };
    let mut open = vec![root];
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                let attributes = start.attributes().map(Result::unwrap);
                let attributes = attributes.filter(|a| !a.key.0.starts_with("xmlns"));
                let text = |a: quick_xml::events::attributes::Attribute<'_>| {
                    let value = a.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap();
                    (a.key.0.to_owned(), value.into_owned())
                };
                open.push(Element {
                    name: start.local_name().as_ref().to_owned(),
                    attributes: attributes.map(text).collect(),
                    text: String::new(),
                    children: Vec::new(),
                });
            }
            Event::Text(text) => open.last_mut().unwrap().text.push_str(&text.xml10_content()),
            Event::CData(text) => open.last_mut().unwrap().text.push_str(&text.xml10_content()),
            Event::GeneralRef(entity) => {
                let c = entity.resolve_char_ref().unwrap().map(String::from);
                let text = c.unwrap_or_else(|| {
                    quick_xml::escape::resolve_predefined_entity(&entity).unwrap().to_owned()
                });
                open.last_mut().unwrap().text.push_str(&text);
            }
            Event::End(_) => {
                let mut done = open.pop().unwrap();
                if !done.children.is_empty()
                    || done.text.trim_matches([' ', '\n']).is_empty() && done.text.contains('\n')
                {
                    done.text.clear();
                }
                done.text = done.text.replace(".000Z", "Z");
                let ids = ["ResponseMetadata", "requestId", "RequestId", "RequestID"];
                if !ids.contains(&done.name.as_str()) {
                    open.last_mut().unwrap().children.push(done);
                }
            }
            Event::Eof => return open.pop().unwrap().children.pop(),
            _ => {}
        }
    }
}
