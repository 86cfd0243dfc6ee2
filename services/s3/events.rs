//! Events of objects: what happened, kept with the write that made it happen until all who asked
//! for it have been told. Who asked is looked up in that same write, so order and choice are as
//! they were then. How they are told is in `delivery`, what they read in `records`.

use std::sync::Arc;

use cumulet_core::{Cx, Principal, Region, Timestamp};
use md5::Digest as _;

use crate::api;
use crate::conditions::ETag;
use crate::state::{Bucket, Tables, Version};
use crate::versions::VersionId;

/// What happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// As notifications call it, without `s3:`.
    pub(crate) name: &'static str,
    /// As EventBridge calls it.
    pub(crate) detail_type: &'static str,
    /// Which operation did it, where EventBridge is told.
    pub(crate) reason: Option<&'static str>,
    /// What went, where something did.
    pub(crate) deletion: Option<&'static str>,
    /// The version of the record: newer kinds have a newer one, and no sequencer.
    pub(crate) version: &'static str,
}

const CREATED: &str = "Object Created";
const DELETED: &str = "Object Deleted";
const MARKED: Option<&str> = Some("Delete Marker Created");
const PERMANENT: Option<&str> = Some("Permanently Deleted");
const DELETE: Option<&str> = Some("DeleteObject");
const EXPIRY: Option<&str> = Some("Lifecycle Expiration");

macro_rules! kinds {
    ($($kind:ident = $name:literal $detail:expr, $reason:expr, $deletion:expr, $version:literal;)*) => {
        impl Kind {
            $(pub(crate) const $kind: Self = Self {
                name: $name,
                detail_type: $detail,
                reason: $reason,
                deletion: $deletion,
                version: $version,
            };)*
        }
    };
}

kinds! {
    PUT = "ObjectCreated:Put" CREATED, Some("PutObject"), None, "2.1";
    POST = "ObjectCreated:Post" CREATED, Some("POST Object"), None, "2.1";
    COPY = "ObjectCreated:Copy" CREATED, Some("CopyObject"), None, "2.1";
    COMPLETE = "ObjectCreated:CompleteMultipartUpload" CREATED, Some("CompleteMultipartUpload"), None, "2.1";
    DELETE = "ObjectRemoved:Delete" DELETED, DELETE, PERMANENT, "2.1";
    MARK = "ObjectRemoved:DeleteMarkerCreated" DELETED, DELETE, MARKED, "2.1";
    EXPIRE = "LifecycleExpiration:Delete" DELETED, EXPIRY, PERMANENT, "2.3";
    EXPIRE_MARK = "LifecycleExpiration:DeleteMarkerCreated" DELETED, EXPIRY, MARKED, "2.3";
    TRANSITION = "LifecycleTransition" "Object Storage Class Changed", None, None, "2.3";
    RESTORE = "ObjectRestore:Post" "Object Restore Initiated", None, None, "2.1";
    RESTORED = "ObjectRestore:Completed" "Object Restore Completed", None, None, "2.1";
    TAG = "ObjectTagging:Put" "Object Tags Added", None, None, "2.3";
    UNTAG = "ObjectTagging:Delete" "Object Tags Deleted", None, None, "2.3";
    ACL = "ObjectAcl:Put" "Object ACL Updated", None, None, "2.3";
}

/// To what it happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subject {
    pub(crate) version_id: Option<String>,
    pub(crate) etag: Option<ETag>,
    pub(crate) size: Option<u64>,
    /// A storage class to tell of: that of a restored object or the one it went to.
    pub(crate) storage_class: Option<String>,
    /// When a restored copy ends.
    pub(crate) until: Option<Timestamp>,
}

impl Subject {
    /// A version with its bytes.
    pub(crate) fn of(version: &Version) -> Self {
        let (etag, size) = (Some(version.etag), Some(version.body.len()));
        Self { etag, size, ..Self::default() }
    }

    /// The same with its id, unless that is null.
    pub(crate) fn called(self, id: VersionId) -> Self {
        Self { version_id: id.written(), ..self }
    }

    /// A delete marker: it counts as empty.
    pub(crate) fn marker(id: VersionId) -> Self {
        let etag = Some(ETag::of(md5::Md5::digest(b"").into()));
        Self { etag, ..Self::default() }.called(id)
    }
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A queue, topic or function, by its ARN, and the id of the configuration that names it.
    Arn {
        arn: String,
        id: String,
    },
    EventBridge,
}

/// An event that somebody is to be told of.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) kind: Kind,
    pub(crate) bucket: Arc<Bucket>,
    pub(crate) key: String,
    pub(crate) subject: Subject,
    pub(crate) targets: Vec<Target>,
    pub(crate) at: Timestamp,
    pub(crate) request_id: String,
    pub(crate) requester: String,
    pub(crate) address: String,
    pub(crate) trace: Option<String>,
}

impl Tables {
    /// Makes `version` the current one, and says so.
    pub(crate) fn write(
        &mut self,
        cx: &Cx,
        kind: Kind,
        bucket: &Arc<Bucket>,
        key: &str,
        version: Version,
    ) -> VersionId {
        let subject = Subject::of(&version);
        let id = self.put(cx, bucket, key, version);
        self.raise(cx, bucket, kind, key, subject.called(id));
        self.replicate(cx, bucket, key, id);
        id
    }

    /// Keeps an event, if anybody asks for it.
    pub(crate) fn raise(
        &mut self,
        cx: &Cx,
        bucket: &Arc<Bucket>,
        kind: Kind,
        key: &str,
        subject: Subject,
    ) {
        self.raise_at(cx, cx.now(), bucket, kind, key, subject);
    }

    /// The same for what is going to happen.
    pub(crate) fn raise_at(
        &mut self,
        cx: &Cx,
        at: Timestamp,
        bucket: &Arc<Bucket>,
        kind: Kind,
        key: &str,
        subject: Subject,
    ) {
        let asked = self.configuration::<api::NotificationConfiguration>(&bucket.name);
        let targets = asked.map(|asked| targets(&asked, kind, key)).unwrap_or_default();
        if targets.is_empty() {
            return;
        }
        let event = Arc::new(Event {
            kind,
            bucket: Arc::clone(bucket),
            key: key.to_owned(),
            subject,
            targets,
            at,
            request_id: cx.request_id().to_owned(),
            requester: requester(cx),
            address: address(cx),
            trace: cx.header("x-amzn-trace-id").map(str::to_owned),
        });
        let number = self.next_number(cx);
        if at > cx.now() {
            self.later.insert((at, number), event);
        } else {
            self.events.insert(number, event);
        }
    }

    /// Lets what was to happen later happen, if it is time.
    pub(crate) fn bring(&mut self, cx: &Cx) {
        loop {
            let first = self.later.iter().next().map(|(key, _)| *key);
            let Some(key) = first.filter(|(at, _)| *at <= cx.now()) else { return };
            let Some(event) = self.later.remove(&key) else { return };
            let number = self.next_number(cx);
            self.events.insert(number, event);
        }
    }

    /// In parts of a millisecond, so that events of one moment stay in order.
    pub(crate) fn next_number(&mut self, cx: &Cx) -> u64 {
        let now = cx.now().millis().cast_unsigned() << 16;
        let number = self.sequence.get(&()).map_or(now, |last| now.max(last + 1));
        self.sequence.insert((), number);
        number
    }
}

fn requester(cx: &Cx) -> String {
    match cx.principal() {
        Principal::Service(name) => (*name).to_owned(),
        Principal::Anonymous => "Anonymous".into(),
        Principal::Key(_) => cx.account().to_string(),
    }
}

/// The client's address as far as a proxy tells; the program listens on the machine itself.
pub(crate) fn address(cx: &Cx) -> String {
    let forwarded = cx.header("x-forwarded-for").and_then(|list| list.split(',').next());
    forwarded.map_or("127.0.0.1", str::trim).to_owned()
}

/// Who asked for an event.
fn targets(asked: &api::NotificationConfiguration, kind: Kind, key: &str) -> Vec<Target> {
    let bridge = asked.event_bridge_configuration.is_some().then_some(Target::EventBridge);
    let named = rules(asked).into_iter().filter(|rule| rule.wants(kind, key));
    named
        .map(|rule| Target::Arn { arn: rule.arn.into(), id: rule.id.into() })
        .chain(bridge)
        .collect()
}

/// One of a configuration's rules, of whatever kind its target is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule<'a> {
    pub(crate) id: &'a str,
    pub(crate) arn: &'a str,
    pub(crate) events: &'a [String],
    pub(crate) filter: Option<&'a api::NotificationConfigurationFilter>,
    /// What the target is called in the XML: `Queue`.
    pub(crate) member: &'static str,
    /// Its service.
    pub(crate) service: &'static str,
}

/// All rules of a configuration.
pub(crate) fn rules(of: &api::NotificationConfiguration) -> Vec<Rule<'_>> {
    macro_rules! rules_of {
        ($list:ident, $arn:ident, $member:literal, $service:literal) => {
            of.$list.iter().flatten().map(|rule| Rule {
                id: rule.id.as_deref().unwrap_or_default(),
                arn: rule.$arn.as_deref().unwrap_or_default(),
                events: rule.events.as_deref().unwrap_or_default(),
                filter: rule.filter.as_ref(),
                member: $member,
                service: $service,
            })
        };
    }
    let queues = rules_of!(queue_configurations, queue_arn, "Queue", "sqs");
    let topics = rules_of!(topic_configurations, topic_arn, "Topic", "sns");
    let functions =
        rules_of!(lambda_function_configurations, lambda_function_arn, "CloudFunction", "lambda");
    queues.chain(topics).chain(functions).collect()
}

impl<'a> Rule<'a> {
    fn wants(&self, kind: Kind, key: &str) -> bool {
        let named = |event: &String| covers(event, kind.name);
        self.events.iter().any(named)
            && key.starts_with(self.part("prefix"))
            && key.ends_with(self.part("suffix"))
    }

    /// The prefix or suffix that it asks for.
    pub(crate) fn part(&self, name: &str) -> &'a str {
        let rules = self.filter.and_then(|f| f.key.as_ref()).and_then(|k| k.filter_rules.as_ref());
        let mut rules = rules.into_iter().flatten();
        let found = rules.find(|r| r.name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(name)));
        found.and_then(|r| r.value.as_deref()).unwrap_or_default()
    }
}

/// Whether `s3:ObjectCreated:*` or the like is about events of this name, which may be such a
/// pattern itself.
pub(crate) fn covers(pattern: &str, name: &str) -> bool {
    let pattern = pattern.strip_prefix("s3:").unwrap_or(pattern);
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

/// Where a target is: its region.
pub(crate) fn region_of(arn: &str) -> Option<Region> {
    cumulet_core::Arn::parse(arn).and_then(|arn| Region::parse(arn.region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_all_of_a_kind() {
        assert!(covers("s3:ObjectCreated:*", "ObjectCreated:Put"));
        assert!(covers("s3:ObjectCreated:Put", "ObjectCreated:Put"));
        assert!(!covers("s3:ObjectCreated:Put", "ObjectCreated:Post"));
        assert!(!covers("s3:ObjectRemoved:*", "ObjectCreated:Put"));
    }
}
