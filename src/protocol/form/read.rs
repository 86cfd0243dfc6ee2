//! Reads the requests of query and ec2.
//!
//! `Tags.member.1.Key` stands for a path into the message. The parameters are sorted by name, so
//! that all below one path are neighbours; a reader is a part of the sorted list.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use cumulet_core::codec::{ReadEntry, ReadError, ReadItem, ReadMember};
use cumulet_core::model::{Kind, Member};
use cumulet_core::{Reader, Schema};

use super::{Pair, pairs};
use crate::place::Place;
use crate::text::read_scalars;

/// Gives `read` a reader of the parameters in the query string and the body.
pub(crate) fn read<T>(
    query: &str,
    body: &Bytes,
    place: Place,
    ec2: bool,
    read: impl FnOnce(&mut dyn Reader) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    // Not collected: that brings a sort along, 4 KB for each type of map.
    let mut sorted = BTreeMap::new();
    sorted.extend(pairs(query.as_bytes()).chain(pairs(body)));
    let sorted: Vec<_> = sorted.into_iter().collect();
    read(&mut Form { place, ec2, value: None, below: &sorted, skip: 0 })
}

#[derive(Clone, Copy)]
struct Form<'a> {
    place: Place,
    ec2: bool,
    /// The parameter that is called exactly as this path.
    value: Option<&'a str>,
    /// The parameters below this path.
    below: &'a [Pair<'a>],
    /// Length of the path and the dot after it, which all names below begin with.
    skip: usize,
}

/// A parameter's name behind the first `skip` bytes.
fn rest<'p>(pair: &'p Pair<'_>, skip: usize) -> &'p str {
    pair.0.get(skip..).unwrap_or_default()
}

impl<'a> Form<'a> {
    /// What stands at `name` below this path, read as `place`.
    fn child(&self, name: &str, place: Place) -> Option<Self> {
        let skip = self.skip;
        let at = self.below.partition_point(|pair| rest(pair, skip) < name);
        let (_, from) = self.below.split_at_checked(at)?;
        let value = from.first().filter(|pair| rest(pair, skip) == name).map(|pair| &*pair.1);
        // A name with another character before the dot may stand in between: `A-1` < `A.1`.
        let dotted =
            |pair: &Pair<'a>| rest(pair, skip).strip_prefix(name).map(|rest| rest.bytes().next());
        let at = from.partition_point(|pair| {
            dotted(pair).map_or_else(|| rest(pair, skip) < name, |next| next < Some(b'.'))
        });
        let (_, from) = from.split_at_checked(at)?;
        let end = from.partition_point(|pair| dotted(pair) == Some(Some(b'.')));
        let (below, _) = from.split_at_checked(end)?;
        let is_there = value.is_some() || !below.is_empty();
        let skip = self.skip + name.len() + 1;
        is_there.then_some(Self { place, ec2: self.ec2, value, below, skip })
    }

    /// What stands at the numbers below this path, in their order.
    fn numbered(&self, place: Place) -> Vec<Self> {
        let mut heads: Vec<(u32, &str)> = Vec::new();
        for (name, _) in self.below {
            let rest = name.get(self.skip..).unwrap_or_default();
            let head = rest.split_once('.').map_or(rest, |(head, _)| head);
            if let Ok(number) = head.parse()
                && heads.last() != Some(&(number, head))
            {
                heads.push((number, head));
            }
        }
        heads.sort_unstable();
        heads.dedup();
        heads.iter().filter_map(|(_, head)| self.child(head, place)).collect()
    }

    /// The items of a list or entries of a map: below one of the names, or flattened.
    fn items(&self, names: &[&str], place: Place) -> Vec<Self> {
        let found = names.iter().find_map(|name| self.child(name, self.place));
        let items = found.map(|list| list.numbered(place)).unwrap_or_default();
        if items.is_empty() { self.numbered(place) } else { items }
    }

    fn member(&self, member: &'static Member) -> Option<Self> {
        let place = self.place.of(member);
        if !self.ec2 {
            let name = if member.query.is_empty() { member.wire_name() } else { member.query };
            let flat = || crate::xml::flat_item_name(place).and_then(|n| self.child(n, place));
            return self.child(name, place).or_else(flat);
        }
        if !member.query.is_empty() {
            return self.child(member.query, place);
        }
        let name = member.wire_name();
        self.child(&capitalised(name), place).or_else(|| self.child(name, place))
    }

    #[expect(clippy::unnecessary_wraps, reason = "what the macro calls")]
    fn text(&mut self) -> Result<Cow<'a, str>, ReadError> {
        Ok(self.value.unwrap_or_default().into())
    }
}

fn capitalised(name: &str) -> String {
    let mut out = name.to_owned();
    if let Some(first) = out.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    out
}

impl Reader for Form<'_> {
    fn schema(&self) -> Schema {
        self.place.schema
    }

    read_scalars!();

    fn blob(&mut self) -> Result<Bytes, ReadError> {
        crate::text::blob(&self.text()?)
    }

    fn structure(&mut self, each: &mut ReadMember<'_>) -> Result<(), ReadError> {
        self.place.check_depth()?;
        for (i, member) in self.place.shape().members.iter().enumerate() {
            if let Some(mut child) = self.member(member) {
                // A structure of which nothing is said is not there, nor is a number without digits.
                let empty = child.below.is_empty() && child.value.is_none_or(str::is_empty);
                let kind = child.place.shape().kind;
                if !empty || matches!(kind, Kind::String | Kind::Blob | Kind::List | Kind::Map) {
                    each(i, &mut child)?;
                }
            }
        }
        Ok(())
    }

    fn list(&mut self, each: &mut ReadItem<'_>) -> Result<(), ReadError> {
        let place = self.place.item()?;
        self.place.check_depth()?;
        let item = place.member.map_or("", |m| m.wire);
        self.items(&[item, "member"], place).iter_mut().try_for_each(|item| each(item))
    }

    fn map(&mut self, each: &mut ReadEntry<'_>) -> Result<(), ReadError> {
        let place = self.place.item()?;
        self.place.check_depth()?;
        let name = |m: Option<&'static Member>, default: &'static str| {
            m.map(|m| m.wire).filter(|w| !w.is_empty()).unwrap_or(default)
        };
        let key = name(self.place.shape().key.as_deref(), "key");
        let value = name(place.member, "value");
        for entry in self.items(&["entry"], self.place) {
            let Some(key) = entry.child(key, place).and_then(|k| k.value) else { continue };
            let absent = Self { place, value: None, below: &[], ..entry };
            each(key.to_owned(), &mut entry.child(value, place).unwrap_or(absent))?;
        }
        Ok(())
    }
}
