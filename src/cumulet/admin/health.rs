//! The health page: which services there are, and which of them have been used.

use std::sync::PoisonError;

use cumulet_core::Body;
use http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::{Admin, VERSION, bad_request, ok};
use crate::answer;
use crate::services;

impl Admin {
    pub(super) fn health(&self, method: &Method, body: &[u8]) -> Response<Body> {
        match *method {
            Method::GET => ok(&self.states()),
            Method::HEAD => answer::text(StatusCode::OK, "ok"),
            Method::POST => self.act(body),
            Method::PUT => self.note(body),
            _ => answer::text(StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD, POST and PUT are.\n"),
        }
    }

    /// Scripts wait for `running` or `available`: a service is the first from its first call on.
    fn states(&self) -> Value {
        let mut states = Map::new();
        for name in services::NAMES {
            states.insert((*name).to_owned(), "disabled".into());
        }
        for service in self.cloud.services() {
            let state = if service.is_running() { "running" } else { "available" };
            states.insert(service.name().to_owned(), state.into());
        }
        let mut health = json!({"services": states, "edition": "community", "version": VERSION});
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(health) = health.as_object_mut() {
            merge(health, notes.clone());
        }
        health
    }

    fn act(&self, body: &[u8]) -> Response<Body> {
        if body.is_empty() {
            return bad_request("An action is wanted.\n");
        }
        let Ok(wanted) = serde_json::from_slice::<Value>(body) else {
            return bad_request("The body is no JSON.\n");
        };
        match wanted.get("action").and_then(Value::as_str) {
            Some("restart") => self.stop.restart(),
            Some("kill") => self.stop.now(),
            _ => {}
        }
        answer::text(StatusCode::OK, "ok")
    }

    /// Free JSON beside the states, `a:b` as `b` inside `a`.
    fn note(&self, body: &[u8]) -> Response<Body> {
        let Ok(Value::Object(wanted)) = serde_json::from_slice(body) else {
            return bad_request("A JSON object is wanted.\n");
        };
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, value) in wanted {
            merge(&mut notes, nested(&name, value));
        }
        ok(&json!({"status": "OK"}))
    }
}

/// `a:b` with a value becomes `{a: {b: value}}`. Depth is bounded by the length of the body, which
/// names in JSON cannot blow up: one level per character at most.
fn nested(name: &str, value: Value) -> Map<String, Value> {
    let mut names = name.split(':').rev();
    let last = names.next().unwrap_or_default();
    let entry = |name: &str, value| {
        let mut map = Map::new();
        map.insert(name.to_owned(), value);
        map
    };
    names.take(DEPTH_MAX).fold(entry(last, value), |inner, name| entry(name, inner.into()))
}

/// How deep `a:b:c` may nest.
const DEPTH_MAX: usize = 16;

fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (name, value) in from {
        match (into.get_mut(&name), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, value) => drop(into.insert(name, value)),
        }
    }
}
