//! The diagnosis pages, open with DEBUG: what one would ask the writer of a bug report.

use serde_json::{Map, Value, json};

use super::{Admin, VERSION, settings};

impl Admin {
    /// LocalStack's parts; those about Docker and logs are empty, because the program talks to no
    /// Docker and keeps no log.
    pub(super) fn diagnose(&self) -> Value {
        let mut services = Map::new();
        for service in self.cloud.services() {
            let (calls, errors) = service.counts();
            let counts = json!({"calls": calls, "errors": errors});
            services.insert(service.name().to_owned(), counts);
        }
        json!({
            "version": {"image-version": {}, "localstack-version": VERSION, "host": {"kernel": kernel()}},
            "info": self.info(),
            "services": services,
            "config": settings::shown(&self.config),
            "docker-inspect": {},
            "docker-dependent-image-hashes": {},
            "file-tree": {},
            "important-endpoints": {},
            "logs": {"docker": ""},
            "usage": usage(),
        })
    }
}

fn kernel() -> String {
    std::fs::read_to_string("/proc/version").unwrap_or_default().trim().to_owned()
}

/// What the process uses, as Linux tells it; zeros elsewhere.
pub(super) fn usage() -> Value {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_ascii_whitespace().next()?.parse::<u64>().ok()
    };
    let kilobytes = |name| number(name).unwrap_or(0) * 1024;
    json!({
        "memory": {"rss": kilobytes("VmRSS:"), "peak": kilobytes("VmHWM:"), "virtual": kilobytes("VmSize:")},
        "threads": number("Threads:").unwrap_or(0),
    })
}
