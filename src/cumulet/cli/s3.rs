//! `awslocal s3`: mb, rb, ls, cp and rm. Not here: sync, mv, website, presign, and whole folders in cp.

use std::fs::File;
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value as Json;

use super::aws::{Client, Failure, usage};
use super::client::address;

const USAGE: &str = "awslocal s3 mb|rb|ls|cp|rm: rb [--force], ls [s3://BUCKET[/PREFIX]] [--recursive], cp FILE|- s3://… (or back), rm [--recursive]";

pub(super) fn run(client: &Client, words: &[&str]) -> Result<(), Failure> {
    let quiet = words.iter().any(|word| matches!(*word, "--quiet" | "--only-show-errors"));
    let has = |flag: &str| words.contains(&flag);
    let known = ["--quiet", "--only-show-errors", "--no-progress", "--recursive", "--force"];
    let unknown = words.iter().find(|w| w.starts_with("--") && !known.contains(w));
    if let Some(unknown) = unknown {
        return usage(format!("unexpected argument {unknown}; {USAGE}"));
    }
    let words: Vec<_> = words.iter().copied().filter(|word| !word.starts_with("--")).collect();
    let said = |text: String| {
        if quiet { Ok(()) } else { writeln!(io::stdout(), "{text}").map_err(Failure::from) }
    };
    match words.as_slice() {
        ["mb", bucket] => {
            let (bucket, _) = place(bucket)?;
            let constraint = format!("LocationConstraint={}", client.region);
            let mut call = vec!["s3", "create-bucket", "--bucket", bucket];
            if client.region != "us-east-1" {
                call.extend(["--create-bucket-configuration", &constraint]);
            }
            client.call(&call)?;
            said(format!("make_bucket: {bucket}"))
        }
        ["rb", bucket] => {
            let (bucket, _) = place(bucket)?;
            if has("--force") {
                remove(client, bucket, "")?;
            }
            client.call(&["s3", "delete-bucket", "--bucket", bucket])?;
            said(format!("remove_bucket: {bucket}"))
        }
        ["ls"] => buckets(client),
        ["ls", at] => list(client, at, has("--recursive")),
        ["cp", from, to] if !has("--recursive") => copy(client, from, to, said),
        ["rm", at] => {
            let (bucket, key) = place(at)?;
            if has("--recursive") {
                return remove(client, bucket, key);
            }
            client.call(&["s3", "delete-object", "--bucket", bucket, "--key", key])?;
            said(format!("delete: {at}"))
        }
        _ => usage(USAGE),
    }
}

/// Bucket and key of `s3://bucket/key`.
fn place(text: &str) -> Result<(&str, &str), Failure> {
    let Some(rest) = text.strip_prefix("s3://").filter(|rest| !rest.is_empty()) else {
        return usage(format!("{text} does not begin with s3://"));
    };
    Ok(rest.split_once('/').unwrap_or((rest, "")))
}

fn field<'a>(value: &'a Json, name: &str) -> &'a str {
    value.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// `2026-11-22 07:50:00` of the longer form.
fn moment(value: &Json, name: &str) -> String {
    field(value, name).replace('T', " ").chars().take(19).collect()
}

fn buckets(client: &Client) -> Result<(), Failure> {
    let output = client.call(&["s3", "list-buckets"])?;
    for bucket in output.get("Buckets").and_then(Json::as_array).into_iter().flatten() {
        writeln!(io::stdout(), "{} {}", moment(bucket, "CreationDate"), field(bucket, "Name"))?;
    }
    Ok(())
}

/// Calls `each` with the pages of a list.
fn pages(
    client: &Client,
    bucket: &str,
    prefix: &str,
    delimiter: &str,
    mut each: impl FnMut(&Json) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut token = String::new();
    loop {
        let mut call = vec!["s3", "list-objects-v2", "--bucket", bucket];
        let options =
            [("--prefix", prefix), ("--delimiter", delimiter), ("--continuation-token", &token)];
        for (name, value) in options.iter().filter(|(_, value)| !value.is_empty()) {
            call.extend([*name, *value]);
        }
        let page = client.call(&call)?;
        each(&page)?;
        field(&page, "NextContinuationToken").clone_into(&mut token);
        if token.is_empty() {
            return Ok(());
        }
    }
}

fn list(client: &Client, at: &str, recursive: bool) -> Result<(), Failure> {
    let (bucket, prefix) = place(at)?;
    pages(client, bucket, prefix, if recursive { "" } else { "/" }, |page| {
        let rows =
            |name: &str| page.get(name).and_then(Json::as_array).cloned().unwrap_or_default();
        // As the AWS CLI has it, names in a folder are without the folder's.
        let folder = if recursive { 0 } else { prefix.rfind('/').map_or(0, |at| at + 1) };
        let shown = |key: &str| key.get(folder..).unwrap_or_default().to_owned();
        for row in rows("CommonPrefixes") {
            writeln!(io::stdout(), "{:27}PRE {}", "", shown(field(&row, "Prefix")))?;
        }
        for row in rows("Contents") {
            let size = row.get("Size").and_then(Json::as_i64).unwrap_or(0);
            let (time, key) = (moment(&row, "LastModified"), shown(field(&row, "Key")));
            writeln!(io::stdout(), "{time} {size:>10} {key}")?;
        }
        Ok(())
    })
}

fn remove(client: &Client, bucket: &str, prefix: &str) -> Result<(), Failure> {
    let mut keys = Vec::new();
    pages(client, bucket, prefix, "", |page| {
        let rows = page.get("Contents").and_then(Json::as_array).into_iter().flatten();
        keys.extend(rows.map(|row| field(row, "Key").to_owned()));
        Ok(())
    })?;
    for key in keys {
        client.call(&["s3", "delete-object", "--bucket", bucket, "--key", &key])?;
        writeln!(io::stdout(), "delete: s3://{bucket}/{key}")?;
    }
    Ok(())
}

fn copy(
    client: &Client,
    from: &str,
    to: &str,
    said: impl Fn(String) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let whole = |key: &str, from: &str| {
        if key.is_empty() || key.ends_with('/') {
            [key, &name(from)].concat()
        } else {
            key.to_owned()
        }
    };
    match (from.starts_with("s3://"), to.starts_with("s3://")) {
        (true, true) => {
            let ((bucket, key), (other, into)) = (place(from)?, place(to)?);
            let (source, into) = (encoded(&format!("{bucket}/{key}")), whole(into, from));
            let call =
                ["s3", "copy-object", "--bucket", other, "--key", &into, "--copy-source", &source];
            client.call(&call)?;
            said(format!("copy: {from} to s3://{other}/{into}"))
        }
        (false, true) => {
            let (bucket, key) = place(to)?;
            let key = whole(key, from);
            transfer(client, &encoded(&format!("/{bucket}/{key}")), &Transfer::Up(from))?;
            if from == "-" {
                Ok(())
            } else {
                said(format!("upload: {from} to s3://{bucket}/{key}"))
            }
        }
        (true, false) => {
            let (bucket, key) = place(from)?;
            let is_folder = to.ends_with('/') || Path::new(to).is_dir();
            let joined = Path::new(to).join(name(key));
            let to = if is_folder { joined.to_string_lossy() } else { to.into() };
            transfer(client, &encoded(&format!("/{bucket}/{key}")), &Transfer::Down(&to))?;
            if to == "-" { Ok(()) } else { said(format!("download: {from} to {to}")) }
        }
        (false, false) => usage("cp: one of both begins with s3://"),
    }
}

/// An object's bytes: up from a file, or down into one. `-` is this process's own input and output.
enum Transfer<'a> {
    Up(&'a str),
    Down(&'a str),
}

/// Moves an object's bytes over a connection of its own.
fn transfer(client: &Client, path: &str, how: &Transfer<'_>) -> Result<(), Failure> {
    let mut stream = TcpStream::connect(address(&client.config)?)?;
    let scope = format!("test/20260101/{}/s3/aws4_request", client.region);
    let signed = format!(
        "Host: localhost\r\nConnection: close\r\nX-Amz-Content-Sha256: UNSIGNED-PAYLOAD\r\nAuthorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={:064}\r\n",
        0
    );
    match how {
        Transfer::Up("-") => {
            let mut body = Vec::new();
            io::stdin().read_to_end(&mut body)?;
            write!(
                stream,
                "PUT {path} HTTP/1.1\r\n{signed}Content-Length: {}\r\n\r\n",
                body.len()
            )?;
            stream.write_all(&body)?;
        }
        Transfer::Up(file) => {
            let mut body = open(file)?;
            let length = body.metadata()?.len();
            write!(stream, "PUT {path} HTTP/1.1\r\n{signed}Content-Length: {length}\r\n\r\n")?;
            io::copy(&mut body, &mut stream)?;
        }
        Transfer::Down(_) => write!(stream, "GET {path} HTTP/1.1\r\n{signed}\r\n")?,
    }
    let mut answer = io::BufReader::new(stream);
    let (mut head, mut line) = (String::new(), String::new());
    while answer.read_line(&mut line)? > 2 {
        head.push_str(&std::mem::take(&mut line));
    }
    let status = head.split(' ').nth(1).unwrap_or_default().to_owned();
    if status != "200" {
        let mut body = String::new();
        answer.take(4096).read_to_string(&mut body)?;
        let part = |tag: &str| {
            let (_, rest) = body.split_once(&format!("<{tag}>"))?;
            Some(rest.split('<').next()?.to_owned())
        };
        let why = part("Message").unwrap_or(status);
        return Err(Failure(1, format!("{}: {why}", part("Code").unwrap_or_default())));
    }
    match how {
        Transfer::Up(_) => {}
        Transfer::Down("-") => drop(io::copy(&mut answer, &mut io::stdout().lock())?),
        Transfer::Down(file) => drop(io::copy(&mut answer, &mut create(file)?)?),
    }
    Ok(())
}

fn named(file: &str, error: &io::Error) -> Failure {
    Failure(255, format!("{file}: {error}"))
}

fn open(file: &str) -> Result<File, Failure> {
    File::open(file).map_err(|error| named(file, &error))
}

fn create(file: &str) -> Result<File, Failure> {
    File::create(file).map_err(|error| named(file, &error))
}

/// A path as it stands in a request's first line.
fn encoded(path: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    path.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_paths() {
        assert_eq!(place("s3://b/a/k").unwrap(), ("b", "a/k"));
        assert_eq!(place("s3://b").unwrap(), ("b", ""));
        assert!(place("b/k").is_err() && place("s3://").is_err());
        assert_eq!(encoded("/b/a key?ü"), "/b/a%20key%3F%C3%BC");
    }
}
