//! XML: the bodies of rest-xml and the answers of query and ec2.

mod frame;
#[cfg(feature = "xml")]
pub(crate) mod read;
pub(crate) mod write;

use cumulet_core::model::{Kind, Member};

use crate::place::Place;

/// A member's name in XML: `by_query` in answers of the query protocol.
pub(crate) fn name(member: &Member, by_query: bool) -> &'static str {
    if by_query && !member.query.is_empty() { member.query } else { member.wire_name() }
}

/// The name of a flattened list's elements where it is the item that gives it: as AWS's own
/// clients have it, a name on the item stands in for a missing one on the member.
pub(crate) fn flat_item_name(place: Place) -> Option<&'static str> {
    let (shape, member) = (place.shape(), place.member?);
    let item = shape.value.as_ref().filter(|_| shape.kind == Kind::List && place.is_flattened())?;
    let unnamed = member.wire.is_empty() && member.query.is_empty();
    (unnamed && !item.wire.is_empty()).then_some(item.wire)
}
