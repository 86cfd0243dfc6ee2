//! Versions of objects: what they are called, where they stand among a key's rows, and what
//! becomes of them when the key is written or deleted.

use std::fmt;
use std::iter;
use std::ops::Bound;
use std::ptr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cumulet_core::{AccountId, AwsError, Cx, Timestamp};
use cumulet_store::Table;
use sha2::{Digest as _, Sha256};

use crate::attributes::Attributes;
use crate::errors;
use crate::state::{At, Bucket, ObjectKey, Tables, Version, VersionKey, whole_second};

/// Whether a bucket keeps old versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Versioning {
    #[default]
    Never,
    Enabled,
    Suspended,
}

/// What stands under a version's key.
#[derive(Clone, Debug)]
pub(crate) enum Row {
    Object(Arc<Version>),
    Marker(Arc<Marker>),
}

/// A delete marker.
#[derive(Clone, Debug)]
pub(crate) struct Marker {
    pub(crate) modified: Timestamp,
    pub(crate) owner: AccountId,
}

/// The age of a null version that came before versioning: it is older than all others.
const NULL_AGE: u64 = u64::MAX;

/// A version's id: in the table its age, to clients 32 letters that tell only S3 which age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VersionId(pub(crate) u64);

impl VersionId {
    /// The ages of null versions are odd, those of others even.
    pub(crate) fn is_null(self) -> bool {
        self.0 & 1 == 1
    }

    /// As answers to writes show it: not at all if it is null.
    pub(crate) fn written(self) -> Option<String> {
        (!self.is_null()).then(|| self.to_string())
    }

    /// The age in the text of an id that is not null.
    fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.replace('.', "-")).ok()?;
        let (seal, masked) = (*bytes.first_chunk::<8>()?, *bytes.last_chunk::<8>()?);
        let id = Self(u64::from_be_bytes(masked) ^ u64::from_be_bytes(seal));
        (!id.is_null() && id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_null() {
            return f.write_str("null");
        }
        let seal = Sha256::digest(self.0.to_be_bytes());
        let bytes = seal.iter().take(16).copied();
        let masked = self.0.to_be_bytes();
        let masked = masked.iter().zip(seal.iter()).map(|(age, seal)| age ^ seal);
        let bytes: Vec<u8> = bytes.chain(masked).collect();
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes).replace('-', "."))
    }
}

impl Bucket {
    /// A version's id as reads show it: not at all where there never was versioning.
    pub(crate) fn shows(&self, id: VersionId) -> Option<String> {
        (self.versioning != Versioning::Never).then(|| id.to_string())
    }
}

impl Row {
    pub(crate) fn modified(&self) -> Timestamp {
        match self {
            Self::Object(version) => version.modified,
            Self::Marker(marker) => marker.modified,
        }
    }

    pub(crate) fn owner(&self) -> AccountId {
        match self {
            Self::Object(version) => version.owner,
            Self::Marker(marker) => marker.owner,
        }
    }

    /// The object; a delete marker refuses the method.
    pub(crate) fn object(
        &self,
        id: VersionId,
        method: &'static str,
    ) -> Result<&Arc<Version>, AwsError> {
        match self {
            Self::Object(version) => Ok(version),
            Self::Marker(marker) => Err(errors::method_not_allowed(method, "DeleteMarker")
                .with_header("allow", "DELETE")
                .with_header("last-modified", marker.modified.http_date())
                .with_header("x-amz-delete-marker", "true")
                .with_header("x-amz-version-id", id.to_string())),
        }
    }
}

impl Tables {
    /// The newest version of a key, which may be a delete marker.
    pub(crate) fn newest(&self, bucket: &str, key: &str) -> Option<(VersionId, &Row)> {
        let at = At(bucket, key, 0);
        let rows = (Bound::Included(&at), Bound::Unbounded);
        let (found, row) = self.versions.range::<At<'_, u64>, _>(rows).next()?;
        (*found.bucket == *bucket && *found.key == *key).then_some((VersionId(found.age), row))
    }

    /// The current version of a key, if that is an object.
    pub(crate) fn current(&self, bucket: &str, key: &str) -> Option<&Arc<Version>> {
        match self.newest(bucket, key)?.1 {
            Row::Object(version) => Some(version),
            Row::Marker(_) => None,
        }
    }

    /// The id that a request says; there need not be such a version.
    pub(crate) fn id(&self, bucket: &str, key: &str, said: &str) -> Result<VersionId, AwsError> {
        if said == "null" {
            return Ok(VersionId(self.null_age(bucket, key)));
        }
        let invalid =
            || errors::invalid_argument("Invalid version id specified", "versionId", said);
        VersionId::parse(said).ok_or_else(invalid)
    }

    /// The version that a request says, or the newest.
    pub(crate) fn version(
        &self,
        bucket: &str,
        key: &str,
        said: Option<&str>,
    ) -> Result<(VersionId, &Row), AwsError> {
        let Some(said) = said else {
            return self.newest(bucket, key).ok_or_else(|| errors::no_such_key(key));
        };
        let id = self.id(bucket, key, said)?;
        let row = self.versions.get(&At(bucket, key, id.0));
        Ok((id, row.ok_or_else(|| errors::no_such_version(key, said))?))
    }

    /// The same for who reads: where the newest version is a delete marker there is no object.
    pub(crate) fn object(
        &self,
        bucket: &str,
        key: &str,
        said: Option<&str>,
        method: &'static str,
    ) -> Result<(VersionId, &Arc<Version>), AwsError> {
        let (id, row) = self.version(bucket, key, said)?;
        if said.is_none() && matches!(row, Row::Marker(_)) {
            return Err(errors::no_such_key(key)
                .with_header("x-amz-delete-marker", "true")
                .with_header("x-amz-version-id", id.to_string()));
        }
        Ok((id, row.object(id, method)?))
    }

    /// Makes `version` the current one.
    pub(crate) fn put(
        &mut self,
        cx: &Cx,
        bucket: &Bucket,
        key: &str,
        mut version: Version,
    ) -> VersionId {
        bucket.retain(&mut version);
        self.stand(cx, bucket, key, Row::Object(Arc::new(version)))
    }

    /// Deletes an object; no harm if there is none. The delete marker that takes its place, if the
    /// bucket has versions.
    pub(crate) fn delete(&mut self, cx: &Cx, bucket: &Bucket, key: &str) -> Option<VersionId> {
        if bucket.versioning == Versioning::Never {
            self.remove(&bucket.name, key, VersionId(NULL_AGE));
            return None;
        }
        let marker = Marker { modified: whole_second(cx), owner: bucket.owner };
        Some(self.stand(cx, bucket, key, Row::Marker(Arc::new(marker))))
    }

    /// Takes one version away for good.
    pub(crate) fn remove(&mut self, bucket: &str, key: &str, id: VersionId) -> Option<Row> {
        self.disturb(bucket, key);
        if id.is_null() && id.0 != NULL_AGE {
            self.nulls.remove(&At(bucket, key, ()));
        }
        self.versions.remove(&At(bucket, key, id.0))
    }

    /// Changes what an object carries beside its bytes.
    pub(crate) fn change(
        &mut self,
        bucket: &Arc<str>,
        key: &str,
        id: VersionId,
        change: impl FnOnce(&mut Attributes),
    ) {
        let at = VersionKey { bucket: Arc::clone(bucket), key: key.into(), age: id.0 };
        if let Some(Row::Object(version)) = self.versions.get(&at) {
            let mut version = Version::clone(version);
            change(Arc::make_mut(&mut version.attributes));
            self.versions.insert(at, Row::Object(Arc::new(version)));
        }
    }

    /// Puts a row before all others of its key; in the place of the null version unless versions
    /// are kept.
    fn stand(&mut self, cx: &Cx, bucket: &Bucket, key: &str, row: Row) -> VersionId {
        let name = &bucket.name;
        let id = match bucket.versioning {
            Versioning::Never => VersionId(NULL_AGE),
            Versioning::Enabled => self.next_id(cx, name, key, false),
            Versioning::Suspended => {
                self.remove(name, key, VersionId(self.null_age(name, key)));
                let id = self.next_id(cx, name, key, true);
                let key = ObjectKey { bucket: Arc::clone(name), key: key.into() };
                self.nulls.insert(key, id.0);
                id
            }
        };
        self.disturb(name, key);
        let key = VersionKey { bucket: Arc::clone(name), key: key.into(), age: id.0 };
        self.versions.insert(key, row);
        id
    }

    fn null_age(&self, bucket: &str, key: &str) -> u64 {
        self.nulls.get(&At(bucket, key, ())).copied().unwrap_or(NULL_AGE)
    }

    /// The id of a version that is newer than all there are. Chance is in it, so that no id comes
    /// again after its version was deleted.
    fn next_id(&self, cx: &Cx, bucket: &str, key: &str, null: bool) -> VersionId {
        let now = cx.now().millis().cast_unsigned() << 22;
        let newest = self.newest(bucket, key).map_or(0, |(id, _)| !id.0);
        let chance = u64::from(u32::from_be_bytes(cx.ids().bytes()) >> 12);
        let order = now.max(newest + 2) + chance;
        VersionId(!(order & !1 | u64::from(!null)))
    }

    /// A bucket's versions, key by key and each key's newest first, from a place on.
    pub(crate) fn versions_in<'a>(
        &'a self,
        bucket: &'a str,
        from: Bound<At<'_, u64>>,
    ) -> impl Iterator<Item = (&'a VersionKey, &'a Row)> + use<'a> {
        versions_in(&self.versions, bucket, from)
    }
}

fn versions_in<'a>(
    versions: &'a Table<VersionKey, Row>,
    bucket: &'a str,
    from: Bound<At<'_, u64>>,
) -> impl Iterator<Item = (&'a VersionKey, &'a Row)> + use<'a> {
    let rows = versions.range::<At<'_, u64>, _>((from.as_ref(), Bound::Unbounded));
    // Rows mostly share their bucket's name with whoever asks.
    rows.take_while(move |(k, _)| ptr::from_ref::<str>(&k.bucket) == bucket || *k.bucket == *bucket)
}

/// A bucket's current objects from a key on. It never walks over a key's older versions.
pub(crate) fn objects_in<'a>(
    versions: &'a Table<VersionKey, Row>,
    bucket: &'a str,
    from: Bound<At<'_, u64>>,
) -> impl Iterator<Item = (&'a VersionKey, &'a Arc<Version>)> + use<'a> {
    let mut rows = versions_in(versions, bucket, from);
    // A key that may have older versions.
    let mut before: Option<&'a VersionKey> = None;
    iter::from_fn(move || {
        loop {
            let (mut at, mut row) = rows.next()?;
            if let Some(before) = before.filter(|before| before.key == at.key) {
                let behind = At(bucket, &before.key, u64::MAX);
                rows = versions_in(versions, bucket, Bound::Excluded(behind));
                (at, row) = rows.next()?;
            }
            before = Some(at).filter(|at| at.age != NULL_AGE);
            if let Row::Object(version) = row {
                return Some((at, version));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_32_letters_that_nobody_else_can_make() {
        let id = VersionId(0x1234_5678_9abc_def0);
        let text = id.to_string();
        assert_eq!((text.len(), VersionId::parse(&text)), (32, Some(id)));
        assert!(text.bytes().all(|c| c.is_ascii_alphanumeric() || b"._".contains(&c)));
        let forged = format!("{}ABCD", text.get(..28).unwrap());
        for bad in ["", "null", "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD", &forged] {
            assert_eq!(VersionId::parse(bad), None, "{bad}");
        }
        assert_eq!(VersionId(NULL_AGE).to_string(), "null");
    }
}
