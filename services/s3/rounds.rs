//! The round that lifecycle makes every midnight, as S3 does: what has served its time goes or
//! changes its storage class, each change only if its object is still as it was found.

use std::ops::Bound;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx, Timestamp, Value};

use crate::api;
use crate::attributes::StorageClass;
use crate::bucket::lifecycle::MINIMUM_SIZE;
use crate::delivery::on_behalf;
use crate::events::{Kind, Subject};
use crate::lifecycle::{Filter, due, enabled};
use crate::state::{At, Bucket, S3, Tables, UploadKey, Version, VersionKey};
use crate::versions::{Row, VersionId};

/// Smaller objects stay where they are, unless a rule says a size.
const TRANSITION_SIZE_MIN: u64 = 128 << 10;
/// Changes of one write; others want to write, too.
const BATCH_MAX: usize = 1000;

/// What a round does.
#[derive(Debug)]
enum Change {
    /// Deletes the current object, as a request without a version id does.
    Expire(VersionKey),
    /// Takes an old version or a delete marker away.
    Remove(VersionKey),
    Move(VersionKey, StorageClass),
    Abort(UploadKey),
}

/// Makes a round, if it is time.
pub(crate) fn run(s3: &S3, cx: &Cx) {
    let is_due = |t: &Tables| t.rounds.get(&()).is_some_and(|at| *at <= cx.now());
    if !s3.read(cx, is_due) {
        return;
    }
    let buckets: Vec<_> = s3.read(cx, |t| {
        let all = t.buckets.iter().map(|(_, bucket)| bucket);
        let with = |b: &&Arc<Bucket>| t.is_configured::<api::BucketLifecycleConfiguration>(&b.name);
        all.filter(with).cloned().collect()
    });
    for bucket in &buckets {
        let changes = s3.read(cx, |t| changes(t, bucket, cx.now()));
        let cx = on_behalf(cx, bucket, bucket.owner, bucket.region);
        for batch in changes.chunks(BATCH_MAX) {
            let made = s3.write(&cx, |t| {
                for change in batch {
                    make(t, &cx, bucket, change);
                }
                Ok::<_, AwsError>(())
            });
            debug_assert!(made.is_ok(), "a round refuses nothing");
        }
    }
    let _ = s3.write(cx, |t| {
        t.rounds.remove(&());
        if !buckets.is_empty() {
            t.begin_rounds(cx);
        }
        Ok(())
    });
}

/// What is due in a bucket.
fn changes(t: &Tables, bucket: &Bucket, now: Timestamp) -> Vec<Change> {
    let name = &*bucket.name;
    let Some(given) = t.configuration::<api::BucketLifecycleConfiguration>(name) else {
        return Vec::new();
    };
    let sizes = t.kept(name, MINIMUM_SIZE, "").and_then(Value::as_str);
    let by_class = sizes == Some("varies_by_storage_class");
    let rules = enabled(&given).map(|rule| (rule, Filter::of(rule))).collect();
    let round = Round { rules, by_class, now };
    let mut changes = Vec::new();
    let mut versions = Vec::new();
    for row in t.versions_in(name, Bound::Included(At(name, "", 0))) {
        if versions.last().is_some_and(|(at, _): &(&VersionKey, _)| at.key != row.0.key) {
            round.look(&versions, &mut changes);
            versions.clear();
        }
        versions.push(row);
    }
    round.look(&versions, &mut changes);
    for (at, upload) in t.uploads_in(name, Bound::Included(At(name, "", ""))) {
        if t.abortion(name, &at.key, upload.initiated).is_some_and(|(end, _)| end <= now) {
            changes.push(Change::Abort(at.clone()));
        }
    }
    changes
}

/// One bucket's rules at one time.
struct Round<'a> {
    rules: Vec<(&'a api::LifecycleRule, Filter<'a>)>,
    by_class: bool,
    now: Timestamp,
}

impl Round<'_> {
    /// Looks at one key's versions, newest first.
    fn look(&self, versions: &[(&VersionKey, &Row)], changes: &mut Vec<Change>) {
        let mut newer: Option<Timestamp> = None;
        for (i, (at, row)) in versions.iter().enumerate() {
            let change = match newer {
                None => self.current(at, row, versions.len() == 1),
                Some(since) => self.noncurrent(at, row, since, i - 1),
            };
            changes.extend(change);
            newer = Some(row.modified());
        }
    }

    fn is_past(&self, at: Option<Timestamp>) -> bool {
        at.is_some_and(|at| at <= self.now)
    }

    fn current(&self, at: &VersionKey, row: &Row, alone: bool) -> Option<Change> {
        let version = match row {
            Row::Object(version) => version,
            Row::Marker(_) => {
                return self.is_over(at, row, alone).then(|| Change::Remove(at.clone()));
            }
        };
        let mut to = None;
        for (rule, filter) in &self.rules {
            if !filter.wants(&at.key, version) {
                continue;
            }
            let expiration = rule.expiration.as_ref();
            if self.is_past(expiration.and_then(|e| due(version.modified, e.date, e.days))) {
                return Some(Change::Expire(at.clone()));
            }
            let moves = rule.transitions.iter().flatten();
            let moves = moves.filter_map(|m| {
                Some((due(version.modified, m.date, m.days)?, m.storage_class.as_deref()?))
            });
            to = to.max(self.latest(moves, filter, version));
        }
        change_class(at, version, to)
    }

    /// Whether a delete marker with nothing behind it has served its time.
    fn is_over(&self, at: &VersionKey, marker: &Row, alone: bool) -> bool {
        alone
            && self.rules.iter().any(|(rule, filter)| {
                let expiration = rule.expiration.as_ref();
                at.key.starts_with(filter.prefix)
                    && expiration.is_some_and(|e| {
                        e.expired_object_delete_marker == Some(true)
                            || self.is_past(due(marker.modified(), e.date, e.days))
                    })
            })
    }

    fn noncurrent(
        &self,
        at: &VersionKey,
        row: &Row,
        since: Timestamp,
        newer: usize,
    ) -> Option<Change> {
        let enough = |keep: Option<i32>| {
            keep.is_none_or(|keep| usize::try_from(keep).is_ok_and(|keep| newer >= keep))
        };
        let mut to = None;
        for (rule, filter) in &self.rules {
            let wanted = match row {
                Row::Object(version) => filter.wants(&at.key, version),
                Row::Marker(_) => at.key.starts_with(filter.prefix) && filter.tags.is_empty(),
            };
            if !wanted {
                continue;
            }
            let expiration = rule.noncurrent_version_expiration.as_ref();
            let expiration = expiration.filter(|e| enough(e.newer_noncurrent_versions));
            if self.is_past(expiration.and_then(|e| due(since, None, e.noncurrent_days))) {
                return Some(Change::Remove(at.clone()));
            }
            let Row::Object(version) = row else { continue };
            let moves = rule.noncurrent_version_transitions.iter().flatten();
            let moves = moves.filter(|m| enough(m.newer_noncurrent_versions));
            let moves = moves.filter_map(|m| {
                Some((due(since, None, m.noncurrent_days)?, m.storage_class.as_deref()?))
            });
            to = to.max(self.latest(moves, filter, version));
        }
        let Row::Object(version) = row else { return None };
        change_class(at, version, to)
    }

    /// The last of the transitions whose time has come.
    fn latest<'c>(
        &self,
        moves: impl Iterator<Item = (Timestamp, &'c str)>,
        filter: &Filter<'_>,
        version: &Version,
    ) -> Option<(Timestamp, &'c str)> {
        let small = version.body.len() < TRANSITION_SIZE_MIN;
        let sized = filter.larger_than.is_some() || filter.smaller_than.is_some();
        let stays = |class: &str| {
            let archive = matches!(class, "GLACIER" | "DEEP_ARCHIVE");
            small && !sized && !(self.by_class && archive)
        };
        moves.filter(|(at, class)| *at <= self.now && !stays(class)).max()
    }
}

fn change_class(
    at: &VersionKey,
    version: &Version,
    to: Option<(Timestamp, &str)>,
) -> Option<Change> {
    let class = StorageClass::parse(Some(to?.1)).ok()?;
    let goes = class.is_colder_than(version.attributes.storage_class);
    goes.then(|| Change::Move(at.clone(), class))
}

/// Makes a change, if what it is about is still as it was.
fn make(t: &mut Tables, cx: &Cx, bucket: &Arc<Bucket>, change: &Change) {
    match change {
        Change::Expire(at) => {
            if t.newest(&bucket.name, &at.key).is_none_or(|(id, _)| id.0 != at.age) {
                return;
            }
            match t.delete(cx, bucket, &at.key) {
                Some(id) => t.raise(cx, bucket, Kind::EXPIRE_MARK, &at.key, Subject::marker(id)),
                None => t.raise(cx, bucket, Kind::EXPIRE, &at.key, Subject::default()),
            }
        }
        Change::Remove(at) => {
            let id = VersionId(at.age);
            if let Some(Row::Object(version)) = t.versions.get(at)
                && version.attributes.lock.check_delete(cx.now(), false).is_err()
            {
                return;
            }
            if t.remove(&bucket.name, &at.key, id).is_some() {
                t.raise(cx, bucket, Kind::EXPIRE, &at.key, Subject::default().called(id));
            }
        }
        Change::Move(at, class) => {
            let Some(Row::Object(version)) = t.versions.get(at) else { return };
            let subject = Subject { storage_class: Some(class.name()), ..Subject::of(version) };
            let id = VersionId(at.age);
            t.change(&bucket.name, &at.key, id, |attributes| attributes.storage_class = *class);
            t.raise(cx, bucket, Kind::TRANSITION, &at.key, subject.called(id));
        }
        Change::Abort(at) => t.end_upload(at),
    }
}
