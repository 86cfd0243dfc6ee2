//! Every AWS service there is, compiled in or not, by the names that requests carry. So that a
//! service which is not here is named in an answer of its own format, and never taken for another.

use std::collections::HashMap;
use std::sync::LazyLock;

use cumulet_core::Protocol;

/// One AWS service. Lists are comma separated, the newest API version first.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// LocalStack's name.
    pub(crate) name: &'static str,
    /// The service in a signature's scope.
    pub(crate) signing_name: &'static str,
    /// First part of the host name.
    pub(crate) endpoint_prefix: &'static str,
    target_prefixes: &'static str,
    versions: &'static str,
    protocols: &'static str,
}

/// All services, and the ways to find one.
#[derive(Debug)]
pub(crate) struct Catalog {
    entries: &'static [Entry],
    by_signing_name: Index,
    by_endpoint_prefix: Index,
    by_target_prefix: Index,
}

type Index = HashMap<&'static str, Vec<&'static Entry>>;

/// Names in a signature's scope that the models leave to their endpoint rules.
const SIGNING_ALIASES: [(&str, &str); 3] =
    [("s3express", "s3"), ("s3-object-lambda", "s3"), ("s3-outposts", "s3control")];

/// The catalogue; read at the first request.
pub(crate) static CATALOG: LazyLock<Catalog> =
    LazyLock::new(|| Catalog::read(include_str!("catalog.tsv")));

impl Entry {
    fn read(row: &'static str) -> Self {
        let mut columns = row.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        Self {
            name: next(),
            signing_name: next(),
            endpoint_prefix: next(),
            target_prefixes: next(),
            versions: next(),
            protocols: next(),
        }
    }

    /// The part of `X-Amz-Target` before the dot, also the service in Smithy RPC's paths.
    pub(crate) fn has_target_prefix(&self, prefix: &str) -> bool {
        list(self.target_prefixes).any(|p| p == prefix)
    }

    /// Whether `version` is one of the service's API versions, whatever its punctuation
    /// (S3 Control has `v20180820` in its paths).
    pub(crate) fn has_version(&self, version: &str) -> bool {
        let version = version.trim_start_matches('v').bytes().filter(|b| *b != b'-');
        list(self.versions).any(|v| v.bytes().filter(|b| *b != b'-').eq(version.clone()))
    }

    /// The protocols that it speaks, the preferred one first.
    pub(crate) fn protocols(&self) -> impl Iterator<Item = Protocol> {
        list(self.protocols).filter_map(Protocol::parse)
    }

    /// Whether `protocol` is one of them.
    pub(crate) fn speaks(&self, protocol: Protocol) -> bool {
        self.protocols().any(|p| p == protocol)
    }
}

fn list(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split(',').filter(|item| !item.is_empty())
}

impl Catalog {
    fn read(table: &'static str) -> Self {
        let rows = table.lines().filter(|row| !row.starts_with('#') && !row.is_empty());
        let entries: &'static [Entry] = rows.map(Entry::read).collect::<Vec<_>>().leak();
        let mut catalog = Self {
            entries,
            by_signing_name: Index::new(),
            by_endpoint_prefix: Index::new(),
            by_target_prefix: Index::new(),
        };
        for entry in entries {
            catalog.by_signing_name.entry(entry.signing_name).or_default().push(entry);
            catalog.by_endpoint_prefix.entry(entry.endpoint_prefix).or_default().push(entry);
            for prefix in list(entry.target_prefixes) {
                catalog.by_target_prefix.entry(prefix).or_default().push(entry);
            }
        }
        for (alias, name) in SIGNING_ALIASES {
            catalog.by_signing_name.entry(alias).or_insert_with(|| named(entries, name).collect());
        }
        catalog
    }

    /// The service called `name`.
    pub(crate) fn named(&self, name: &str) -> Option<&'static Entry> {
        named(self.entries, name).next()
    }

    /// The services that sign as `name`.
    pub(crate) fn signing(&self, name: &str) -> &[&'static Entry] {
        self.by_signing_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The services whose hosts begin with `prefix`.
    pub(crate) fn hosted(&self, prefix: &str) -> &[&'static Entry] {
        self.by_endpoint_prefix.get(prefix).map_or(&[], Vec::as_slice)
    }

    /// The services with this target prefix.
    pub(crate) fn targeted(&self, prefix: &str) -> &[&'static Entry] {
        self.by_target_prefix.get(prefix).map_or(&[], Vec::as_slice)
    }

    /// The services of the query protocols with this API version.
    pub(crate) fn versioned<'a>(
        &'a self,
        version: &'a str,
    ) -> impl Iterator<Item = &'static Entry> + 'a {
        self.entries.iter().filter(move |entry| {
            (entry.speaks(Protocol::Query) || entry.speaks(Protocol::Ec2))
                && entry.has_version(version)
        })
    }
}

fn named<'a>(
    entries: &'static [Entry],
    name: &'a str,
) -> impl Iterator<Item = &'static Entry> + 'a {
    entries.iter().filter(move |entry| entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(entries: &[&Entry]) -> Vec<&'static str> {
        entries.iter().map(|e| e.name).collect()
    }

    #[test]
    fn the_table_is_whole() {
        assert!(CATALOG.entries.len() > 300);
        for entry in CATALOG.entries {
            assert!(!entry.signing_name.is_empty(), "{}", entry.name);
            assert!(!entry.endpoint_prefix.is_empty(), "{}", entry.name);
            assert!(entry.protocols().next().is_some(), "{}", entry.name);
        }
    }

    #[test]
    fn services_are_found_by_what_requests_carry() {
        assert_eq!(names(CATALOG.signing("sqs")), ["sqs"]);
        assert_eq!(names(CATALOG.signing("s3")), ["s3", "s3control"]);
        assert_eq!(names(CATALOG.signing("s3express")), ["s3"]);
        assert_eq!(names(CATALOG.targeted("AmazonSQS")), ["sqs"]);
        assert_eq!(names(CATALOG.hosted("streams.dynamodb")), ["dynamodbstreams"]);
        assert_eq!(names(&CATALOG.versioned("2012-11-05").collect::<Vec<_>>()), ["sqs"]);
        assert!(CATALOG.named("s3control").unwrap().has_version("v20180820"));
        assert!(CATALOG.signing("nothing").is_empty());
    }
}
