//! `awslocal` without Python: `cumulet aws …`, or this program by that name. Operations go to the server's
//! `/_cumulet/aws`, which has the models; `s3` with its mb, rb, ls, cp and rm is made of them here.

use std::io::{self, Write as _};

use serde_json::{Value as Json, json};

use super::client::{address, ask};
use super::s3;
use crate::config::Config;

/// The AWS CLI's for errors of services.
const EXIT_SERVICE: u8 = 254;
/// And for a command line that makes no sense.
const EXIT_USAGE: u8 = 252;

/// What went wrong, and the exit code that the AWS CLI has for it.
#[derive(Debug)]
pub(super) struct Failure(pub(super) u8, pub(super) String);

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(255, error.to_string())
    }
}

pub(super) fn usage<T>(text: impl Into<String>) -> Result<T, Failure> {
    Err(Failure(EXIT_USAGE, text.into()))
}

/// Where to, and how it is shown.
pub(super) struct Client {
    pub(super) config: Config,
    pub(super) region: String,
    output: String,
    query: Option<String>,
}

/// Does what the words say; prints what comes of it.
pub(super) fn run(config: Config, words: &[&str]) -> Result<(), Failure> {
    let variable = |names: [&str; 2]| names.iter().find_map(|n| config.variables.get(*n)).cloned();
    let region = variable(["AWS_REGION", "AWS_DEFAULT_REGION"]);
    let output = variable(["AWS_DEFAULT_OUTPUT", "AWS_OUTPUT"]);
    let mut client = Client {
        region: region.unwrap_or_else(|| "us-east-1".to_owned()),
        output: output.unwrap_or_else(|| "json".to_owned()),
        query: None,
        config,
    };
    let rest = client.global_options(words)?;
    let rest: Vec<_> = rest.iter().map(String::as_str).collect();
    match rest.as_slice() {
        ["--version"] => Ok(writeln!(io::stdout(), "aws-cli/0 cumulet/{}", crate::admin::VERSION)?),
        ["s3", command @ ..] => s3::run(&client, command),
        words => {
            let output = client.call(words)?;
            client.print(&output)
        }
    }
}

impl Client {
    /// Takes what is not an operation's out of the words, and puts files in where they are named.
    fn global_options(&mut self, words: &[&str]) -> Result<Vec<String>, Failure> {
        let (mut rest, mut words) = (Vec::new(), words.iter());
        while let Some(word) = words.next() {
            let (name, inline) =
                word.split_once('=').map_or((*word, None), |(name, value)| (name, Some(value)));
            let takes_value =
                ["--region", "--output", "--query", "--endpoint-url", "--profile", "--color"];
            if takes_value.contains(&name) {
                let value = inline.or_else(|| words.next().copied());
                let Some(value) = value else { return usage(format!("{name} takes a value")) };
                match name {
                    "--region" => value.clone_into(&mut self.region),
                    "--output" => value.clone_into(&mut self.output),
                    "--query" => self.query = Some(value.to_owned()),
                    _ => {}
                }
            } else if ![
                "--no-cli-pager",
                "--no-verify-ssl",
                "--no-sign-request",
                "--no-paginate",
                "--debug",
            ]
            .contains(word)
            {
                rest.push(content(word)?);
            }
        }
        Ok(rest)
    }

    /// Calls an operation.
    pub(super) fn call(&self, words: &[&str]) -> Result<Json, Failure> {
        let endpoint = format!("http://localhost:{}", address(&self.config)?.port());
        let endpoint = self.config.public_host.as_ref().map_or(endpoint, |h| format!("http://{h}"));
        let request = json!({"words": words, "region": self.region, "endpoint": endpoint});
        let (status, body) = ask(&self.config, "POST", "/_cumulet/aws", &request.to_string())?;
        let answer: Json = serde_json::from_str(&body).unwrap_or_default();
        if let Some(output) = answer.get("output") {
            return Ok(output.clone());
        }
        if let Some(text) = answer.get("usage").and_then(Json::as_str) {
            return usage(text);
        }
        let part = |name: &str| answer.pointer(&format!("/error/{name}")).and_then(Json::as_str);
        match (part("code"), part("operation"), part("message")) {
            (Some(code), Some(operation), Some(message)) => {
                let text = format!(
                    "An error occurred ({code}) when calling the {operation} operation: {message}"
                );
                Err(Failure(EXIT_SERVICE, text))
            }
            _ => Err(Failure(255, format!("the server answers {status}; it may be an older one"))),
        }
    }

    fn print(&self, output: &Json) -> Result<(), Failure> {
        let picked = match &self.query {
            None => output.clone(),
            Some(query) => match pick(output, query) {
                Some(picked) => picked,
                None => return usage(format!("--query {query}: only paths such as A.B[0].C")),
            },
        };
        let mut out = io::stdout().lock();
        match (self.output.as_str(), picked) {
            (_, Json::Object(empty)) if empty.is_empty() => {}
            ("text", picked) => writeln!(out, "{}", text(&picked))?,
            (_, picked) => {
                let indent = serde_json::ser::PrettyFormatter::with_indent(b"    ");
                let mut writer = serde_json::Serializer::with_formatter(&mut out, indent);
                serde::Serialize::serialize(&picked, &mut writer).map_err(io::Error::other)?;
                writeln!(out)?;
            }
        }
        Ok(())
    }
}

/// `file://` and `fileb://` stand for what is in the file.
fn content(word: &str) -> Result<String, Failure> {
    let path = word.strip_prefix("file://").or_else(|| word.strip_prefix("fileb://"));
    let Some(path) = path else { return Ok(word.to_owned()) };
    std::fs::read_to_string(path).or_else(|error| usage(format!("{path}: {error}")))
}

/// As much of `JMESPath` as scripts use: names, indexes and `[]`; None for more than that.
fn pick(value: &Json, path: &str) -> Option<Json> {
    let (first, rest) = match path.find(['.', '[']) {
        Some(0) => ("", path),
        Some(at) => path.split_at(at),
        None => (path, ""),
    };
    if !first.is_empty() {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let name = first.trim_matches('"');
        if !name.chars().all(is_name) {
            return None;
        }
        let inner = value.get(name).unwrap_or(&Json::Null);
        return if rest.is_empty() { Some(inner.clone()) } else { pick(inner, rest) };
    }
    if let Some(rest) = rest.strip_prefix('.') {
        return pick(value, rest);
    }
    let Some((index, rest)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return rest.is_empty().then(|| value.clone());
    };
    let next = |value: &Json| if rest.is_empty() { Some(value.clone()) } else { pick(value, rest) };
    match index {
        "" | "*" => value.as_array().into_iter().flatten().map(next).collect(),
        index => {
            let index: i64 = index.parse().ok()?;
            let length = i64::try_from(value.as_array().map_or(0, Vec::len)).ok()?;
            let at = usize::try_from(if index < 0 { index + length } else { index }).ok();
            next(at.and_then(|at| value.get(at)).unwrap_or(&Json::Null))
        }
    }
}

/// Scalars as they are, lists with tabs between.
fn text(value: &Json) -> String {
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(it) => if *it { "True" } else { "False" }.to_owned(),
        Json::String(it) => it.clone(),
        Json::Array(items) if items.iter().any(Json::is_object) => {
            items.iter().map(text).collect::<Vec<_>>().join("\n")
        }
        Json::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("\t"),
        Json::Object(entries) => entries.values().map(text).collect::<Vec<_>>().join("\t"),
        Json::Number(it) => it.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_paths() {
        let value = json!({"A": [{"B": 1}, {"B": 2}], "C-d": "x"});
        let of = |path| pick(&value, path);
        assert_eq!(of("A[0].B"), Some(json!(1)));
        assert_eq!(of("A[-1].B"), Some(json!(2)));
        assert_eq!(of("A[].B"), Some(json!([1, 2])));
        assert_eq!(of("A[*].B"), Some(json!([1, 2])));
        assert_eq!(of("\"C-d\""), Some(json!("x")));
        assert_eq!(of("A[9].B.C"), Some(Json::Null));
        assert_eq!(of("length(A)"), None);
        assert_eq!(of("A[?B==`1`]"), None);
    }

    #[test]
    fn text_is_as_scripts_expect_it() {
        assert_eq!(text(&json!(["a", 1, true])), "a\t1\tTrue");
        assert_eq!(text(&json!([{"a": "b"}, {"a": "c"}])), "b\nc");
        assert_eq!(text(&Json::Null), "None");
    }
}
