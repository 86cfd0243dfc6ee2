//! Rules about the tree that no compiler checks: what stands where, who may know whom, what is never committed.
//! A rule looks at text only; it builds nothing and asks neither cargo nor git.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Every text file by its path from the root, with `/` between folders.
type Tree = BTreeMap<String, String>;

/// What a rule has found; empty when all is well.
type Found = Vec<String>;

type Rule = fn(&Tree) -> Found;

/// What must hold, and who looks.
const RULES: &[(&str, Rule)] = &[
    ("every .rs file begins with `//!`: what it is and what it is not", begins_with_doc),
    ("no .rs file is longer than 800 lines: cut it by noun", short_enough),
    ("every member manifest has `[lints] workspace = true`", takes_the_lints),
    ("folder in services/ = feature = line in services.rs = row in features.md", same_services),
    ("only services.rs asks whether a service is compiled in", asks_in_one_place),
    ("crates know only those below them (DESIGN: who may import whom)", knows_only_below),
    ("no path of somebody's machine", no_machine_paths),
    ("nothing is left open", nothing_open),
    ("no file is called utils, helpers, common or manager", named_for_a_noun),
    ("a test turns the clock, it never sleeps", never_sleeps),
    ("every API model names the source that NOTICE speaks of", models_name_their_source),
];

/// Files that may pass the wall, with the reason.
const LONG: &[(&str, &str)] = &[];

const LINES_MAX: usize = 800;

/// What is made here and not written here.
const SKIPPED: &[&str] =
    &[".git", ".pytest_cache", ".venv", "__pycache__", "node_modules", "target"];

/// Crates of ours that each may have in `[dependencies]`; a service has the last row.
const BELOW: &[(&str, &[&str])] = &[
    ("src/compress/", &["crc"]),
    ("src/core/", &[]),
    ("src/crc/", &[]),
    ("src/escape/", &[]),
    ("src/md5/", &[]),
    ("src/memory/", &[]),
    ("src/openkey/", &[]),
    ("src/patterns/", &[]),
    ("src/protocol/", &["core", "crc", "escape"]),
    ("src/sigv4/", &["core"]),
    ("src/store/", &["core"]),
    (
        "services/",
        &[
            "compress", "core", "crc", "escape", "md5", "openkey", "patterns", "protocol", "sigv4",
            "store",
        ],
    ),
];

fn grow(root: &Path, at: &str, tree: &mut Tree) {
    let folder = root.join(at);
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let entry = entry.expect("an entry of a folder that was just opened");
        let name = entry.file_name().to_string_lossy().into_owned();
        if SKIPPED.contains(&name.as_str()) {
            continue;
        }
        let path = if at.is_empty() { name.clone() } else { format!("{at}/{name}") };
        let kind = entry.file_type().expect("the type of a file that was just listed");
        if kind.is_dir() {
            grow(root, &path, tree);
        } else if kind.is_file()
            && let Ok(text) = std::fs::read_to_string(entry.path())
        {
            tree.insert(path, text);
        }
    }
}

fn with_end<'a>(tree: &'a Tree, end: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    tree.iter().filter(move |(path, _)| path.ends_with(end)).map(|(p, t)| (p.as_str(), t.as_str()))
}

/// Every line that `bad` says yes to, as `path:line`.
fn lines<'a>(files: impl Iterator<Item = (&'a str, &'a str)>, bad: impl Fn(&str) -> bool) -> Found {
    files
        .flat_map(|(path, text)| text.lines().enumerate().map(move |(n, line)| (path, n + 1, line)))
        .filter(|(_, _, line)| bad(line))
        .map(|(path, n, line)| format!("{path}:{n}: {}", line.trim()))
        .collect()
}

/// The lines of a manifest's `[section]`, comments and blank lines left out.
fn section<'a>(manifest: &'a str, name: &str) -> Vec<&'a str> {
    manifest
        .lines()
        .map(str::trim)
        .skip_while(|line| line.trim_matches(['[', ']']) != name || !line.starts_with('['))
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// What a manifest's section depends on, by the name before `.workspace` or `=`.
fn dependencies<'a>(manifest: &'a str, name: &str) -> Vec<&'a str> {
    let key = |line: &'a str| line.split(['.', '=', ' ']).next();
    section(manifest, name).into_iter().filter_map(key).collect()
}

/// The words of `text` that follow `start`, as far as they are good for a name.
fn names_after(text: &str, start: &str) -> BTreeSet<String> {
    let name = |rest: &str| {
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect()
    };
    text.split(start).skip(1).map(name).filter(|name: &String| !name.is_empty()).collect()
}

fn services(tree: &Tree) -> BTreeSet<String> {
    let folder = |path: &String| {
        path.strip_prefix("services/")?.strip_suffix("/Cargo.toml").map(str::to_owned)
    };
    tree.keys().filter_map(folder).collect()
}

fn begins_with_doc(tree: &Tree) -> Found {
    with_end(tree, ".rs")
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(p, _)| p.to_owned())
        .collect()
}

fn short_enough(tree: &Tree) -> Found {
    let excused = |path: &str| LONG.iter().any(|(long, _)| *long == path);
    let too_long = |text: &str| text.lines().count() > LINES_MAX;
    let walls = with_end(tree, ".rs").filter(|(path, text)| too_long(text) && !excused(path));
    let stale = LONG.iter().filter(|(long, _)| !tree.get(*long).is_some_and(|text| too_long(text)));
    walls
        .map(|(path, text)| format!("{path}: {} lines", text.lines().count()))
        .chain(stale.map(|(long, _)| format!("{long}: excused, and needs no excuse")))
        .collect()
}

fn takes_the_lints(tree: &Tree) -> Found {
    with_end(tree, "/Cargo.toml")
        .filter(|(_, text)| !section(text, "lints").contains(&"workspace = true"))
        .map(|(path, _)| path.to_owned())
        .collect()
}

fn same_services(tree: &Tree) -> Found {
    let text = |path: &str| tree.get(path).map_or("", String::as_str);
    let features: BTreeSet<String> = section(text("src/cumulet/Cargo.toml"), "features")
        .into_iter()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim(), value))
        .filter(|(name, value)| value.contains(&format!("\"dep:cumulet-{name}\"")))
        .map(|(name, _)| name.to_owned())
        .collect();
    let idents = names_after(text("src/cumulet/services.rs"), "cumulet_");
    let not_services = ["codegen", "core", "patterns", "protocol", "sigv4", "store", "testkit"];
    let registry = idents
        .iter()
        .filter(|ident| !not_services.contains(&ident.as_str()))
        .map(|ident| ident.replace('_', "-"))
        .collect();
    let rows: BTreeSet<String> = text("features.md")
        .lines()
        .filter(|line| line.starts_with('|'))
        .flat_map(|line| {
            line.split('|').filter_map(|cell| cell.trim().strip_prefix('`')?.strip_suffix('`'))
        })
        .filter(|name| !name.contains('`'))
        .map(str::to_owned)
        .collect();
    let folders = services(tree);
    let exact = [("feature", features), ("line in services.rs", registry)];
    let mut found = Found::new();
    for (what, there) in &exact {
        found
            .extend(folders.difference(there).map(|name| format!("services/{name} has no {what}")));
        found.extend(
            there.difference(&folders).map(|name| format!("a {what}, but no services/{name}")),
        );
    }
    found.extend(
        folders.difference(&rows).map(|name| format!("services/{name} has no row in features.md")),
    );
    found
}

fn asks_in_one_place(tree: &Tree) -> Found {
    let asked: Vec<String> =
        services(tree).iter().map(|name| format!("feature = {name:?}")).collect();
    let others = with_end(tree, ".rs").filter(|(path, _)| *path != "src/cumulet/services.rs");
    lines(others, |line| asked.iter().any(|feature| line.contains(feature)))
}

fn knows_only_below(tree: &Tree) -> Found {
    let mut found = Found::new();
    for (path, text) in with_end(tree, "/Cargo.toml") {
        let Some((_, below)) = BELOW.iter().find(|(crates, _)| path.starts_with(crates)) else {
            continue;
        };
        for dependency in dependencies(text, "dependencies") {
            let ours = dependency.strip_prefix("cumulet-");
            let socket = dependency.starts_with("hyper") && path != "src/cumulet/Cargo.toml";
            if socket || ours.is_some_and(|ours| !below.contains(&ours)) {
                found.push(format!("{path} depends on {dependency}"));
            }
        }
    }
    let folders = services(tree);
    for (path, text) in
        with_end(tree, "/Cargo.toml").filter(|(path, _)| path.starts_with("services/"))
    {
        for kind in ["dev-dependencies", "build-dependencies"] {
            let names = dependencies(text, kind).into_iter();
            let others = names
                .filter(|name| name.strip_prefix("cumulet-").is_some_and(|n| folders.contains(n)));
            found.extend(others.map(|other| format!("{path} depends on {other}")));
        }
    }
    found
}

fn no_machine_paths(tree: &Tree) -> Found {
    // Put together here, so that this file obeys too.
    let homes = ["home", "root", "Users", "work"].map(|folder| format!("/{folder}/"));
    let within = |c: char| c.is_alphanumeric() || "_.-*}".contains(c);
    lines(with_end(tree, ""), |line| {
        homes.iter().any(|home| {
            let before = |(at, _)| line.get(..at).and_then(|start| start.chars().next_back());
            line.match_indices(home).any(|hit| !before(hit).is_some_and(within))
        })
    })
}

fn nothing_open(tree: &Tree) -> Found {
    let open = ["todo", "unimplemented", "dbg"].map(|name| format!("{name}!("));
    lines(with_end(tree, ".rs"), |line| open.iter().any(|call| line.contains(call)))
}

fn named_for_a_noun(tree: &Tree) -> Found {
    let nobody = ["utils", "util", "helpers", "helper", "common", "manager"];
    let stems = |path: &str| {
        path.split('/').any(|part| nobody.contains(&part.split('.').next().unwrap_or(part)))
    };
    tree.keys().filter(|path| stems(path)).cloned().collect()
}

fn never_sleeps(tree: &Tree) -> Found {
    let call = ["sleep", "("].concat();
    let tests = tree.iter().filter(|(path, _)| path.split('/').any(|part| part == "tests"));
    let code =
        tests.filter(|(path, _)| [".rs", ".py", ".mjs"].iter().any(|end| path.ends_with(end)));
    lines(code.map(|(path, text)| (path.as_str(), text.as_str())), |line| line.contains(&call))
}

fn models_name_their_source(tree: &Tree) -> Found {
    let model = |path: &str| path.ends_with("/model.json") || path.starts_with("tests/models/");
    with_end(tree, ".json")
        .filter(|(path, text)| {
            model(path)
                && !text.lines().take(3).any(|line| line.starts_with("\"source\":\"botocore "))
        })
        .map(|(path, _)| path.to_owned())
        .collect()
}

#[test]
fn the_tree_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut tree = Tree::new();
    grow(&root, "", &mut tree);
    let broken = RULES.iter().filter_map(|(rule, look)| {
        let found = look(&tree);
        (!found.is_empty()).then(|| format!("{rule}\n    {}\n", found.join("\n    ")))
    });
    let report: Vec<_> = broken.collect();
    assert!(report.is_empty(), "the tree is not tidy\n\n{}", report.join("\n"));
}

#[test]
fn every_rule_can_be_broken() {
    let open = ["to", "do!("].concat();
    let bad = [
        ("src/core/Cargo.toml", "[dependencies]\ncumulet-store.workspace = true\n".to_owned()),
        ("src/cumulet/Cargo.toml", "[features]\nsns = [\"dep:cumulet-sns\"]\n".to_owned()),
        ("services/sqs/Cargo.toml", "[lints]\nworkspace = true\n".to_owned()),
        ("services/sqs/model.json", "{}".to_owned()),
        (
            "services/sqs/lib.rs",
            format!("#[cfg(feature = \"sqs\")]\n{open})\n{}", "\n".repeat(LINES_MAX)),
        ),
        ("services/sqs/tests/utils.rs", ["sl", "eep(1)"].concat()),
        ("README.md", ["see `/ho", "me/me/x`"].concat()),
    ];
    let tree: Tree = bad.into_iter().map(|(path, text)| (path.to_owned(), text)).collect();
    let unbroken: Vec<_> =
        RULES.iter().filter(|(_, look)| look(&tree).is_empty()).map(|(rule, _)| rule).collect();
    assert!(unbroken.is_empty(), "{unbroken:#?}");
}
