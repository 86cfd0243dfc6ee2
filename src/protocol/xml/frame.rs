//! What the records of a list have in common: their tags. They are put together for the first one,
//! and each record is written as tags and values in turn.

use cumulet_core::Timestamp;
use cumulet_core::codec::Field;
use cumulet_escape::{push, push_integer, push_xml};

use super::name;
use super::write::{Name, Style, element, item_name, push_timestamp};
use crate::place::Place;

/// The tags of records that have the same fields.
#[derive(Default)]
pub(super) struct Frame {
    slots: Vec<Slot>,
    tags: Vec<u8>,
}

/// Where a value stands.
struct Slot {
    index: usize,
    tags: Tags,
    place: Place,
    name: Name,
    /// The end of the tags before it.
    at: usize,
    /// The last time that stood here, and its text: what is listed was often made together.
    time: Option<Timestamp>,
    text: Vec<u8>,
}

/// The tags around a value.
#[derive(Clone, Copy, PartialEq)]
enum Tags {
    /// It writes its own.
    Own,
    Member,
    Item,
}

impl Tags {
    fn of(field: &Field<'_>) -> Self {
        match field {
            Field::Other(_) => Self::Own,
            Field::Item(_) => Self::Item,
            _ => Self::Member,
        }
    }
}

impl Frame {
    /// Whether it is the frame of a record of these fields.
    pub(super) fn fits(&self, fields: &[(usize, Field<'_>)]) -> bool {
        let is_it = |(slot, (index, field)): (&Slot, &(usize, Field<'_>))| {
            slot.index == *index && slot.tags == Tags::of(field)
        };
        !fields.is_empty()
            && self.slots.len() == fields.len()
            && self.slots.iter().zip(fields).all(is_it)
    }

    /// The frame of records of these fields; `None` if one is no element.
    pub(super) fn of(
        place: Place,
        style: Style,
        own: Name,
        fields: &[(usize, Field<'_>)],
    ) -> Option<Self> {
        let mut frame = Self::default();
        let around = (!own.text.is_empty()).then_some(own);
        around.inspect(|name| name.start(&mut frame.tags));
        for (index, field) in fields {
            let member = place.shape().members.get(*index)?;
            if member.xml_attribute || !place.has_in_body(member) {
                return None;
            }
            let (place, own) = (place.of(member), Name::of(member, name(member, style.query)));
            let tags = Tags::of(field);
            let (list, value) = match tags {
                Tags::Own => (None, None),
                Tags::Member => (None, Some(own)),
                Tags::Item => {
                    let list = (!place.is_flattened()).then_some(own);
                    (list, Some(item_name(place, own)?.1))
                }
            };
            list.iter().chain(&value).for_each(|name| name.start(&mut frame.tags));
            let at = frame.tags.len();
            let (time, text) = (None, Vec::new());
            frame.slots.push(Slot { index: *index, tags, place, name: own, at, time, text });
            value.iter().chain(&list).for_each(|name| name.end(&mut frame.tags));
        }
        around.inspect(|name| name.end(&mut frame.tags));
        Some(frame)
    }

    /// Writes a record.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, style: Style, fields: &[(usize, Field<'_>)]) {
        let mut from = 0;
        for (slot, (_, field)) in self.slots.iter_mut().zip(fields) {
            push(out, self.tags.get(from..slot.at).unwrap_or_default());
            from = slot.at;
            match field {
                Field::Text(text) => push_xml(out, text),
                Field::Word(word) | Field::Item(word) => push_word(out, word),
                Field::Quoted(word) => {
                    push(out, b"&quot;");
                    push_word(out, word);
                    push(out, b"&quot;");
                }
                Field::Integer(value) => push_integer(out, *value),
                Field::Timestamp(value) => {
                    if slot.time.replace(*value) != Some(*value) {
                        slot.text.clear();
                        push_timestamp(&mut slot.text, slot.place, style, *value);
                    }
                    push(out, &slot.text);
                }
                Field::Other(value) => {
                    value.encode(&mut element(out, slot.place, style, slot.name));
                }
            }
        }
        push(out, self.tags.get(from..).unwrap_or_default());
    }
}

fn push_word(out: &mut Vec<u8>, word: &str) {
    debug_assert!(word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)), "{word}");
    push(out, word.as_bytes());
}
