//! The null of a sparse list or map, in the formats that have one.

use std::borrow::Cow;

use bytes::Bytes;
use cumulet_core::codec::{ReadEntry, ReadError, ReadItem, ReadMember};
use cumulet_core::{Reader, Schema};

use crate::place::Place;
use crate::text::read_scalars;

/// The null of a sparse list or map.
pub(crate) struct Null(pub(crate) Place);

impl Null {
    #[expect(
        clippy::unused_self,
        clippy::needless_pass_by_ref_mut,
        reason = "what the macro calls"
    )]
    fn text(&mut self) -> Result<Cow<'static, str>, ReadError> {
        Err(ReadError::new("Unexpected null"))
    }
}

impl Reader for Null {
    fn schema(&self) -> Schema {
        self.0.schema
    }

    fn is_null(&self) -> bool {
        true
    }

    read_scalars!();

    fn blob(&mut self) -> Result<Bytes, ReadError> {
        crate::text::blob(&self.text()?)
    }

    fn structure(&mut self, _: &mut ReadMember<'_>) -> Result<(), ReadError> {
        self.text().map(drop)
    }

    fn list(&mut self, _: &mut ReadItem<'_>) -> Result<(), ReadError> {
        self.text().map(drop)
    }

    fn map(&mut self, _: &mut ReadEntry<'_>) -> Result<(), ReadError> {
        self.text().map(drop)
    }
}
