//! Answers of the query protocols for who accepts JSON rather than XML: the same elements, by their
//! names. AWS negotiates so for its query services; LocalStack has these very names.

use cumulet_core::model::{Kind, Model};
use cumulet_core::{AwsError, Body, Timestamp, Value};
use http::Response;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::request::Parts;

use crate::json::write::push_document;

/// Whether a request asks for JSON before anything else.
pub fn accepts_json(parts: &Parts) -> bool {
    let accept = parts.headers.get(ACCEPT).map_or(&b""[..], HeaderValue::as_bytes);
    accept.starts_with(b"application/json")
}

/// The answer with its XML turned into JSON; as it is, if it has none. Times are numbers there,
/// which only the service's model can tell from other text.
pub async fn in_json(answer: Response<Body>, model: &Model) -> Response<Body> {
    let (mut parts, mut body) = answer.into_parts();
    let is_xml =
        parts.headers.get(CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/xml"));
    if !is_xml {
        return Response::from_parts(parts, body);
    }
    let Ok(xml) = body.collect(usize::MAX, || AwsError::internal("endless XML")).await else {
        return Response::from_parts(parts, Body::empty());
    };
    let leaf = |name: &str, text: String| match Timestamp::parse_iso8601(&text) {
        Some(time) if is_time(model, name) => Value::Timestamp(time),
        _ => Value::String(text),
    };
    if let Some(json) = std::str::from_utf8(&xml).ok().and_then(|xml| document(xml, leaf)) {
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        parts.headers.remove(CONTENT_LENGTH);
        return Response::from_parts(parts, Body::from(json));
    }
    Response::from_parts(parts, Body::from(xml))
}

/// Whether a member of this name is a point in time.
fn is_time(model: &Model, name: &str) -> bool {
    let mut members = model.shapes.iter().flat_map(|shape| &shape.members);
    members.any(|m| m.wire_name() == name && model.shape(m.shape).kind == Kind::Timestamp)
}

/// An element that is being read: its name, its children, its text.
type Open<'a> = (&'a str, Vec<(String, Value)>, String);

/// An element with children is an object, of children with the same name a list; one without is
/// its text. Reads what we write ourselves, no other XML.
fn document(xml: &str, leaf: impl Fn(&str, String) -> Value) -> Option<Vec<u8>> {
    let mut open: Vec<Open<'_>> = vec![("", Vec::new(), String::new())];
    for piece in xml.split('<').skip(1) {
        let (tag, text) = piece.split_once('>')?;
        if !tag.starts_with(['?', '/']) {
            let name = tag.split([' ', '/']).next().unwrap_or(tag);
            open.push((name, Vec::new(), unescaped(text)?));
        }
        if tag.starts_with('/') || tag.ends_with('/') {
            let (name, children, text) = open.pop()?;
            let value = match (children.is_empty(), text.is_empty()) {
                (false, _) => Value::Map(children),
                (true, false) => leaf(name, text),
                (true, true) => Value::Null,
            };
            put(&mut open.last_mut()?.1, name, value);
        }
    }
    let mut out = Vec::new();
    push_document(&mut out, &Value::Map(open.pop()?.1));
    Some(out)
}

fn put(children: &mut Vec<(String, Value)>, name: &str, value: Value) {
    match children.iter_mut().find(|(there, _)| there == name) {
        None => children.push((name.to_owned(), value)),
        Some((_, Value::List(many))) => many.push(value),
        Some((_, one)) => *one = Value::List(vec![std::mem::take(one), value]),
    }
}

fn unescaped(text: &str) -> Option<String> {
    let mut pieces = text.split('&');
    let mut out = pieces.next()?.to_owned();
    for piece in pieces {
        let (entity, rest) = piece.split_once(';')?;
        out.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let digits = entity.strip_prefix('#')?;
                let hex = digits.strip_prefix(['x', 'X']);
                let code = hex.map_or_else(|| digits.parse(), |hex| u32::from_str_radix(hex, 16));
                char::from_u32(code.ok()?)?
            }
        });
        out.push_str(rest);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_become_members() {
        let xml = "<A xmlns=\"x\"><B>1</B><B>a &lt;&#13;b</B><C><D></D><E/></C></A>";
        let json = String::from_utf8(document(xml, |_, text| text.into()).unwrap()).unwrap();
        assert_eq!(json, r#"{"A":{"B":["1","a <\rb"],"C":{"D":null,"E":null}}}"#);
    }
}
