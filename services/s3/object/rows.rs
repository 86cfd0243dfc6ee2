//! The model's `ObjectList` with a type of our own: a page of a thousand objects is written straight
//! from what is stored, without a copy of a key or tag.

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
use crate::versions::{self, objects_in};

/// A page of a bucket's objects, as they were when it was asked for. It holds the table, which costs
/// nothing, instead of the rows, which all would have to be counted up and down.
#[derive(Clone, Debug)]
pub(crate) struct Objects {
    pub(crate) versions: Table<VersionKey, versions::Row>,
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
        let mut owners: Vec<(AccountId, api::Owner)> = Vec::new();
        for (_, version) in page.items.iter().filter(|_| self.show.owner) {
            if !owners.iter().any(|(account, _)| *account == version.owner) {
                owners.push((version.owner, owner(version.owner)));
            }
        }
        let rows = page.items.iter().map(|(key, version)| {
            let owner = owners.iter().find(|(account, _)| *account == version.owner);
            Row { key, version, owner: owner.map(|(_, owner)| owner), show: self.show }
        });
        let rows: Vec<Row<'_>> = rows.collect();
        w.list(&mut rows.iter().map(|row| row as &dyn Encode));
    }
}

struct Row<'a> {
    key: &'a str,
    version: &'a Version,
    owner: Option<&'a api::Owner>,
    show: Show,
}

impl Encode for Row<'_> {
    fn encode(&self, w: &mut dyn Writer) {
        let (version, show) = (self.version, self.show);
        version.etag.with_text(|tag| {
            w.record(&[
                (0, Field::Text(&show.encoding.shown(self.key))),
                (1, Field::Timestamp(version.modified)),
                (2, Field::Quoted(tag)),
                (3, Field::Item(version.checksum.value.algorithm.name())),
                (4, Field::Word(version.checksum.kind().name())),
                (5, Field::Integer(i64::try_from(version.body.len()).unwrap_or(i64::MAX))),
                (6, Field::Word(version.attributes.storage_class.text())),
                (7, self.owner.map_or(Field::Other(&None::<bool>), |owner| Field::Other(owner))),
                (8, Field::Other(&show.restores.of(version))),
            ]);
        });
    }
}

impl Decode for Objects {
    fn decode(_: &mut dyn Reader) -> Result<Self, ReadError> {
        Err(ReadError::new("A page is only written."))
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
    fn members_of_an_object_are_where_the_rows_write_them() {
        let model = crate::api::model();
        let object = model.shapes.iter().find(|shape| shape.name == "Object").unwrap();
        let names: Vec<_> = object.members.iter().map(|member| member.name).collect();
        let known = ["Key", "LastModified", "ETag", "ChecksumAlgorithm", "ChecksumType", "Size"];
        assert_eq!(names[..6], known);
        assert_eq!(names[6..], ["StorageClass", "Owner", "RestoreStatus"]);
    }
}
