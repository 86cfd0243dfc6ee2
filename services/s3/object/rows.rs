//! The model's `ObjectList`, `ObjectVersionList` and `DeleteMarkers` with types of our own: a page of
//! a thousand rows is written straight from what is stored, without a copy of a key or tag.

use std::ops::Bound;
use std::sync::Arc;

use cumulet_core::AccountId;
use cumulet_core::codec::{Decode, Encode, Field, ReadError, Reader, Writer};
use cumulet_store::Table;

use crate::api;
use crate::bucket::owner;
use crate::listing::{Encoding, Page, Query, page};
use crate::object::restore::Restores;
use crate::state::{At, Version, VersionKey};
use crate::versions::{Row, VersionId, objects_in};

/// A page of a bucket's objects, as they were when it was asked for. It holds the table, which costs
/// nothing, instead of the rows, which all would have to be counted up and down.
#[derive(Clone, Debug)]
pub(crate) struct Objects {
    pub(crate) versions: Table<VersionKey, Row>,
    pub(crate) bucket: Arc<str>,
    pub(crate) prefix: Box<str>,
    pub(crate) delimiter: Box<str>,
    pub(crate) max: usize,
    /// The key before the first; empty for the beginning.
    pub(crate) after: Box<str>,
    pub(crate) show: Show,
}

/// What is shown of objects, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Show {
    pub(crate) encoding: Encoding,
    pub(crate) owner: bool,
    pub(crate) restores: Restores,
}

type Object<'a> = (&'a str, &'a Arc<Version>);

impl Objects {
    /// What is on the page.
    pub(crate) fn page(&self) -> Page<Object<'_>> {
        let query = Query { prefix: &self.prefix, delimiter: &self.delimiter, max: self.max };
        let after = &*self.after;
        let start = if after.is_empty() { Bound::Unbounded } else { Bound::Excluded(after) };
        page(query, start, |from| {
            objects_in(&self.versions, &self.bucket, At::begin(&self.bucket, from, 0, u64::MAX))
                .map(|(at, version)| (&*at.key, (&*at.key, version)))
        })
    }
}

impl Encode for Objects {
    fn encode(&self, w: &mut dyn Writer) {
        let page = self.page();
        let accounts = page.items.iter().map(|(_, version)| version.owner);
        let owners = Owners::of(accounts.filter(|_| self.show.owner));
        let lines = page.items.iter().map(|(key, version)| Line {
            kind: Kind::Object(version),
            key,
            owner: owners.get(version.owner),
            show: self.show,
        });
        write(lines, w);
    }
}

/// Versions or delete markers of a page.
#[derive(Clone, Debug)]
pub(crate) struct Versions {
    /// Both.
    rows: Arc<[Listed]>,
    are_markers: bool,
    show: Show,
}

/// A version or delete marker of a page.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) at: VersionKey,
    pub(crate) row: Row,
    pub(crate) is_latest: bool,
}

impl Versions {
    /// The versions among `rows`.
    pub(crate) fn objects(rows: Arc<[Listed]>, show: Show) -> Self {
        Self { rows, are_markers: false, show }
    }

    /// The delete markers among `rows`.
    pub(crate) fn markers(rows: Arc<[Listed]>, show: Show) -> Self {
        Self { rows, are_markers: true, show }
    }
}

impl Encode for Versions {
    fn encode(&self, w: &mut dyn Writer) {
        let owners = Owners::of(self.rows.iter().map(|listed| listed.row.owner()));
        let rows = self.rows.iter();
        let rows = rows.filter(|listed| matches!(listed.row, Row::Marker(_)) == self.are_markers);
        let lines = rows.map(|listed| Line {
            kind: Kind::Version(listed),
            key: &listed.at.key,
            owner: owners.get(listed.row.owner()),
            show: self.show,
        });
        write(lines, w);
    }
}

fn write<'a>(lines: impl Iterator<Item = Line<'a>>, w: &mut dyn Writer) {
    let lines: Vec<Line<'_>> = lines.collect();
    w.list(&mut lines.iter().map(|line| line as &dyn Encode));
}

/// The owners of a page's rows: mostly one.
struct Owners(Vec<(AccountId, api::Owner)>);

impl Owners {
    fn of(accounts: impl Iterator<Item = AccountId>) -> Self {
        let mut owners = Self(Vec::new());
        for account in accounts {
            if owners.get(account).is_none() {
                owners.0.push((account, owner(account)));
            }
        }
        owners
    }

    fn get(&self, account: AccountId) -> Option<&api::Owner> {
        self.0.iter().find(|(known, _)| *known == account).map(|(_, owner)| owner)
    }
}

/// An element of a page.
struct Line<'a> {
    kind: Kind<'a>,
    key: &'a str,
    owner: Option<&'a api::Owner>,
    show: Show,
}

enum Kind<'a> {
    Object(&'a Version),
    Version(&'a Listed),
}

impl Encode for Line<'_> {
    fn encode(&self, w: &mut dyn Writer) {
        let key = &*self.show.encoding.shown(self.key);
        let owner = self.owner.map_or(Field::Other(&None::<bool>), |owner| Field::Other(owner));
        match self.kind {
            Kind::Object(version) => {
                version.show(self.show, |[tag, algorithm, kind, size, class, time, restored]| {
                    w.record(&[
                        (0, Field::Text(key)),
                        (1, time),
                        (2, tag),
                        (3, algorithm),
                        (4, kind),
                        (5, size),
                        (6, class),
                        (7, owner),
                        (8, restored),
                    ]);
                });
            }
            Kind::Version(Listed { at, row, is_latest }) => {
                let id = &*VersionId(at.age).to_string();
                let (key, id, is_latest) =
                    (Field::Text(key), Field::Text(id), Field::Other(is_latest));
                match row {
                    Row::Object(version) => version.show(
                        self.show,
                        |[tag, algorithm, kind, size, class, time, restored]| {
                            w.record(&[
                                (0, tag),
                                (1, algorithm),
                                (2, kind),
                                (3, size),
                                (4, class),
                                (5, key),
                                (6, id),
                                (7, is_latest),
                                (8, time),
                                (9, owner),
                                (10, restored),
                            ]);
                        },
                    ),
                    Row::Marker(marker) => {
                        let time = Field::Timestamp(marker.modified);
                        w.record(&[(0, owner), (1, key), (2, id), (3, is_latest), (4, time)]);
                    }
                }
            }
        }
    }
}

impl Version {
    /// What both kinds of listings show of it.
    fn show(&self, show: Show, write: impl FnOnce([Field<'_>; 7])) {
        let restored = show.restores.of(self);
        let size = i64::try_from(self.body.len()).unwrap_or(i64::MAX);
        self.etag.with_text(|tag| {
            write([
                Field::Quoted(tag),
                Field::Item(self.checksum.value.algorithm.name()),
                Field::Word(self.checksum.kind().name()),
                Field::Integer(size),
                Field::Word(self.attributes.storage_class.text()),
                Field::Timestamp(self.modified),
                Field::Other(&restored),
            ]);
        });
    }
}

impl Decode for Objects {
    fn decode(_: &mut dyn Reader) -> Result<Self, ReadError> {
        Err(ReadError::new("A page is only written."))
    }
}

impl Decode for Versions {
    fn decode(_: &mut dyn Reader) -> Result<Self, ReadError> {
        Err(ReadError::new("A page is only written."))
    }
}

impl PartialEq for Versions {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rows, &other.rows) && self.are_markers == other.are_markers
    }
}

impl PartialEq for Objects {
    fn eq(&self, other: &Self) -> bool {
        let (page, other) = (self.page(), other.page());
        let same = |(a, b): (&Object<'_>, &Object<'_>)| a.0 == b.0 && Arc::ptr_eq(a.1, b.1);
        page.len() == other.len() && page.items.iter().zip(&other.items).all(same)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn members_are_where_the_rows_write_them() {
        let model = crate::api::model();
        let names = |shape: &str| -> Vec<_> {
            let shape = model.shapes.iter().find(|s| s.name == shape).unwrap();
            shape.members.iter().map(|member| member.name).collect()
        };
        let text = names("Object").join(" ");
        assert_eq!(
            text,
            "Key LastModified ETag ChecksumAlgorithm ChecksumType Size StorageClass Owner RestoreStatus"
        );
        let text = names("ObjectVersion").join(" ");
        assert_eq!(
            text,
            "ETag ChecksumAlgorithm ChecksumType Size StorageClass Key VersionId IsLatest LastModified Owner RestoreStatus"
        );
        assert_eq!(
            names("DeleteMarkerEntry"),
            ["Owner", "Key", "VersionId", "IsLatest", "LastModified"]
        );
        assert_eq!(names("RestoreStatus"), ["IsRestoreInProgress", "RestoreExpiryDate"]);
    }
}
