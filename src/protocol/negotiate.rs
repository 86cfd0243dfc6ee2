//! Answers of the query protocols for who accepts JSON rather than XML: the same elements, by their
//! names. AWS negotiates so for its query services; LocalStack has these very names.

use cumulet_core::{AwsError, Body};
use http::Response;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// Whether a request asks for JSON before anything else.
pub fn accepts_json(parts: &Parts) -> bool {
    let accept = parts.headers.get(ACCEPT).map_or(&b""[..], HeaderValue::as_bytes);
    accept.starts_with(b"application/json")
}

/// The answer with its XML turned into JSON; as it is, if it has none.
pub async fn in_json(answer: Response<Body>) -> Response<Body> {
    let (mut parts, mut body) = answer.into_parts();
    let is_xml =
        parts.headers.get(CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/xml"));
    if !is_xml {
        return Response::from_parts(parts, body);
    }
    let Ok(xml) = body.collect(usize::MAX, || AwsError::internal("endless XML")).await else {
        return Response::from_parts(parts, Body::empty());
    };
    if let Some(document) = document(&xml) {
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        parts.headers.remove(CONTENT_LENGTH);
        return Response::from_parts(parts, Body::from(document.to_string()));
    }
    Response::from_parts(parts, Body::from(xml))
}

/// An element that is being read: its name, its children, its text.
type Open = (String, Map<String, Value>, String);

/// An element with children is an object, of children with the same name a list; one without is
/// its text.
fn document(xml: &[u8]) -> Option<Value> {
    let mut reader = quick_xml::Reader::from_reader(xml);
    let mut open: Vec<Open> = vec![Open::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                let name = start.name().into_inner().to_owned();
                open.push((name, Map::new(), String::new()));
            }
            Event::End(_) => {
                let (name, children, text) = open.pop()?;
                let value = match (children.is_empty(), text.is_empty()) {
                    (false, _) => Value::Object(children),
                    (true, false) => Value::String(text),
                    (true, true) => Value::Null,
                };
                put(&mut open.last_mut()?.1, name, value);
            }
            Event::Text(text) => open.last_mut()?.2.push_str(&text.xml10_content()),
            Event::GeneralRef(entity) => {
                let text = &mut open.last_mut()?.2;
                match entity.resolve_char_ref().ok()? {
                    Some(c) => text.push(c),
                    None => text.push_str(resolve_predefined_entity(&entity)?),
                }
            }
            Event::Eof => return Some(Value::Object(open.pop()?.1)),
            _ => {}
        }
    }
}

fn put(children: &mut Map<String, Value>, name: String, value: Value) {
    match children.get_mut(&name) {
        None => drop(children.insert(name, value)),
        Some(Value::Array(many)) => many.push(value),
        Some(one) => *one = Value::Array(vec![one.take(), value]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_become_members() {
        let xml = b"<A xmlns=\"x\"><B>1</B><B>a &lt;&#13;b</B><C><D></D></C></A>";
        let json = document(xml).unwrap().to_string();
        assert_eq!(json, r#"{"A":{"B":["1","a <\rb"],"C":{"D":null}}}"#);
    }
}
