//! What the environment can say, as tables.

use super::*;
use crate::testing::config as read;

fn listens(variables: &[(&str, &str)]) -> Vec<String> {
    read(variables).listen.iter().map(|l| format!("{} {}", l.host, l.port)).collect()
}

#[test]
fn listen_addresses() {
    let of = |text| listens(&[("GATEWAY_LISTEN", text)]);
    assert_eq!(of(""), ["127.0.0.1 4566", "::1 4566"]);
    assert_eq!(of("0.0.0.0:4566"), ["0.0.0.0 4566"]);
    assert_eq!(of(":4510, [::]:443"), ["0.0.0.0 4510", ":: 443"]);
    assert_eq!(of("localhost"), ["localhost 4566"]);
    assert_eq!(of("::1"), ["::1 4566"]);
    assert_eq!(of("host:port"), ["127.0.0.1 4566", "::1 4566"]);
    assert_eq!(listens(&[("EDGE_PORT", "4599")]), ["127.0.0.1 4599", "::1 4599"]);
    assert_eq!(listens(&[("EDGE_BIND_HOST", "0.0.0.0")]), ["0.0.0.0 4566"]);
}

#[test]
fn the_public_host_has_a_port() {
    let of = |name, text| read(&[(name, text), ("GATEWAY_LISTEN", ":4510")]).public_host;
    assert_eq!(of("LOCALSTACK_HOST", "aws.test").as_deref(), Some("aws.test:4510"));
    assert_eq!(of("LOCALSTACK_HOST", "aws.test:80").as_deref(), Some("aws.test:80"));
    assert_eq!(of("LOCALSTACK_HOST", "[::1]").as_deref(), Some("[::1]:4510"));
    assert_eq!(of("HOSTNAME_EXTERNAL", "old.test").as_deref(), Some("old.test:4510"));
    assert_eq!(of("LOCALSTACK_HOST", ""), None);
}

#[test]
fn services_with_ports_are_an_allow_list_unless_loading_is_not_strict() {
    let services = |more| read(&[("SERVICES", "s3:4572, SQS"), more]).services;
    assert_eq!(services(("X", "")).unwrap(), ["s3", "sqs"]);
    assert_eq!(services(("STRICT_SERVICE_LOADING", "0")), None);
    assert_eq!(read(&[("SERVICES", "")]).services, None);
}

#[test]
fn a_host_is_an_address_or_localhost() {
    let of = |host| Listen { host: String::from(host), port: 80 }.addresses();
    assert_eq!(of("localhost"), ["127.0.0.1:80".parse().unwrap(), "[::1]:80".parse().unwrap()]);
    assert_eq!(of("::"), ["[::]:80".parse().unwrap()]);
    assert_eq!(of("cloud.example"), []);
}

#[test]
fn log_levels() {
    assert_eq!(read(&[]).log, LevelFilter::Info);
    assert_eq!(read(&[("DEBUG", "1")]).log, LevelFilter::Debug);
    assert_eq!(read(&[("DEBUG", "1"), ("LS_LOG", "warning")]).log, LevelFilter::Warn);
    assert_eq!(read(&[("LS_LOG", "trace-internal")]).log, LevelFilter::Trace);
}

#[test]
fn the_prefix_is_taken_off_and_the_native_name_wins() {
    assert!(read(&[("LOCALSTACK_DEBUG", "1")]).debug);
    assert!(!read(&[("LOCALSTACK_DEBUG", "1"), ("DEBUG", "0")]).debug);
    assert!(!read(&[("LOCALSTACK_RESPONSE_HEADER_ENABLED", "0")]).response_header);
}

#[test]
fn what_does_nothing_is_said() {
    let notes = |name| read(&[(name, "1")]).notes.join("\n");
    assert_eq!(notes("DEBUG"), "");
    assert_eq!(notes("PATH"), "");
    assert_eq!(notes("LOCALSTACK_AUTH_TOKEN"), "");
    assert_eq!(notes("LOCALSTACK_FOO"), "LOCALSTACK_FOO is not known here and has no effect");
    assert_eq!(notes("PERSISTENCE"), "PERSISTENCE has no effect here");
    assert_eq!(notes("DATA_DIR"), "DATA_DIR is deprecated: it has no effect");
    assert!(read(&[("DEBUG", "maybe")]).notes.join("").contains("DEBUG=maybe"));
}

#[test]
fn the_end_may_take_as_long_as_is_said() {
    let of = |text| read(&[("SHUTDOWN_TIMEOUT", text)]).shutdown.as_millis();
    assert_eq!(["", "0", "1.5", ".5", "30s"].map(of), [5000, 0, 1500, 500, 30_000]);
    assert_eq!(["soon", "-1", "1.x"].map(of), [5000; 3]);
}
