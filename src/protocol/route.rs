//! Which operation a request is for.
//!
//! In the REST protocols method, path and query say so. Where several operations share a path, the
//! most specific one wins: literal segments before labels, more fixed parameters before fewer, and
//! then the operation all of whose required parameters and headers are there. That is how S3 tells
//! `UploadPartCopy` from `UploadPart`, `CopyObject` and `PutObject`, which share method and path.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{LazyLock, RwLock};

use cumulet_core::model::{Location, Member, OperationModel};
use cumulet_core::{AwsError, Model, Protocol};
use http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::form;

/// An operation of a model that a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// Index in [`Model::operations`].
    pub operation: usize,
    /// The labels in the path, percent-decoded.
    pub labels: Vec<(&'static str, String)>,
}

/// Finds the operation. `form` is the body of form posts (query, ec2), needed there only.
/// An operation that is not in the model is an error in the protocol's own words.
pub fn find_operation(
    protocol: Protocol,
    model: &'static Model,
    parts: &Parts,
    form: &[u8],
) -> Result<Matched, AwsError> {
    match protocol {
        Protocol::RestJson | Protocol::RestXml => Table::of(model).find(protocol, parts),
        Protocol::Json | Protocol::Cbor => {
            let target = parts.headers.get("x-amz-target").and_then(|t| t.to_str().ok());
            let name = target.and_then(|t| t.rsplit('.').next()).unwrap_or_default();
            by_name(model, name).ok_or_else(|| AwsError::new("UnknownOperationException", 400, ""))
        }
        Protocol::RpcV2Cbor => {
            let name = parts.uri.path().rsplit('/').next().unwrap_or_default();
            by_name(model, name).ok_or_else(|| AwsError::new("UnknownOperationException", 404, ""))
        }
        Protocol::Query | Protocol::Ec2 => {
            let query = parts.uri.query().unwrap_or_default();
            let Some(name) =
                form::find(form, "Action").or_else(|| form::find(query.as_bytes(), "Action"))
            else {
                let message = "The request must contain the parameter Action";
                return Err(AwsError::new("MissingAction", 400, message));
            };
            by_name(model, &name).ok_or_else(|| {
                // The services that have left query for JSON have a text of their own.
                let at = if model.metadata.query_compatible { "endpoint" } else { "web service" };
                let message = format!("The action {name} is not valid for this {at}.");
                AwsError::new("InvalidAction", 400, message)
            })
        }
    }
}

fn by_name(model: &Model, name: &str) -> Option<Matched> {
    Some(Matched { operation: model.operation(name)?, labels: Vec::new() })
}

/// The operations of one model, ready for matching.
#[derive(Debug)]
struct Table {
    /// The most specific first.
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    operation: usize,
    name: &'static str,
    method: &'static str,
    path: Vec<Segment>,
    ranks: Vec<u8>,
    fixed: Vec<(&'static str, Option<&'static str>)>,
    /// Parameters that are members.
    bound: Vec<&'static str>,
    /// Those of them that are required, and required headers.
    query: Vec<&'static str>,
    headers: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug)]
enum Segment {
    Literal(&'static str),
    Label(&'static str),
    /// Takes slashes too; may be followed by literals.
    Greedy(&'static str),
}

static TABLES: LazyLock<RwLock<HashMap<usize, &'static Table>>> = LazyLock::new(RwLock::default);

impl Table {
    /// Made at the first request for the model and kept: models live as long as the program.
    fn of(model: &'static Model) -> &'static Self {
        let key = std::ptr::from_ref(model).addr();
        if let Some(table) = TABLES.read().ok().and_then(|tables| tables.get(&key).copied()) {
            return table;
        }
        let table: &'static Self = Box::leak(Box::new(Self::new(model)));
        TABLES.write().map_or(table, |mut tables| *tables.entry(key).or_insert(table))
    }

    fn new(model: &'static Model) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        // Of two operations with one and the same request the newer one is meant: it has the name of
        // the older one and more (S3's PutBucketLifecycleConfiguration). So a name's end comes last.
        let name = |row: &Row| row.name.bytes().chain([u8::MAX]);
        let order = |a: &Row, b: &Row| {
            let rank = a.rank().cmp(&b.rank());
            rank.then(b.required().cmp(&a.required())).then_with(|| name(a).cmp(name(b)))
        };
        for (index, operation) in model.operations.iter().enumerate() {
            let row = Row::new(model, index, operation);
            rows.insert(rows.partition_point(|other| order(other, &row).is_lt()), row);
        }
        Self { rows }
    }

    fn find(&self, protocol: Protocol, parts: &Parts) -> Result<Matched, AwsError> {
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        let query: Vec<_> = form::pairs(parts.uri.query().unwrap_or_default().as_bytes()).collect();
        let has = |name: &str| query.iter().any(|(n, _)| n == name);
        let mut incomplete: Option<&Row> = None;
        for row in self.rows.iter().filter(|row| row.method == method) {
            let fixed = row.fixed.iter().all(|(name, value)| {
                query.iter().any(|(n, v)| n == name && value.is_none_or(|value| v == value))
            });
            if !fixed || !row.fits(path) || self.means_another(row, path, &query) {
                continue;
            }
            if incomplete.is_some_and(|before| before.rank() != row.rank()) {
                break;
            }
            let complete = row.query.iter().all(|name| has(name))
                && row.headers.iter().all(|name| parts.headers.contains_key(*name));
            if complete {
                return row.matched(path);
            }
            // Of those alike but for what they require, the last requires least.
            incomplete = Some(row);
        }
        if let Some(row) = incomplete {
            return row.matched(path);
        }
        let path_is_known = self.rows.iter().any(|row| row.fits(path));
        Err(match (protocol, path_is_known) {
            (Protocol::RestXml, _) => {
                let message = "The specified method is not allowed against this resource.";
                AwsError::new("MethodNotAllowed", 405, message)
            }
            (_, true) => AwsError::new("MethodNotAllowedException", 405, "Method Not Allowed"),
            (_, false) => AwsError::new("UnknownOperationException", 404, ""),
        })
    }
}

impl Table {
    /// Whether a parameter names a part of the resource that this operation does not know but
    /// another one of its path does: `DELETE /bucket?location` must not delete the bucket.
    fn means_another(&self, row: &Row, path: &str, query: &[form::Pair<'_>]) -> bool {
        query.iter().any(|(name, value)| {
            let names = |row: &Row| row.fixed.iter().any(|(n, v)| n == name && v.is_none());
            let known = row.bound.iter().any(|bound| bound == name);
            value.is_empty()
                && !known
                && !names(row)
                && self.rows.iter().any(|other| names(other) && other.fits(path))
        })
    }
}

impl Row {
    fn new(model: &Model, operation: usize, o: &'static OperationModel) -> Self {
        let (path, query) = o.uri.split_once('?').unwrap_or((o.uri, ""));
        let fixed = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            pair.split_once('=').map_or((pair, None), |(name, value)| (name, Some(value)))
        });
        let members = o.input.map(|id| &*model.shape(id).members).unwrap_or_default();
        let required = |location| {
            let is_it = move |m: &&Member| m.required && m.location == location;
            members.iter().filter(is_it).map(Member::wire_name).collect()
        };
        let path: Vec<_> = segments(path).map(Segment::new).collect();
        Self {
            operation,
            name: o.name,
            method: o.method,
            // The end comes last: a greedy label goes on behind it only where nothing else is said.
            ranks: path.iter().map(|segment| segment.rank()).chain([3]).collect(),
            path,
            fixed: fixed.collect(),
            bound: members
                .iter()
                .filter(|m| m.location == Location::Query)
                .map(Member::wire_name)
                .collect(),
            query: required(Location::Query),
            headers: required(Location::Header),
        }
    }

    /// How specific it is: less is more.
    fn rank(&self) -> (&[u8], Reverse<usize>) {
        (&self.ranks, Reverse(self.fixed.len()))
    }

    fn required(&self) -> usize {
        self.query.len() + self.headers.len()
    }

    fn matched(&self, path: &str) -> Result<Matched, AwsError> {
        let mut labels = Vec::new();
        let mut broken = false;
        self.walk(path, &mut |name, text| match percent_decode_str(text).decode_utf8() {
            Ok(text) => labels.push((name, text.into_owned())),
            Err(_) => broken = true,
        });
        if broken {
            return Err(AwsError::new("InvalidURI", 400, "Couldn't parse the specified URI."));
        }
        Ok(Matched { operation: self.operation, labels })
    }

    /// Whether `path` is this operation's; tells `label` the labels, still encoded.
    fn walk<'p>(&self, path: &'p str, label: &mut dyn FnMut(&'static str, &'p str)) -> bool {
        let Some(mut rest) = path.strip_prefix('/') else { return false };
        for (i, segment) in self.path.iter().enumerate() {
            if let Segment::Greedy(name) = segment {
                let after = self.path.get(i + 1..).unwrap_or_default();
                let text = after.iter().rev().try_fold(rest, |text, segment| match segment {
                    Segment::Literal(literal) => text.strip_suffix(*literal)?.strip_suffix('/'),
                    Segment::Label(_) | Segment::Greedy(_) => None,
                });
                label(name, text.unwrap_or_default());
                return text.is_some_and(|text| !text.is_empty());
            }
            let (text, after) = rest.split_once('/').unwrap_or((rest, ""));
            match segment {
                Segment::Literal(literal) if *literal != text => return false,
                _ if text.is_empty() => return false,
                Segment::Label(name) => label(name, text),
                Segment::Literal(_) | Segment::Greedy(_) => {}
            }
            rest = after;
        }
        rest.is_empty()
    }

    fn fits(&self, path: &str) -> bool {
        self.walk(path, &mut |_, _| {})
    }
}

fn segments(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

impl Segment {
    fn new(text: &'static str) -> Self {
        match text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
            Some(label) => match label.strip_suffix('+') {
                Some(label) => Self::Greedy(label),
                None => Self::Label(label),
            },
            None => Self::Literal(text),
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Label(_) => 1,
            Self::Greedy(_) => 2,
        }
    }
}
