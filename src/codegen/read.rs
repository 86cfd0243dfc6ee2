//! From `model.json` to [`Model`]: botocore's form, with every reference resolved to an index and
//! every trait that a reference inherits from its shape put on the reference.

use std::collections::HashMap;

use crate::Error;
use crate::json::Json;
use crate::model::{
    Kind, Location, Member, Metadata, Model, OperationModel, Protocol, Shape, ShapeId,
    TimestampFormat,
};

/// Reads a model as `scripts/models` writes it.
pub(crate) fn model(text: &str) -> Result<Model, Error> {
    let json = Json::parse(text)?;
    let part = |name: &str| json.get(name).ok_or_else(|| format!("the model has no {name}"));
    let shapes = Shapes::new(part("shapes")?);
    let mut model = Model::default();
    model.metadata = metadata(part("metadata")?)?;
    for (name, operation) in part("operations")?.entries() {
        model.operations.push(shapes.operation(name, operation)?);
    }
    model.operations.sort_by_key(|operation| operation.name);
    for (name, shape) in shapes.json.entries() {
        let read = shapes.shape(name, shape).map_err(|e| format!("shape {name}: {e}"))?;
        model.shapes.push(read);
    }
    Ok(model)
}

/// Texts of the model live as long as the build script does, which is not long.
fn keep(text: &str) -> &'static str {
    Box::leak(text.into())
}

fn text(json: &Json, name: &str) -> &'static str {
    json.text(name).map_or("", keep)
}

fn metadata(json: &Json) -> Result<Metadata, Error> {
    let mut protocols = Vec::new();
    for protocol in json.items("protocols") {
        let Json::Text(name) = protocol else { return Err("a protocol that is no text".into()) };
        protocols.push(Protocol::parse(name).ok_or_else(|| format!("unknown protocol {name}"))?);
    }
    let endpoint_prefix = text(json, "endpointPrefix");
    Ok(Metadata {
        api_version: text(json, "apiVersion"),
        service_id: text(json, "serviceId"),
        endpoint_prefix,
        signing_name: json.text("signingName").map_or(endpoint_prefix, keep),
        target_prefix: text(json, "targetPrefix"),
        json_version: text(json, "jsonVersion"),
        xml_namespace: namespace(json).0,
        protocols,
        query_compatible: json.get("awsQueryCompatible").is_some(),
    })
}

/// URI and prefix of an `xmlNamespace`, which is a text or an object.
fn namespace(json: &Json) -> (&'static str, &'static str) {
    match json.get("xmlNamespace") {
        Some(Json::Text(uri)) => (keep(uri), ""),
        Some(object) => (text(object, "uri"), text(object, "prefix")),
        None => ("", ""),
    }
}

fn timestamp(json: &Json) -> TimestampFormat {
    match json.text("timestampFormat") {
        Some("iso8601") => TimestampFormat::Iso8601,
        Some("rfc822") => TimestampFormat::Rfc822,
        Some("unixTimestamp") => TimestampFormat::Unix,
        _ => TimestampFormat::Unspecified,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an HTTP status")]
fn status(json: &Json, name: &str) -> u16 {
    json.number(name).map_or(0, |n| n as u16)
}

#[expect(clippy::cast_possible_truncation, reason = "rounded outwards; bounds are small numbers")]
fn bounds(json: &Json) -> (Option<i64>, Option<i64>) {
    let min = json.number("min").map(|n| n.floor() as i64);
    (min, json.number("max").map(|n| n.ceil() as i64))
}

struct Shapes<'a> {
    json: &'a Json,
    ids: HashMap<&'a str, ShapeId>,
}

impl<'a> Shapes<'a> {
    fn new(json: &'a Json) -> Self {
        let names = json.entries().iter().enumerate();
        Self { json, ids: names.map(|(id, (name, _))| (name.as_str(), id)).collect() }
    }

    /// The shape that a reference names.
    fn resolve(&self, reference: &Json) -> Result<(ShapeId, &'a Json), Error> {
        let name = reference.text("shape").ok_or("a reference without a shape")?;
        let id = *self.ids.get(name).ok_or_else(|| format!("no shape {name}"))?;
        let (_, shape) = self.json.entries().get(id).ok_or("an index out of bounds")?;
        Ok((id, shape))
    }

    fn operation(&self, name: &str, json: &Json) -> Result<OperationModel, Error> {
        let id = |side: &str| json.get(side).map(|r| self.resolve(r).map(|(id, _)| id)).transpose();
        let absent = Json::Null;
        let http = json.get("http").unwrap_or(&absent);
        let input = json.get("input").unwrap_or(&absent);
        let errors = json.items("errors").iter().map(|r| self.resolve(r).map(|(id, _)| id));
        let status = Some(status(http, "responseCode")).filter(|status| *status != 200);
        let checksum = json.get("httpChecksum").is_some_and(|c| c.flag("requestChecksumRequired"));
        Ok(OperationModel {
            name: keep(name),
            method: text(http, "method"),
            uri: text(http, "requestUri"),
            status: status.unwrap_or_default(),
            input: id("input")?,
            output: id("output")?,
            result_wrapper: json.get("output").map_or("", |o| text(o, "resultWrapper")),
            input_element: text(input, "locationName"),
            input_namespace: namespace(input).0,
            errors: errors.collect::<Result<_, _>>()?,
            checksum_required: checksum || json.flag("httpChecksumRequired"),
        })
    }

    fn shape(&self, name: &str, json: &Json) -> Result<Shape, Error> {
        let required: Vec<&Json> = json.items("required").iter().collect();
        let mut members = Vec::new();
        for (name, reference) in json.get("members").map_or(&[][..], Json::entries) {
            let mut member = self.member(name, reference)?;
            member.required = required.iter().any(|r| matches!(r, Json::Text(t) if t == name));
            members.push(member);
        }
        let part = |key: &str| json.get(key).map(|r| self.member("", r).map(Box::new)).transpose();
        let absent = Json::Null;
        let error = json.get("error").unwrap_or(&absent);
        let payload = json.text("payload");
        let (min, max) = bounds(json);
        let error_status = status(error, "httpStatusCode");
        Ok(Shape {
            name: keep(name),
            kind: kind(json)?,
            payload: payload.and_then(|name| members.iter().position(|m| m.name == name)),
            members,
            key: part("key")?,
            value: part("value").transpose().or_else(|| part("member").transpose()).transpose()?,
            flattened: json.flag("flattened"),
            sparse: json.flag("sparse"),
            own: false,
            event_stream: json.flag("eventstream"),
            error: json.flag("exception"),
            error_code: error.text("code").filter(|code| *code != name).map_or("", keep),
            error_status,
            error_fault: json.flag("fault"),
            timestamp: timestamp(json),
            wire: text(json, "locationName"),
            min,
            max,
            pattern: text(json, "pattern"),
            values: json.items("enum").iter().filter_map(text_of).collect(),
            streaming: json.flag("streaming"),
            xml_namespace: namespace(json).0,
        })
    }

    fn member(&self, name: &str, json: &Json) -> Result<Member, Error> {
        let (id, shape) = self.resolve(json).map_err(|e| format!("{name}: {e}"))?;
        let wire = json.text("locationName").or(shape.text("locationName"));
        let namespaced = if json.get("xmlNamespace").is_some() { json } else { shape };
        let (xml_namespace, xml_prefix) = namespace(namespaced);
        Ok(Member {
            name: keep(name),
            shape: id,
            location: location(json.text("location"))?,
            wire: wire.filter(|wire| *wire != name).map_or("", keep),
            query: text(json, "queryName"),
            required: false,
            flattened: json.flag("flattened"),
            xml_attribute: json.flag("xmlAttribute"),
            xml_namespace,
            xml_prefix,
            timestamp: timestamp(json),
            streaming: ["streaming", "eventstream"].iter().any(|t| json.flag(t) || shape.flag(t)),
            json_value: json.flag("jsonvalue"),
            event_payload: json.flag("eventpayload"),
            event_header: json.flag("eventheader"),
            idempotency_token: json.flag("idempotencyToken"),
        })
    }
}

fn text_of(json: &Json) -> Option<&'static str> {
    if let Json::Text(text) = json { Some(keep(text)) } else { None }
}

fn kind(json: &Json) -> Result<Kind, Error> {
    Ok(match json.text("type").unwrap_or_default() {
        "structure" if json.flag("document") => Kind::Document,
        "structure" if json.flag("union") || json.flag("eventstream") => Kind::Union,
        "structure" => Kind::Structure,
        "list" => Kind::List,
        "map" => Kind::Map,
        "string" | "character" => Kind::String,
        "boolean" => Kind::Boolean,
        "integer" | "short" | "byte" => Kind::Integer,
        "long" | "bigInteger" => Kind::Long,
        "float" => Kind::Float,
        "double" | "bigDecimal" => Kind::Double,
        "blob" => Kind::Blob,
        "timestamp" => Kind::Timestamp,
        other => return Err(format!("unknown type {other:?}").into()),
    })
}

fn location(name: Option<&str>) -> Result<Location, Error> {
    Ok(match name {
        None => Location::Body,
        Some("header") => Location::Header,
        Some("headers") => Location::Headers,
        Some("uri") => Location::Uri,
        Some("querystring") => Location::Query,
        Some("statusCode") => Location::StatusCode,
        Some(other) => return Err(format!("unknown location {other}").into()),
    })
}
