//! The model's `ObjectList` with a type of our own: a page of a thousand objects is written straight
//! from what is stored, without a copy of a key or tag.

use std::iter;
use std::sync::Arc;

use cumulet_core::codec::{Decode, Encode, ReadError, Reader, Writer};

use crate::api;
use crate::bucket::owner;
use crate::listing::Encoding;
use crate::object::restore::Restores;
use crate::state::Version;

/// Objects of a page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Objects(Vec<Row>);

#[derive(Clone, Debug)]
struct Row {
    key: Arc<str>,
    version: Arc<Version>,
    encoding: Encoding,
    owner: Option<Arc<api::Owner>>,
    restored: Option<Box<api::RestoreStatus>>,
}

impl Objects {
    pub(crate) fn of(
        objects: &[(&Arc<str>, &Arc<Version>)],
        encoding: Encoding,
        with_owner: bool,
        restores: &Restores,
    ) -> Self {
        let mut last = None;
        let rows = objects.iter().map(|(key, version)| {
            if with_owner && last.as_ref().is_none_or(|(account, _)| *account != version.owner) {
                last = Some((version.owner, Arc::new(owner(version.owner))));
            }
            let owner = last.as_ref().map(|(_, owner)| Arc::clone(owner));
            let status = restores.of(version).map(Box::new);
            Row {
                key: Arc::clone(key),
                version: Arc::clone(version),
                encoding,
                owner,
                restored: status,
            }
        });
        Self(rows.collect())
    }
}

impl Encode for Objects {
    fn encode(&self, w: &mut dyn Writer) {
        w.list(&mut self.0.iter().map(|row| row as &dyn Encode));
    }
}

impl Encode for Row {
    /// The order is the model's.
    fn encode(&self, w: &mut dyn Writer) {
        let version = &*self.version;
        w.structure(&|i, w| match i {
            0 => w.string(&self.encoding.shown(&self.key)),
            1 => w.timestamp(version.modified),
            2 => version.etag.with_quoted(|tag| w.string(tag)),
            3 => w.list(&mut iter::once(&Text(version.checksum.value.algorithm.name()) as _)),
            4 => w.string(version.checksum.kind().name()),
            5 => w.integer(i64::try_from(version.body.len()).unwrap_or(i64::MAX)),
            6 => w.string(version.attributes.storage_class.text()),
            7 => {
                if let Some(owner) = &self.owner {
                    owner.encode(w);
                }
            }
            8 => self.restored.encode(w),
            _ => {}
        });
    }
}

struct Text(&'static str);

impl Encode for Text {
    fn encode(&self, w: &mut dyn Writer) {
        w.string(self.0);
    }
}

impl Decode for Objects {
    fn decode(_: &mut dyn Reader) -> Result<Self, ReadError> {
        Err(ReadError::new("A page is only written."))
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && Arc::ptr_eq(&self.version, &other.version)
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
