//! The config page: what the environment said, and changes while running.

use std::sync::PoisonError;

use cumulet_core::Body;
use http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::{Admin, bad_request, ok};
use crate::answer;
use crate::config::Config;
use crate::logger;

impl Admin {
    pub(super) fn settings(&self, method: &Method, body: &[u8]) -> Response<Body> {
        match *method {
            Method::GET => {
                let mut page = shown(&self.config);
                let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
                page.extend(changes.clone());
                ok(&page.into())
            }
            Method::POST => self.change(body),
            _ => answer::text(StatusCode::METHOD_NOT_ALLOWED, "GET and POST are.\n"),
        }
    }

    /// Kept and shown for whoever set it; the log's level is all that follows at once.
    fn change(&self, body: &[u8]) -> Response<Body> {
        let wanted: Value = serde_json::from_slice(body).unwrap_or_default();
        let (Some(name), Some(value)) = (wanted.get("variable"), wanted.get("value")) else {
            return bad_request("variable and value are wanted.\n");
        };
        let is_word = |name: &&str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        let Some(name) = name.as_str().filter(is_word) else {
            return bad_request("variable is a name of letters, digits and _.\n");
        };
        let number = value.as_str().and_then(|text| serde_json::from_str::<f64>(text).ok());
        let value = number.map_or_else(|| value.clone(), Value::from);
        if matches!(name, "DEBUG" | "LS_LOG") {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let text = text.trim_end_matches(".0").to_owned();
            logger::start(Config::read([(name.to_owned(), text)]).log);
        } else {
            log::warn!("{name} is noted; the running server does not follow it");
        }
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if changes.len() < CHANGES_MAX || changes.contains_key(name) {
            changes.insert(name.to_owned(), value.clone());
        }
        ok(&json!({"variable": name, "value": value}))
    }
}

/// How many names are remembered.
const CHANGES_MAX: usize = 256;

/// The settings as the pages show them.
pub(crate) fn shown(config: &Config) -> Map<String, Value> {
    let listen: Vec<_> = config.listen.iter().map(ToString::to_string).collect();
    let page = json!({
        "GATEWAY_LISTEN": listen,
        "LOCALSTACK_HOST": config.public_host,
        "SERVICES": config.services,
        "EAGER_SERVICE_LOADING": config.eager,
        "DEBUG": config.debug,
        "LS_LOG": config.log.as_str().to_lowercase(),
        "DISABLE_CORS_CHECKS": config.cors.checks_off,
        "DISABLE_CORS_HEADERS": config.cors.headers_off,
        "EXTRA_CORS_ALLOWED_ORIGINS": config.cors.extra_origins,
    });
    match page {
        Value::Object(page) => page,
        _ => Map::new(),
    }
}
