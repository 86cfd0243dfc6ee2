//! Where a reader or writer stands: the schema, and the member that led there with its names and
//! traits of the wire.

use cumulet_core::Schema;
use cumulet_core::codec::ReadError;
use cumulet_core::model::{Kind, Location, Member, Shape, TimestampFormat};

/// How deep a message may nest; AWS's own limits (DynamoDB's items have 32) are well below.
pub(crate) const MAX_DEPTH: usize = 100;

/// A place in a message.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) schema: Schema,
    /// None at the root.
    pub(crate) member: Option<&'static Member>,
    /// Steps from the root; 0 only for a root with HTTP bindings.
    pub(crate) depth: usize,
}

impl Place {
    /// The root of a message whose members all are in the body.
    pub(crate) fn root(schema: Schema) -> Self {
        Self { schema, member: None, depth: 1 }
    }

    /// The root of a message of which only the members without another location are in the body.
    pub(crate) fn bound_root(schema: Schema) -> Self {
        Self { schema, member: None, depth: 0 }
    }

    /// Whether the body is where this member of the place stands.
    pub(crate) fn has_in_body(self, member: &Member) -> bool {
        self.depth > 0 || member.location == Location::Body
    }

    pub(crate) fn of(self, member: &'static Member) -> Self {
        Self { schema: self.schema.of(member), member: Some(member), depth: self.depth + 1 }
    }

    pub(crate) fn shape(self) -> &'static Shape {
        self.schema.shape()
    }

    /// The element of a list or the value of a map.
    pub(crate) fn item(self) -> Result<Self, ReadError> {
        match &self.shape().value {
            Some(item) => Ok(self.of(item)),
            None => Err(ReadError::new("Unexpected list or map")),
        }
    }

    /// One step down is one step too far.
    pub(crate) fn check_depth(self) -> Result<(), ReadError> {
        if self.depth < MAX_DEPTH {
            return Ok(());
        }
        Err(ReadError::new("The message is nested too deeply"))
    }

    /// The format that the member or else its shape asks for.
    pub(crate) fn timestamp(self) -> TimestampFormat {
        match self.member {
            Some(member) if member.timestamp != TimestampFormat::Unspecified => member.timestamp,
            _ => self.shape().timestamp,
        }
    }

    /// A list or map without an element of its own around its items.
    pub(crate) fn is_flattened(self) -> bool {
        matches!(self.shape().kind, Kind::List | Kind::Map)
            && (self.shape().flattened || self.member.is_some_and(|m| m.flattened))
    }

    /// Members of the body, with their index.
    pub(crate) fn body_members(self) -> impl Iterator<Item = (usize, &'static Member)> {
        let members = self.shape().members.iter().enumerate();
        members.filter(move |(_, m)| self.has_in_body(m))
    }
}

/// The index of the member called `name`. Clients write members mostly in the model's order, so
/// the search begins behind the member found last.
#[cfg(any(feature = "cbor", feature = "json", feature = "xml"))]
pub(crate) fn find(
    members: &[Member],
    last: &mut usize,
    is_it: impl Fn(&Member) -> bool,
) -> Option<usize> {
    let (before, after) = members.split_at_checked(*last).unwrap_or((members, &[]));
    let found = match after.iter().position(&is_it) {
        Some(i) => i + before.len(),
        None => before.iter().position(&is_it)?,
    };
    *last = found + 1;
    Some(found)
}
