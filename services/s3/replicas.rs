//! Replication: what is written to a bucket is written to those that its rules name, in the same
//! moment and under the same version id. Bytes are shared, whatever the regions.

use std::sync::Arc;

use cumulet_core::{Arn, Cx};

use crate::api;
use crate::attributes::{Attributes, StorageClass};
use crate::events::{Kind, Subject};
use crate::state::{At, Bucket, Tables, Version, VersionKey};
use crate::versions::{Row, VersionId, Versioning};

/// Which objects a rule is about, wherever it says so.
pub(crate) struct Filter<'a> {
    prefix: &'a str,
    pub(crate) tags: Vec<&'a api::Tag>,
}

impl<'a> Filter<'a> {
    pub(crate) fn of(rule: &'a api::ReplicationRule) -> Self {
        let filter = rule.filter.as_ref();
        let and = filter.and_then(|f| f.and.as_ref());
        let prefix = and.and_then(|a| a.prefix.as_deref());
        let prefix = prefix.or_else(|| filter.and_then(|f| f.prefix.as_deref()));
        let tags = and.and_then(|a| a.tags.as_ref()).into_iter().flatten();
        Self {
            prefix: prefix.or(rule.prefix.as_deref()).unwrap_or_default(),
            tags: tags.chain(filter.and_then(|f| f.tag.as_ref())).collect(),
        }
    }

    fn wants(&self, key: &str, row: &Row) -> bool {
        let tagged = |tag: &&api::Tag| match row {
            Row::Object(version) => {
                let value = tag.key.as_ref().and_then(|key| version.attributes.tags.get(key));
                value == tag.value.as_ref()
            }
            Row::Marker(_) => false,
        };
        key.starts_with(self.prefix) && self.tags.iter().all(tagged)
    }
}

/// The bucket that a rule's replicas go to.
pub(crate) fn destination(rule: &api::ReplicationRule) -> Option<&str> {
    let arn = Arn::parse(rule.destination.as_ref()?.bucket.as_deref()?)?;
    (arn.service == "s3").then_some(arn.resource)
}

/// Whether a rule is also about delete markers. Rules of the first schema, without a filter, are.
fn takes_markers(rule: &api::ReplicationRule) -> bool {
    let status = rule.delete_marker_replication.as_ref().and_then(|m| m.status.as_deref());
    status.map_or(rule.filter.is_none(), |status| status == "Enabled")
}

impl Tables {
    /// Replicates a version or a delete marker that was just written.
    pub(crate) fn replicate(&mut self, cx: &Cx, bucket: &Arc<Bucket>, key: &str, id: VersionId) {
        let Some(given) = self.configuration::<api::ReplicationConfiguration>(&bucket.name) else {
            return;
        };
        let Some(row) = self.versions.get(&At(&bucket.name, key, id.0)).cloned() else { return };
        let mut rules: Vec<&api::ReplicationRule> = Vec::new();
        for rule in given.rules.iter().flatten() {
            rules.insert(rules.partition_point(|r| r.priority >= rule.priority), rule);
        }
        let (mut served, mut status) = (Vec::new(), None);
        for rule in rules {
            let Some(name) = destination(rule).filter(|name| !served.contains(name)) else {
                continue;
            };
            let enabled = rule.status.as_deref() == Some("Enabled");
            let wanted = matches!(row, Row::Object(_)) || takes_markers(rule);
            if !enabled || !wanted || !Filter::of(rule).wants(key, &row) {
                continue;
            }
            served.push(name);
            let class = rule.destination.as_ref().and_then(|d| d.storage_class.as_deref());
            let done = self.stand_in(cx, name, key, id, &row, class);
            status =
                if done && status != Some("FAILED") { Some("COMPLETED") } else { Some("FAILED") };
        }
        if status.is_some() {
            self.change(&bucket.name, key, id, |attributes| attributes.replication = status);
        }
    }

    /// Puts a replica into a bucket; false if it keeps no versions any more.
    fn stand_in(
        &mut self,
        cx: &Cx,
        to: &str,
        key: &str,
        id: VersionId,
        row: &Row,
        class: Option<&str>,
    ) -> bool {
        let Some(to) = self.buckets.get(to).cloned() else { return false };
        if to.versioning != Versioning::Enabled {
            return false;
        }
        let (row, kind, subject) = match row {
            Row::Marker(_) => (row.clone(), Kind::MARK, Subject::marker(id)),
            Row::Object(version) => {
                let replica = replica(version, class);
                let subject = Subject::of(&replica).called(id);
                (Row::Object(Arc::new(replica)), Kind::PUT, subject)
            }
        };
        let at = VersionKey { bucket: Arc::clone(&to.name), key: key.into(), age: id.0 };
        // Again where only what stands beside the bytes has changed.
        let is_new = !self.versions.contains(&at);
        self.versions.insert(at, row);
        if is_new {
            self.raise(cx, &to, kind, key, subject);
        }
        true
    }
}

fn replica(version: &Version, class: Option<&str>) -> Version {
    let class = class.and_then(|class| StorageClass::parse(Some(class)).ok());
    let from = &version.attributes;
    let attributes = Attributes {
        storage_class: class.unwrap_or(from.storage_class),
        replication: Some("REPLICA"),
        ..Attributes::clone(from)
    };
    Version { attributes: Arc::new(attributes), ..version.clone() }
}
