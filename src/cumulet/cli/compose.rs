//! `cumulet config validate`: looks at a compose file for the mistakes that people make with it. It reads
//! as much YAML as such files have (blocks, lists, quotes), and judges only what it has understood.

use std::io::{self, Write as _};

use crate::config::{Config, DEFAULT_PORT, Listen};

/// One value of the file, with the names on the way to it; items of a list have the list's.
struct Entry {
    path: Vec<String>,
    value: String,
}

/// What is said of a file.
#[derive(Debug, PartialEq, Eq)]
enum Finding {
    /// It will not work.
    Wrong(String),
    /// It may not do what one thinks.
    Odd(String),
}

/// Prints what is to be said of a file.
///
/// # Errors
/// It cannot be read, or will not work.
pub(super) fn validate(file: &str) -> io::Result<()> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| io::Error::new(error.kind(), format!("{file}: {error}")))?;
    let (mut out, mut wrong) = (io::stdout(), 0);
    for finding in judge(&text) {
        match finding {
            Finding::Wrong(text) => {
                wrong += 1;
                writeln!(out, "error: {text}")?;
            }
            Finding::Odd(text) => writeln!(out, "note: {text}")?,
        }
    }
    if wrong == 0 {
        writeln!(out, "{file} is good")
    } else {
        Err(io::Error::other(format!("{file} has {wrong} error(s)")))
    }
}

fn judge(text: &str) -> Vec<Finding> {
    let entries = entries(text);
    let images = entries.iter().filter_map(|entry| match entry.path.as_slice() {
        [root, service, key] if root == "services" && key == "image" => {
            Some((service, &entry.value)).filter(|(_, image)| is_ours(image))
        }
        _ => None,
    });
    let mut found: Vec<_> =
        images.flat_map(|(name, image)| of_service(&entries, name, image)).collect();
    let built = entries.iter().any(|entry| entry.path.get(2).is_some_and(|key| key == "build"));
    let has_one = entries.iter().any(|e| e.path.len() == 3 && is_ours(&e.value));
    if !has_one && !built {
        found.push(Finding::Wrong(
            "no service has an image called cumulet or localstack".to_owned(),
        ));
    }
    found
}

fn is_ours(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or_default();
    name.starts_with("cumulet") || name.starts_with("localstack")
}

fn of_service(entries: &[Entry], service: &str, image: &str) -> Vec<Finding> {
    let under = |key: &str| {
        let key = key.to_owned();
        entries.iter().filter(move |e| {
            matches!(e.path.as_slice(), [root, s, k, ..] if root == "services" && s == service && *k == key)
        })
    };
    let mut found = Vec::new();
    let environment = under("environment").filter_map(|entry| match entry.path.as_slice() {
        [_, _, _, name, ..] => Some((name.clone(), entry.value.clone())),
        _ => entry.value.split_once('=').map(|(n, v)| (n.to_owned(), v.to_owned())),
    });
    let config = Config::read(environment);
    found.extend(config.notes.iter().map(|note| Finding::Odd(format!("{service}: {note}"))));
    let set = config.variables.contains_key("GATEWAY_LISTEN");
    let only_itself = |l: &Listen| l.addresses().iter().all(|a| a.ip().is_loopback());
    if set && config.listen.iter().all(only_itself) {
        found.push(Finding::Wrong(format!(
            "{service}: GATEWAY_LISTEN is the container's own loopback, which nobody outside reaches"
        )));
    }
    let listen = config.listen.first().filter(|_| set);
    let port = listen.map_or(DEFAULT_PORT, |l| l.port).to_string();
    let published: Vec<_> = under("ports").map(|entry| entry.value.as_str()).collect();
    let inside =
        |text: &str| text.rsplit(':').next().map(|p| p.trim_end_matches("/tcp").to_owned());
    match published.iter().find(|text| inside(text).as_deref() == Some(&port)) {
        None => found.push(Finding::Wrong(format!("{service}: port {port} is not published"))),
        Some(text) if text.split(':').count() < 3 => found.push(Finding::Odd(format!(
            "{service}: {text} lets in everybody on the network; 127.0.0.1:{text} does not"
        ))),
        Some(_) => {}
    }
    for entry in under("volumes") {
        let mounted = entry.value.as_str();
        if mounted.contains("docker.sock") {
            found.push(Finding::Odd(format!("{service}: nothing here uses Docker's socket yet")));
        }
        if mounted.contains("/etc/localstack/init")
            && !image.contains("compat")
            && image.contains("cumulet")
        {
            found.push(Finding::Odd(format!(
                "{service}: {image} has no shell for init scripts; cumulet-compat has"
            )));
        }
        if mounted.contains("docker-entrypoint-initaws.d") {
            found.push(Finding::Wrong(format!(
                "{service}: scripts belong into /etc/localstack/init/ready.d"
            )));
        }
    }
    found
}

/// The values of a file, by indentation.
fn entries(text: &str) -> Vec<Entry> {
    let mut open: Vec<(usize, String)> = Vec::new();
    let mut entries = Vec::new();
    for line in text.lines() {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        let content = content.split(" #").next().unwrap_or_default().trim_end();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let item = content.strip_prefix("- ");
        // A list may stand as far left as its name.
        open.retain(|(at, _)| *at < indent || (item.is_some() && *at == indent));
        let mut path: Vec<_> = open.iter().map(|(_, name)| name.clone()).collect();
        if let Some(value) = item {
            entries.push(Entry { path, value: plain(value) });
        } else if let Some((name, value)) = content.split_once(':') {
            let (name, value) = (plain(name), plain(value));
            if value.is_empty() {
                open.push((indent, name));
            } else {
                path.push(name);
                entries.push(Entry { path, value });
            }
        }
    }
    entries
}

/// Without quotes, and with the default of each `${NAME:-default}`.
fn plain(text: &str) -> String {
    let text = text.trim();
    let text = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    let text = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')).unwrap_or(text);
    let mut out = String::new();
    let mut pieces = text.split("${");
    out.extend(pieces.next());
    for piece in pieces {
        let (variable, rest) = piece.split_once('}').unwrap_or((piece, ""));
        let default = variable.split_once('-').map_or("", |(_, default)| default);
        out.extend([default, rest]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(service: &str) -> Vec<Finding> {
        judge(&format!("services:\n  aws:\n{service}"))
    }

    #[test]
    fn a_good_file_has_nothing_to_be_said_of() {
        let good = "    image: cumulet/cumulet-compat # ours\n    ports:\n      - \"127.0.0.1:4566:4566\"\n    environment:\n      - DEBUG=${DEBUG:-0}\n    volumes:\n    - \"${VOLUME:-./v}:/var/lib/localstack\"\n";
        assert_eq!(said(good), []);
    }

    #[test]
    fn what_will_not_work_is_wrong() {
        let closed = "    image: localstack/localstack:4\n    environment:\n      GATEWAY_LISTEN: 127.0.0.1:4510\n    ports: \n      - 4566:4566\n";
        let found = said(closed);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(matches!(&found[0], Finding::Wrong(text) if text.contains("loopback")));
        assert!(
            matches!(&found[1], Finding::Wrong(text) if text.contains("4510 is not published"))
        );
        assert!(matches!(judge("services:\n  x:\n    image: nginx\n")[..], [Finding::Wrong(_)]));
    }

    #[test]
    fn what_is_odd_is_told() {
        let odd = "    image: cumulet\n    ports:\n      - 4566:4566\n    environment:\n      - DATA_DIR=/tmp\n    volumes:\n      - ./init:/etc/localstack/init/ready.d\n      - /var/run/docker.sock:/var/run/docker.sock\n";
        let found = said(odd);
        assert!(found.iter().all(|finding| matches!(finding, Finding::Odd(_))), "{found:?}");
        for word in ["127.0.0.1:4566:4566", "DATA_DIR", "no shell", "socket"] {
            let has = |f: &Finding| matches!(f, Finding::Odd(text) if text.contains(word));
            assert!(found.iter().any(has), "{word}: {found:?}");
        }
    }
}
