//! What S3 stores: a row per bucket, configuration of one, object version, upload and part, all in
//! the one scope that is global to the partition, because bucket names are.
//!
//! Invariants:
//! - Versions, uploads, parts and configurations stand under a bucket that is there; deleting it
//!   takes its uploads and configurations.
//! - A key's versions follow each other newest first. Its null version stands where `nulls` says,
//!   else behind all others.
//! - Events stand in the order of their numbers until they have been told.
//! - Bodies are blobs, shared by whatever holds the same bytes.

use std::ops::Bound;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use cumulet_core::tags::Tags;
use cumulet_core::{
    AccountId, AwsError, Cx, DueWork, Kept, Keys, Region, Scope, State, Timestamp, Value,
};
use cumulet_md5::Hashers;
use cumulet_store::{Blob, Blobs, Comparable, Equivalent, Platform, Store, Table};

use crate::attributes::Attributes;
use crate::bucket::stored::ConfigurationKey;
use crate::checksum::{Algorithm, Checksum, Kind, ObjectChecksum};
use crate::conditions::ETag;
use crate::events::Event;
use crate::lock::BucketLock;
use crate::versions::{Row, Versioning};
use crate::{access_log, delivery, errors, rounds};

/// S3's state.
pub(crate) struct S3 {
    store: Store<Tables>,
    pub(crate) blobs: Blobs,
    pub(crate) hashers: Hashers,
    /// Of the last object that was put.
    last: Mutex<Arc<Attributes>>,
    /// Whose signatures are verified.
    pub(crate) keys: Keys,
    /// Whether keys of KMS are looked up.
    pub(crate) asks_kms: bool,
    /// Whether any bucket ever had access logs: looked at with every request.
    pub(crate) logs: AtomicBool,
}

impl S3 {
    pub(crate) fn new(platform: &Platform) -> Self {
        let skips = |default| platform.settings.flag("S3_SKIP_SIGNATURE_VALIDATION", default);
        let keys = match (skips(true), skips(false)) {
            (true, true) => Keys::None,
            (true, false) => Keys::Known,
            (false, _) => Keys::All,
        };
        Self {
            store: Store::new(),
            blobs: platform.blobs.clone(),
            hashers: Hashers::default(),
            last: Mutex::default(),
            keys,
            asks_kms: !platform.settings.flag("S3_SKIP_KMS_KEY_VALIDATION", true),
            logs: false.into(),
        }
    }

    /// Attributes to be stored. Most objects have the same as the one before them, and share them.
    pub(crate) fn share(&self, attributes: Attributes) -> Arc<Attributes> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if **last != attributes {
            *last = Arc::new(attributes);
        }
        Arc::clone(&last)
    }

    /// Looks at the tables.
    pub(crate) fn read<R>(&self, cx: &Cx, look: impl FnOnce(&Tables) -> R) -> R {
        self.store.read(cx, scope(cx), look)
    }

    /// Changes the tables: all of what `act` does, or nothing if it fails.
    pub(crate) fn write<R>(
        &self,
        cx: &Cx,
        act: impl FnOnce(&mut Tables) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        self.store.write(cx, scope(cx), act)
    }
}

/// Now, as S3 keeps it: without a fraction of a second.
pub(crate) fn whole_second(cx: &Cx) -> Timestamp {
    Timestamp::from_secs(cx.now().secs())
}

fn scope(cx: &Cx) -> Scope {
    cx.global_scope(AccountId::DEFAULT)
}

impl State for S3 {
    fn kept(&self) -> &dyn Kept {
        &self.store
    }

    fn run_due(&self, cx: Cx) -> DueWork<'_> {
        Box::pin(async move {
            rounds::run(self, &cx);
            delivery::run(self, &cx).await;
            access_log::run(self, &cx).await;
        })
    }
}

cumulet_store::tables! {
    /// Everything of a partition.
    pub(crate) struct Tables {
        pub(crate) buckets: Table<Arc<str>, Arc<Bucket>>,
        pub(crate) configurations: Table<ConfigurationKey, Arc<Value>>,
        pub(crate) versions: Table<VersionKey, Row>,
        pub(crate) nulls: Table<ObjectKey, u64>,
        pub(crate) uploads: Table<UploadKey, Arc<Upload>>,
        pub(crate) parts: Table<(Arc<str>, u16), Arc<Part>>,
        pub(crate) events: Table<u64, Arc<Event>>,
        /// Events that are yet to happen.
        pub(crate) later: Table<(Timestamp, u64), Arc<Event>>,
        /// The number of the last event.
        pub(crate) sequence: Table<(), u64>,
        /// Lines of access logs, by a number that grows.
        pub(crate) lines: Table<u64, Arc<access_log::Line>>,
        /// When lifecycle makes its next round.
        pub(crate) rounds: Table<(), Timestamp>,
    } next_due = |t| {
        let event = t.events.iter().next().map(|(_, event)| event.at);
        let later = t.later.iter().next().map(|((at, _), _)| *at);
        event.into_iter().chain(later).chain(t.rounds.get(&()).copied()).chain(t.delivery()).min()
    };
}

/// A bucket.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) name: Arc<str>,
    pub(crate) owner: AccountId,
    pub(crate) region: Region,
    /// What `GetBucketLocation` says: the region; `EU` if it was asked for as that; nothing for
    /// us-east-1.
    pub(crate) location: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
    pub(crate) versioning: Versioning,
    /// Whether versions go with a second factor only, once that was said.
    pub(crate) mfa_delete: Option<bool>,
    pub(crate) lock: Option<BucketLock>,
}

/// Names one version of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct VersionKey {
    pub(crate) bucket: Arc<str>,
    pub(crate) key: Arc<str>,
    /// Grows into the past: a newer version has a smaller number.
    pub(crate) age: u64,
}

/// Names an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ObjectKey {
    pub(crate) bucket: Arc<str>,
    pub(crate) key: Arc<str>,
}

/// A version of an object.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) body: Blob,
    pub(crate) etag: ETag,
    pub(crate) checksum: ObjectChecksum,
    /// Not told of an upload under a customer's key that began without one.
    pub(crate) tells_checksum: bool,
    pub(crate) modified: Timestamp,
    pub(crate) owner: AccountId,
    pub(crate) attributes: Arc<Attributes>,
    /// The parts of a multipart upload, in order; empty for an object that came in one piece.
    pub(crate) parts: Arc<[PartOf]>,
    /// The upload that it was.
    pub(crate) upload: Option<Arc<str>>,
}

/// One part in an object that was made of parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartOf {
    pub(crate) size: u64,
    /// Where parts have the checksums that clients were told.
    pub(crate) checksum: Option<Checksum>,
}

/// Names an upload; ids of one key go up with time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UploadKey {
    pub(crate) bucket: Arc<str>,
    pub(crate) key: Arc<str>,
    pub(crate) id: Arc<str>,
}

/// A multipart upload.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) initiated: Timestamp,
    pub(crate) owner: AccountId,
    pub(crate) attributes: Arc<Attributes>,
    /// As it was asked for; without, the object gets a CRC64NVME of all its bytes.
    pub(crate) checksum: Option<(Algorithm, Kind)>,
    /// Whether the key was written or deleted since; conditional completion fails then.
    pub(crate) disturbed: bool,
}

/// A part of an upload.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) body: Blob,
    pub(crate) md5: [u8; 16],
    /// Of the upload's algorithm, or CRC64NVME.
    pub(crate) checksum: Checksum,
    pub(crate) modified: Timestamp,
}

/// A place among versions or uploads, borrowed: bucket, key, and what tells rows of a key apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a, T>(pub(crate) &'a str, pub(crate) &'a str, pub(crate) T);

impl<'a, T> At<'a, T> {
    /// Where a bucket's rows begin from a key on, or behind it; a key's rows stand from `first` to
    /// `last`.
    pub(crate) fn begin(bucket: &'a str, key: Bound<&'a str>, first: T, last: T) -> Bound<Self> {
        match key {
            Bound::Included(key) => Bound::Included(At(bucket, key, first)),
            Bound::Excluded(key) => Bound::Excluded(At(bucket, key, last)),
            Bound::Unbounded => Bound::Included(At(bucket, "", first)),
        }
    }
}

macro_rules! places {
    ($($key:ty, $last:ty: |$k:ident| $of:expr;)*) => {$(
        impl Equivalent<$key> for At<'_, $last> {
            fn equivalent(&self, key: &$key) -> bool {
                self.compare(key).is_eq()
            }
        }
        impl Comparable<$key> for At<'_, $last> {
            fn compare(&self, $k: &$key) -> std::cmp::Ordering {
                (self.0, self.1, &self.2).cmp(&(&*$k.bucket, &*$k.key, &$of))
            }
        }
    )*};
}

places! {
    VersionKey, u64: |k| k.age;
    ObjectKey, (): |k| ();
    UploadKey, &str: |k| &*k.id;
}

impl Tables {
    /// A bucket, if it belongs to whom the caller expects.
    pub(crate) fn bucket(
        &self,
        name: &str,
        expected_owner: Option<&str>,
    ) -> Result<&Arc<Bucket>, AwsError> {
        let expected = expected_owner
            .map(|id| AccountId::parse(id).ok_or_else(|| errors::invalid_bucket_owner(id)))
            .transpose()?;
        let bucket = self.buckets.get(name).ok_or_else(|| errors::no_such_bucket(name))?;
        match expected {
            Some(owner) if owner != bucket.owner => Err(errors::access_denied()),
            _ => Ok(bucket),
        }
    }

    /// A bucket's uploads, key by key and each key's in the order of their beginning, from a
    /// place on.
    pub(crate) fn uploads_in<'a>(
        &'a self,
        bucket: &'a str,
        from: Bound<At<'_, &str>>,
    ) -> impl Iterator<Item = (&'a UploadKey, &'a Arc<Upload>)> + use<'a> {
        let rows = self.uploads.range::<At<'_, &str>, _>((from.as_ref(), Bound::Unbounded));
        rows.take_while(move |(k, _)| &*k.bucket == bucket)
    }

    /// The uploads of one key.
    pub(crate) fn uploads_of<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
    ) -> impl Iterator<Item = (&'a UploadKey, &'a Arc<Upload>)> {
        let rows = self.uploads_in(bucket, Bound::Included(At(bucket, key, "")));
        rows.take_while(move |(k, _)| &*k.key == key)
    }

    /// An upload, by the names in a request.
    pub(crate) fn upload(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> Result<(&UploadKey, &Arc<Upload>), AwsError> {
        let at = At(bucket, key, id);
        let rows = (Bound::Included(&at), Bound::Included(&at));
        let found = self.uploads.range::<At<'_, &str>, _>(rows).next();
        found.ok_or_else(|| errors::no_such_upload(id))
    }

    /// Takes an upload and its parts out.
    pub(crate) fn end_upload(&mut self, key: &UploadKey) {
        self.uploads.remove(key);
        let parts = (Arc::clone(&key.id), 0)..=(Arc::clone(&key.id), u16::MAX);
        self.parts.remove_range(parts);
    }

    pub(crate) fn disturb(&mut self, bucket: &str, key: &str) {
        if self.uploads.is_empty() {
            return;
        }
        let calm = self.uploads_of(bucket, key).filter(|(_, upload)| !upload.disturbed);
        let calm: Vec<UploadKey> = calm.map(|(k, _)| k.clone()).collect();
        for key in &calm {
            self.uploads.update(key, |upload| upload.disturbed = true);
        }
    }
}
