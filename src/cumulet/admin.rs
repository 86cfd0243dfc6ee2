//! The pages under `/_localstack`, with LocalStack's paths and shapes. Not here: pages of a
//! service (`/_aws/sqs/messages`), which are that service's own.

mod diagnose;
mod health;
mod settings;

#[cfg(feature = "cli")]
pub(crate) use settings::shown;

use std::sync::{Arc, Mutex};
use std::time::Instant;

use cumulet_core::time::real_now;
use cumulet_core::{AwsError, Body, Cloud};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::answer;
use crate::config::Config;
use crate::init::{Hooks, Stage};
use crate::server::Stop;

/// The version that pages and command line show.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The longest body that one of these pages takes.
const BODY_MAX: usize = 1 << 20;

/// The state of the pages.
#[derive(Debug)]
pub(crate) struct Admin {
    cloud: Arc<Cloud>,
    config: Config,
    started: Instant,
    session: String,
    /// What PUT requests have added to the health page.
    notes: Mutex<Map<String, Value>>,
    /// What POST requests have set on the config page.
    changes: Mutex<Map<String, Value>>,
    stop: Stop,
    hooks: Arc<Hooks>,
}

impl Admin {
    pub(crate) fn new(cloud: Arc<Cloud>, config: &Config, stop: Stop, hooks: Arc<Hooks>) -> Self {
        Self {
            session: cloud.world().ids().uuid(),
            cloud,
            config: config.clone(),
            started: Instant::now(),
            notes: Mutex::default(),
            changes: Mutex::default(),
            stop,
            hooks,
        }
    }

    /// Answers a request to one of our own paths; those that are no page are a plain 404.
    pub(crate) async fn answer(&self, parts: &Parts, mut body: Body) -> Response<Body> {
        let too_large = || AwsError::new("RequestEntityTooLarge", 413, "The body is too long.");
        let body = match body.collect(BODY_MAX, too_large).await {
            Ok(body) => body,
            Err(error) => return answer::text(error.status(), format!("{}\n", error.message())),
        };
        let page = parts.uri.path().trim_end_matches('/');
        #[cfg(feature = "cli")]
        if page == "/_cumulet/aws" && parts.method == Method::POST {
            return ok(&crate::aws::run(&self.cloud, &body).await);
        }
        let page = page.strip_prefix("/_localstack/").unwrap_or_default();
        match (page, &parts.method) {
            // `reload` in the path asks LocalStack to look again, which needs no asking here.
            ("health" | "health/reload", method) => self.health(method, &body),
            ("info", &Method::GET) => ok(&self.info()),
            ("plugins", &Method::GET) => ok(&self.plugins()),
            ("init", &Method::GET) => ok(&self.hooks.page()),
            ("config", method) if self.config.config_updates => self.settings(method, &body),
            ("diagnose", &Method::GET) if self.config.debug => ok(&self.diagnose()),
            ("usage", &Method::GET) if self.config.debug => ok(&diagnose::usage()),
            ("state/reset", &Method::POST) => {
                self.reset(parts.uri.query().unwrap_or_default()).await
            }
            _ => match page.strip_prefix("init/").and_then(Stage::parse) {
                Some(stage) if parts.method == Method::GET => ok(&self.hooks.stage_page(stage)),
                _ => not_found(),
            },
        }
    }

    fn info(&self) -> Value {
        json!({
            "version": VERSION,
            "edition": "community",
            "is_license_activated": false,
            "session_id": self.session,
            "machine_id": self.session.get(..8),
            "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            "is_docker": in_container(),
            "server_time_utc": real_now().iso8601_millis().trim_end_matches('Z'),
            "uptime": self.started.elapsed().as_secs(),
        })
    }

    fn plugins(&self) -> Value {
        let service = |name: &str| json!({"name": format!("{name}:default"), "is_initialized": true, "is_loaded": true, "requires_license": false});
        let services: Vec<_> = self.cloud.services().map(|s| service(s.name())).collect();
        json!({ "localstack.aws.provider": services })
    }

    /// Empties all worlds; `?init=1` then runs the scripts that ran before `Ready.` was said.
    async fn reset(&self, query: &str) -> Response<Body> {
        for world in self.cloud.worlds() {
            self.cloud.reset(&world);
        }
        log::info!("all state is reset");
        if query.split('&').any(|pair| matches!(pair, "init=1" | "init=true")) {
            self.hooks.run(Stage::Ready).await;
        }
        answer::text(StatusCode::OK, "")
    }
}

fn ok(value: &Value) -> Response<Body> {
    answer::json(StatusCode::OK, value)
}

fn not_found() -> Response<Body> {
    answer::text(StatusCode::NOT_FOUND, "There is no such page.\n")
}

fn bad_request(text: &'static str) -> Response<Body> {
    answer::text(StatusCode::BAD_REQUEST, text)
}

/// Whether a container runtime has started this process: each leaves a file.
pub(crate) fn in_container() -> bool {
    ["/.dockerenv", "/run/.containerenv"]
        .into_iter()
        .any(|file| std::path::Path::new(file).exists())
}

#[cfg(test)]
mod tests;
