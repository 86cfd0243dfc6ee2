//! All configuration: the environment, read once into types. Names are LocalStack's, with or
//! without its prefix; what is set and does nothing here is said in the log, never an error.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use log::LevelFilter;

use crate::services;

/// The port that AWS emulators are expected on.
pub const DEFAULT_PORT: u16 = 4566;

/// How long the end may take if nothing else is said, in seconds; LocalStack's figure.
const SHUTDOWN_TIME: Duration = Duration::from_secs(5);

/// Names that keep the prefix: they are LocalStack's own with it.
const PREFIXED: [&str; 6] = [
    "LOCALSTACK_HOST",
    "LOCALSTACK_HOSTNAME",
    "LOCALSTACK_RESPONSE_HEADER_ENABLED",
    "LOCALSTACK_AUTH_TOKEN",
    "LOCALSTACK_API_KEY",
    "LOCALSTACK_VOLUME_DIR",
];

/// Names that this program acts on.
const KNOWN: &[&str] = &[
    "CUMULET_DNS_SUFFIXES",
    "CUMULET_INIT_DIR",
    "CUMULET_OUTBOUND",
    "CUSTOM_SSL_CERT_PATH",
    "DNS_ADDRESS",
    "DNS_NAME_PATTERNS_TO_RESOLVE_UPSTREAM",
    "DNS_PORT",
    "DNS_RESOLVE_IP",
    "DNS_SERVER",
    "GATEWAY_LISTEN",
    "OUTBOUND_HTTP_PROXY",
    "OUTBOUND_HTTPS_PROXY",
    "REMOVE_SSL_CERT",
    "REQUESTS_CA_BUNDLE",
    "SERVICES",
    "SHUTDOWN_TIMEOUT",
    "STRICT_SERVICE_LOADING",
    "EAGER_SERVICE_LOADING",
    "DEBUG",
    "LS_LOG",
    "ENABLE_CONFIG_UPDATES",
    "PARITY_AWS_ACCESS_KEY_ID",
    "DISABLE_CORS_HEADERS",
    "DISABLE_CORS_CHECKS",
    "EXTRA_CORS_ALLOWED_ORIGINS",
    "EXTRA_CORS_ALLOWED_HEADERS",
    "EXTRA_CORS_EXPOSE_HEADERS",
    "USE_SSL",
];

/// Names of LocalStack that change nothing here, and are set often enough to say so.
const WITHOUT_EFFECT: &[&str] = &[
    "ALLOW_NONSTANDARD_REGIONS",
    "DISABLE_CUSTOM_CORS_S3",
    "DISABLE_CUSTOM_CORS_APIGATEWAY",
    "DYNAMODB_SHARE_DB",
    "ENFORCE_IAM",
    "PERSISTENCE",
    "PERSIST_STATE",
    "SNAPSHOT_SAVE_STRATEGY",
    "SNAPSHOT_LOAD_STRATEGY",
    "SNAPSHOT_FLUSH_INTERVAL",
];

/// Names that take a feature of the build, and whether it is there.
const OF_FEATURES: &[(&str, &str, bool)] = &[
    ("CUSTOM_SSL_CERT_PATH", "tls", cfg!(feature = "tls")),
    ("USE_SSL", "tls", cfg!(feature = "tls")),
    ("DNS_ADDRESS", "dns", cfg!(feature = "dns")),
    ("CUMULET_INIT_DIR", "init", cfg!(feature = "init")),
];

/// Names of former times, and what to say of them.
const DEPRECATED: &[(&str, &str)] = &[
    ("HOSTNAME_EXTERNAL", "it is called LOCALSTACK_HOST now"),
    ("LOCALSTACK_HOSTNAME", "it is called LOCALSTACK_HOST now"),
    ("EDGE_BIND_HOST", "GATEWAY_LISTEN takes host and port"),
    ("EDGE_PORT", "GATEWAY_LISTEN takes host and port"),
    ("DATA_DIR", "it has no effect"),
    ("DEFAULT_REGION", "it has no effect: every request names its region"),
    ("USE_SINGLE_REGION", "it has no effect: every request names its region"),
    ("LAMBDA_EXECUTOR", "it has no effect"),
    ("LAMBDA_REMOTE_DOCKER", "it has no effect"),
    ("LAMBDA_STAY_OPEN_MODE", "it has no effect"),
    ("LAMBDA_CONTAINER_REGISTRY", "it has no effect"),
    ("KINESIS_PROVIDER", "it has no effect"),
    ("ES_ENDPOINT_STRATEGY", "it has no effect"),
    ("ES_CUSTOM_BACKEND", "it has no effect"),
    ("ES_MULTI_CLUSTER", "it has no effect"),
    ("SYNCHRONOUS_SNS_EVENTS", "it has no effect"),
    ("SYNCHRONOUS_SQS_EVENTS", "it has no effect"),
    ("SYNCHRONOUS_API_GATEWAY_EVENTS", "it has no effect"),
    ("SYNCHRONOUS_KINESIS_EVENTS", "it has no effect"),
    ("SYNCHRONOUS_DYNAMODB_EVENTS", "it has no effect"),
    ("MOCK_UNIMPLEMENTED", "it has no effect"),
    ("LEGACY_DIRECTORIES", "it has no effect"),
];

/// What the environment says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of LocalStack's")]
pub struct Config {
    /// Where to listen: never empty.
    pub listen: Vec<Listen>,
    /// Host and port for URLs in answers, instead of the caller's.
    pub public_host: Option<String>,
    /// URLs in answers that cannot follow the caller's say https.
    pub use_ssl: bool,
    /// The only services that answer; all where there is no list.
    pub services: Option<Vec<String>>,
    /// Services count as running from the start.
    pub eager: bool,
    /// Diagnosis endpoints are open.
    pub debug: bool,
    /// The most detailed lines that are logged.
    pub log: LevelFilter,
    /// Answers carry `x-localstack`.
    pub response_header: bool,
    /// How long the end may take: scripts, requests and background work together.
    pub shutdown: Duration,
    /// Settings may be changed over HTTP.
    pub config_updates: bool,
    /// Access keys of AWS's form carry their account, and new ones have it.
    pub aws_keys: bool,
    /// Web pages.
    pub cors: Cors,
    /// Every variable, without LocalStack's prefix: services have settings of their own.
    pub variables: BTreeMap<String, String>,
    /// What the log should say of the environment.
    pub notes: Vec<String>,
}

/// What concerns web pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cors {
    /// Every page of every site may do anything.
    pub checks_off: bool,
    /// No answer carries CORS headers.
    pub headers_off: bool,
    /// Further allowed origins.
    pub extra_origins: Vec<String>,
    /// Further headers that pages may read, comma separated.
    pub extra_exposed: String,
}

/// A host or address, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Without brackets.
    pub host: String,
    /// 0 lets the system choose.
    pub port: u16,
}

impl Listen {
    fn new(host: &str, port: u16) -> Self {
        Self { host: host.to_owned(), port }
    }

    /// `host:port`, `host`, `:port`, `[::1]:port` or `::1`.
    fn parse(text: &str) -> Option<Self> {
        let colons = text.bytes().filter(|b| *b == b':').count();
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if colons == 1 || host.ends_with(']') => (host, port.parse().ok()?),
            _ => (text, DEFAULT_PORT),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (!text.is_empty()).then(|| Self::new(if host.is_empty() { "0.0.0.0" } else { host }, port))
    }

    /// The addresses; none where the host is a name. Nobody listens on names but `localhost`, and
    /// a resolver is large.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let hosts = match self.host.as_str() {
            "localhost" => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            host => Vec::from_iter(host.parse::<IpAddr>()),
        };
        hosts.into_iter().map(|host| SocketAddr::new(host, self.port)).collect()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::read([])
    }
}

impl Config {
    /// Reads the environment's variables.
    pub fn read(environment: impl IntoIterator<Item = (String, String)>) -> Self {
        let (variables, notes) = strip(environment);
        let mut reader = Reader { variables, notes };
        let listen = reader.listen();
        let port = listen.first().map_or(DEFAULT_PORT, |l| l.port);
        let debug = reader.flag("DEBUG", false);
        let services = reader.services();
        let mut config = Self {
            public_host: reader.public_host(port),
            listen,
            use_ssl: reader.flag("USE_SSL", false),
            services,
            eager: reader.flag("EAGER_SERVICE_LOADING", false),
            debug,
            log: reader.log(debug),
            response_header: reader.flag("LOCALSTACK_RESPONSE_HEADER_ENABLED", true),
            shutdown: reader.seconds("SHUTDOWN_TIMEOUT", SHUTDOWN_TIME),
            config_updates: reader.flag("ENABLE_CONFIG_UPDATES", false),
            aws_keys: reader.flag("PARITY_AWS_ACCESS_KEY_ID", false),
            cors: Cors {
                checks_off: reader.flag("DISABLE_CORS_CHECKS", false),
                headers_off: reader.flag("DISABLE_CORS_HEADERS", false),
                extra_origins: list(reader.get("EXTRA_CORS_ALLOWED_ORIGINS")),
                extra_exposed: list(reader.get("EXTRA_CORS_EXPOSE_HEADERS")).join(","),
            },
            variables: BTreeMap::new(),
            notes: Vec::new(),
        };
        reader.remark();
        (config.variables, config.notes) = (reader.variables, reader.notes);
        config
    }
}

/// Takes LocalStack's prefix off; a name without it wins over the same name with it.
fn strip(
    environment: impl IntoIterator<Item = (String, String)>,
) -> (BTreeMap<String, String>, Vec<String>) {
    let (mut plain, mut stripped, mut notes) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for (name, value) in environment {
        match name.strip_prefix("LOCALSTACK_").filter(|_| !PREFIXED.contains(&name.as_str())) {
            Some(short) => {
                if !is_known(short) {
                    notes.push(format!("{name} is not known here and has no effect"));
                }
                stripped.insert(short.to_owned(), value);
            }
            None => drop(plain.insert(name, value)),
        }
    }
    stripped.extend(plain);
    (stripped, notes)
}

fn is_known(name: &str) -> bool {
    // A service's own settings begin with its name.
    let service = name.split('_').next().unwrap_or_default().to_ascii_lowercase();
    services::NAMES.contains(&service.as_str())
        || KNOWN.contains(&name)
        || WITHOUT_EFFECT.contains(&name)
        || DEPRECATED.iter().any(|(old, _)| *old == name)
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

struct Reader {
    variables: BTreeMap<String, String>,
    notes: Vec<String>,
}

impl Reader {
    /// The value; empty where there is none.
    fn get(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", |value| value.trim())
    }

    fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.get(name).to_ascii_lowercase().as_str() {
            "" => default,
            "1" | "true" => true,
            "0" | "false" => false,
            other => {
                self.notes.push(format!("{name}={other} is neither 1 nor 0; it stays {default}"));
                default
            }
        }
    }

    /// A length of time; the unit may be written behind it.
    fn seconds(&mut self, name: &str, default: Duration) -> Duration {
        let text = self.get(name).trim_end_matches('s');
        if text.is_empty() {
            return default;
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let nanos = format!("{fraction:0<9.9}").parse();
        let given = format!("0{whole}").parse().ok().zip(nanos.ok());
        if given.is_none() {
            self.notes.push(format!("{name} is no number of seconds; it stays {default:?}"));
        }
        given.map_or(default, |(whole, nanos)| Duration::new(whole, nanos))
    }

    fn listen(&mut self) -> Vec<Listen> {
        let mut listen = Vec::new();
        for text in list(self.get("GATEWAY_LISTEN")) {
            match Listen::parse(&text) {
                Some(entry) => listen.push(entry),
                None => {
                    self.notes.push(format!("GATEWAY_LISTEN: '{text}' is no address; left out"));
                }
            }
        }
        if listen.is_empty() {
            let host = Some(self.get("EDGE_BIND_HOST")).filter(|host| !host.is_empty());
            let port = self.get("EDGE_PORT").parse().unwrap_or(DEFAULT_PORT);
            listen.push(Listen::new(host.unwrap_or("127.0.0.1"), port));
            if host.is_none() {
                // `localhost` is ::1 first for some clients.
                listen.push(Listen::new("::1", port));
            }
        }
        listen
    }

    fn public_host(&self, port: u16) -> Option<String> {
        let names = ["LOCALSTACK_HOST", "HOSTNAME_EXTERNAL", "LOCALSTACK_HOSTNAME"];
        let host = names.into_iter().map(|name| self.get(name)).find(|host| !host.is_empty())?;
        let has_port = host.rsplit_once(':').is_some_and(|(name, port)| {
            !port.ends_with(']') && (!name.contains(':') || name.ends_with(']'))
        });
        Some(if has_port { host.to_owned() } else { format!("{host}:{port}") })
    }

    fn services(&mut self) -> Option<Vec<String>> {
        let services: Vec<_> = list(self.get("SERVICES"))
            .iter()
            .map(|item| item.split(':').next().unwrap_or_default().trim().to_ascii_lowercase())
            .collect();
        let strict = self.flag("STRICT_SERVICE_LOADING", true);
        (strict && !services.is_empty()).then_some(services)
    }

    fn log(&mut self, debug: bool) -> LevelFilter {
        let default = if debug { LevelFilter::Debug } else { LevelFilter::Info };
        match self.get("LS_LOG").to_ascii_lowercase().as_str() {
            "" => default,
            "trace-internal" | "trace" => LevelFilter::Trace,
            "debug" => LevelFilter::Debug,
            "info" => LevelFilter::Info,
            "warn" | "warning" => LevelFilter::Warn,
            "error" => LevelFilter::Error,
            other => {
                self.notes.push(format!("LS_LOG={other} is no level; it stays {default}"));
                default
            }
        }
    }

    fn remark(&mut self) {
        for (name, advice) in DEPRECATED {
            if !self.get(name).is_empty() {
                self.notes.push(format!("{name} is deprecated: {advice}"));
            }
        }
        let is_set = |name: &str| !matches!(self.get(name), "" | "0" | "false");
        let useless = WITHOUT_EFFECT.iter().filter(|name| is_set(name));
        let useless = useless.map(|name| format!("{name} has no effect here"));
        let absent = OF_FEATURES.iter().filter(|(name, _, there)| !there && is_set(name));
        let absent =
            absent.map(|(name, feature, _)| format!("{name}: this build has no {feature}"));
        let notes: Vec<_> = useless.chain(absent).collect();
        self.notes.extend(notes);
    }
}

#[cfg(test)]
mod tests;
