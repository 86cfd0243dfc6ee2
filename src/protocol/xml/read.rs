//! Reads XML, element by element, straight into whoever wants it. `quick-xml` does the parsing;
//! it knows no entity but the predefined ones, and a document type is refused.

use std::borrow::Cow;

use bytes::Bytes;
use cumulet_core::codec::{ReadEntry, ReadError, ReadItem, ReadMember};
use cumulet_core::{Reader, Schema};
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use super::{flat_item_name, name};
use crate::place::{Place, find};
use crate::text::{Texts, read_scalars};

type Parser<'a> = quick_xml::Reader<&'a [u8]>;

fn malformed(error: impl std::fmt::Display) -> ReadError {
    ReadError::new(error.to_string())
}

/// Gives `read` a reader of `body`'s root element. A payload's has the name that the model gives
/// it; a whole message's may have any.
pub(crate) fn read<T>(
    body: &[u8],
    place: Place,
    read: impl FnOnce(&mut dyn Reader) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    let text = std::str::from_utf8(body).map_err(malformed)?;
    let mut parser = Parser::from_str(text);
    parser.config_mut().expand_empty_elements = true;
    let start = loop {
        match next(&mut parser)? {
            Event::Start(start) => break start,
            Event::Text(text) if !text.trim().is_empty() => {
                return Err(ReadError::new("Content is not allowed in prolog."));
            }
            Event::GeneralRef(_) | Event::CData(_) => {
                return Err(ReadError::new("Content is not allowed in prolog."));
            }
            _ => {}
        }
    };
    if let Some(member) = place.member {
        // Which of these it is depends on the operation; a model leaves out what goes without saying.
        let names = [member.wire, member.name, place.shape().wire, place.shape().name];
        if !names.contains(&start.local_name().as_ref()) {
            let expected = member.wire_name();
            return Err(ReadError::new(format!("The root element must be {expected}.")));
        }
    }
    let mut root = Element::new(&mut parser, place, start);
    let value = read(&mut root)?;
    root.finish()?;
    loop {
        match parser.read_event().map_err(malformed)? {
            Event::Eof => return Ok(value),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Text(text) if text.trim().is_empty() => {}
            _ => return Err(ReadError::new("Content is not allowed in trailing section.")),
        }
    }
}

/// The next event inside an element, where the end of the text is an error.
fn next<'a>(parser: &mut Parser<'a>) -> Result<Event<'a>, ReadError> {
    match parser.read_event().map_err(malformed)? {
        Event::Eof => Err(ReadError::new(
            "XML document structures must start and end within the same entity.",
        )),
        Event::DocType(_) => Err(ReadError::new("A document type is not allowed.")),
        event => Ok(event),
    }
}

/// Passes over the rest of an element.
fn skip(parser: &mut Parser<'_>) -> Result<(), ReadError> {
    let mut open = 1_usize;
    while open > 0 {
        match next(parser)? {
            Event::Start(_) => open += 1,
            Event::End(_) => open -= 1,
            _ => {}
        }
    }
    Ok(())
}

struct Element<'x, 'a> {
    parser: &'x mut Parser<'a>,
    place: Place,
    start: BytesStart<'a>,
    read: bool,
    /// This element is an item of the flattened list that the place is.
    is_item: bool,
}

impl<'x, 'a> Element<'x, 'a> {
    fn new(parser: &'x mut Parser<'a>, place: Place, start: BytesStart<'a>) -> Self {
        Self { parser, place, start, read: false, is_item: false }
    }

    fn text(&mut self) -> Result<Cow<'a, str>, ReadError> {
        self.read = true;
        let mut all: Cow<'a, str> = "".into();
        loop {
            let more = match next(self.parser)? {
                Event::Text(text) => text.xml10_content(),
                Event::CData(text) => text.xml10_content(),
                Event::GeneralRef(entity) => match entity.resolve_char_ref().map_err(malformed)? {
                    Some(c) => c.to_string().into(),
                    None => resolve_predefined_entity(&entity)
                        .ok_or_else(|| ReadError::new("An entity that is not known"))?
                        .into(),
                },
                Event::Start(_) => {
                    skip(self.parser)?;
                    continue;
                }
                Event::End(_) => return Ok(all),
                _ => continue,
            };
            if all.is_empty() { all = more } else { all.to_mut().push_str(&more) }
        }
    }

    /// Calls `each` with the start of every child element; it must read the child to its end.
    fn children(
        &mut self,
        each: &mut dyn FnMut(&mut Parser<'a>, BytesStart<'a>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        self.read = true;
        self.place.check_depth()?;
        loop {
            match next(self.parser)? {
                Event::Start(start) => each(self.parser, start)?,
                Event::End(_) => return Ok(()),
                _ => {}
            }
        }
    }

    /// Reads to the end whatever is left.
    fn finish(self) -> Result<(), ReadError> {
        if self.read { Ok(()) } else { skip(self.parser) }
    }

    fn attributes(&self, each: &mut ReadMember<'_>) -> Result<(), ReadError> {
        let members = &self.place.shape().members;
        for (i, m) in members.iter().enumerate().filter(|(_, m)| m.xml_attribute) {
            let is_it = |key: &str| {
                key == m.wire_name()
                    || m.wire_name()
                        .split_once(':')
                        .is_some_and(|w| key.split_once(':').is_some_and(|k| k.1 == w.1))
            };
            for attribute in self.start.attributes().with_checks(false) {
                let attribute = attribute.map_err(malformed)?;
                if is_it(attribute.key.0) {
                    let value = attribute.normalized_value(XmlVersion::Implicit1_0);
                    let text = value.map_err(malformed)?;
                    each(i, &mut Texts { place: self.place.of(m), texts: vec![text] })?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// One entry of a map: `start` to the end is `<key/><value/>`, in either order.
    fn entry(
        place: Place,
        parser: &mut Parser<'a>,
        start: BytesStart<'a>,
        each: &mut ReadEntry<'_>,
    ) -> Result<(), ReadError> {
        let shape = place.shape();
        let (Some(key), Some(value)) = (&shape.key, &shape.value) else { return skip(parser) };
        let key_name = if key.wire.is_empty() { "key" } else { key.wire };
        let value_name = if value.wire.is_empty() { "value" } else { value.wire };
        let (mut found_key, mut found_value) = (None, None);
        let mut entry = Element::new(parser, place, start);
        entry.children(&mut |parser, start| {
            let local = start.local_name();
            let local = local.as_ref();
            if local == key_name {
                let text = Element::new(parser, place.of(key), start).text()?;
                found_key = Some(text.into_owned());
                return Ok(());
            }
            if local != value_name {
                return skip(parser);
            }
            let Some(key) = found_key.take() else {
                // The key may come later: the value is read then, from a copy of the parser.
                found_value = Some((parser.clone(), start));
                return skip(parser);
            };
            let mut value = Element::new(parser, place.of(value), start);
            each(key, &mut value)?;
            value.finish()
        })?;
        match (found_key, found_value) {
            (Some(key), Some((mut parser, start))) => {
                each(key, &mut Element::new(&mut parser, place.of(value), start))
            }
            _ => Ok(()),
        }
    }
}

impl Reader for Element<'_, '_> {
    fn schema(&self) -> Schema {
        self.place.schema
    }

    read_scalars!();

    fn blob(&mut self) -> Result<Bytes, ReadError> {
        crate::text::blob(&self.text()?)
    }

    fn structure(&mut self, each: &mut ReadMember<'_>) -> Result<(), ReadError> {
        self.attributes(each)?;
        let place = self.place;
        let members = &place.shape().members;
        let mut last = 0;
        self.children(&mut |parser, start| {
            let local = start.local_name();
            let local = local.as_ref();
            let found = find(members, &mut last, |m| {
                name(m, false) == local && place.has_in_body(m) && !m.xml_attribute
            });
            // Rarely anything is found so; the names of members come first.
            let found = found.or_else(|| {
                members.iter().position(|m| flat_item_name(place.of(m)) == Some(local))
            });
            let Some((i, m)) = found.and_then(|i| members.get(i).map(|m| (i, m))) else {
                return skip(parser);
            };
            let place = place.of(m);
            let is_item = place.is_flattened();
            let mut child = Element { parser, place, start, read: false, is_item };
            each(i, &mut child)?;
            child.finish()
        })
    }

    fn list(&mut self, each: &mut ReadItem<'_>) -> Result<(), ReadError> {
        let place = self.place.item()?;
        if self.is_item {
            self.read = true;
            let start = self.start.clone();
            let mut item = Element::new(self.parser, place, start);
            each(&mut item)?;
            return item.finish();
        }
        self.children(&mut |parser, start| {
            let mut item = Element::new(parser, place, start);
            each(&mut item)?;
            item.finish()
        })
    }

    fn map(&mut self, each: &mut ReadEntry<'_>) -> Result<(), ReadError> {
        let place = self.place;
        if self.is_item {
            self.read = true;
            return Self::entry(place, self.parser, self.start.clone(), each);
        }
        self.children(&mut |parser, start| Self::entry(place, parser, start, each))
    }
}
