//! Reads a request with HTTP bindings: path, query string, headers and payload.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use bytes::Bytes;
use cumulet_core::codec::{ReadEntry, ReadError, ReadItem, ReadMember};
use cumulet_core::model::{Kind, Location, Member, TimestampFormat};
use cumulet_core::{Protocol, Reader, Schema};
use http::request::Parts;

use crate::form;
use crate::input::parse;
use crate::place::Place;
use crate::route::Matched;
use crate::text::{BASE64, Texts, read_scalars};

/// Reads an input: the root of a request.
pub(crate) struct Request<'a> {
    pub(crate) protocol: Protocol,
    pub(crate) place: Place,
    pub(crate) matched: &'a Matched,
    /// The operation's path and fixed query.
    pub(crate) uri: &'static str,
    pub(crate) parts: &'a Parts,
    pub(crate) body: &'a Bytes,
}

type Pairs<'a> = [(Cow<'a, str>, Cow<'a, str>)];

impl Request<'_> {
    #[expect(clippy::unused_self, reason = "what the macro calls")]
    fn text(&mut self) -> Result<Cow<'static, str>, ReadError> {
        Err(ReadError::new("A message is a structure"))
    }

    fn labels(&self, each: &mut ReadMember<'_>) -> Result<(), ReadError> {
        for (i, m) in self.at(Location::Uri) {
            let label = self.matched.labels.iter().find(|(name, _)| *name == m.wire_name());
            if let Some((_, text)) = label {
                let texts = vec![Cow::Borrowed(text.as_str())];
                let mut label = Texts { place: self.place.of(m), texts };
                each(i, &mut label).map_err(|error| error.in_member(m.wire_name()))?;
            }
        }
        Ok(())
    }

    fn at(&self, location: Location) -> impl Iterator<Item = (usize, &'static Member)> + use<> {
        let members = self.place.shape().members.iter().enumerate();
        members.filter(move |(_, m)| m.location == location)
    }

    fn query(&self, pairs: &Pairs<'_>, each: &mut ReadMember<'_>) -> Result<(), ReadError> {
        for (i, m) in self.at(Location::Query) {
            let place = self.place.of(m);
            if place.shape().kind == Kind::Map {
                let mut map = self.rest_of_query(place, pairs);
                if !map.entries.is_empty() {
                    each(i, &mut map)?;
                }
                continue;
            }
            let texts: Vec<_> =
                pairs.iter().filter(|(n, _)| n == m.wire_name()).map(|p| p.1.clone()).collect();
            let is_number = !matches!(place.shape().kind, Kind::String | Kind::List);
            let empty =
                if is_number { texts.iter().all(|t| t.is_empty()) } else { texts.is_empty() };
            if !empty {
                each(i, &mut Texts { place, texts })
                    .map_err(|error| error.in_member(m.wire_name()))?;
            }
        }
        Ok(())
    }

    /// The parameters that neither another member nor the operation has taken.
    fn rest_of_query<'p>(&self, place: Place, pairs: &Pairs<'p>) -> Params<'p> {
        let fixed = self.uri.split_once('?').map_or("", |(_, query)| query);
        let taken = |name: &str| {
            self.at(Location::Query).any(|(_, m)| m.wire_name() == name)
                || form::pairs(fixed.as_bytes()).any(|(n, _)| n == name)
        };
        let mut entries = BTreeMap::<String, Vec<Cow<'p, str>>>::new();
        for (name, value) in pairs.iter().filter(|(name, _)| !taken(name)) {
            entries.entry(name.clone().into_owned()).or_default().push(value.clone());
        }
        Params { place, entries }
    }

    fn headers(&self, each: &mut ReadMember<'_>) -> Result<(), ReadError> {
        let headers = &self.parts.headers;
        let members = &self.place.shape().members;
        for name in headers.keys() {
            let found = members.iter().enumerate().find(|(_, m)| {
                m.location == Location::Header && m.wire_name().eq_ignore_ascii_case(name.as_str())
            });
            let Some((i, m)) = found else { continue };
            let values = headers.get_all(name).iter();
            let texts: Vec<_> = values.map(|v| latin1(v.as_bytes())).collect();
            let place = self.place.of(m);
            let kind = place.shape().kind;
            let texts = match kind {
                Kind::List => split_list(place, &texts),
                Kind::String if m.json_value => texts.iter().map(|t| from_base64(t)).collect(),
                // As with all fields that may stand once only: together they are one.
                Kind::String if texts.len() > 1 => vec![texts.join(",").into()],
                _ => texts,
            };
            let is_number = !matches!(kind, Kind::String | Kind::List);
            if !(is_number && texts.iter().all(|t| t.is_empty())) {
                each(i, &mut Texts { place, texts })
                    .map_err(|error| error.in_member(m.wire_name()))?;
            }
        }
        for (i, m) in self.at(Location::Headers) {
            let mut entries = BTreeMap::<String, Vec<Cow<'_, str>>>::new();
            for (name, value) in headers {
                let (prefix, name) = (m.wire_name(), name.as_str());
                let has = name.get(..prefix.len()).is_some_and(|p| p.eq_ignore_ascii_case(prefix));
                if let (true, Some(rest)) = (has, name.get(prefix.len()..)) {
                    let text = latin1(value.as_bytes());
                    let texts = entries.entry(rest.to_owned()).or_default();
                    match texts.first_mut() {
                        Some(first) => *first = [&**first, &*text].join(",").into(),
                        None => texts.push(text),
                    }
                }
            }
            for texts in entries.values_mut().filter(|texts| texts.len() > 1) {
                *texts = vec![texts.join(",").into()];
            }
            if !entries.is_empty() {
                each(i, &mut Params { place: self.place.of(m), entries })?;
            }
        }
        Ok(())
    }

    fn payload(
        &self,
        i: usize,
        m: &'static Member,
        each: &mut ReadMember<'_>,
    ) -> Result<(), ReadError> {
        let place = self.place.of(m);
        // A stream travels beside the members; of an empty body nobody can say what it is.
        if m.streaming || self.body.is_empty() {
            return Ok(());
        }
        match place.shape().kind {
            Kind::Blob => each(i, &mut Raw { place, body: self.body }),
            Kind::String => {
                let texts = vec![String::from_utf8_lossy(self.body)];
                each(i, &mut Texts { place, texts })
            }
            _ => parse(self.protocol, self.body, place, &mut |r| each(i, r)),
        }
    }
}

impl Reader for Request<'_> {
    fn schema(&self) -> Schema {
        self.place.schema
    }

    read_scalars!();

    fn blob(&mut self) -> Result<Bytes, ReadError> {
        crate::text::blob(&self.text()?)
    }

    fn structure(&mut self, each: &mut ReadMember<'_>) -> Result<(), ReadError> {
        self.labels(each)?;
        if let Some(query) = self.parts.uri.query() {
            self.query(&form::pairs(query.as_bytes()).collect::<Vec<_>>(), each)?;
        }
        self.headers(each)?;
        let shape = self.place.shape();
        match shape.payload.and_then(|i| shape.members.get(i).map(|m| (i, m))) {
            Some((i, m)) => self.payload(i, m, each),
            None if self.body.is_empty() || self.place.body_members().next().is_none() => Ok(()),
            None => parse(self.protocol, self.body, self.place, &mut |r| r.structure(each)),
        }
    }

    fn list(&mut self, _: &mut ReadItem<'_>) -> Result<(), ReadError> {
        self.text().map(drop)
    }

    fn map(&mut self, _: &mut ReadEntry<'_>) -> Result<(), ReadError> {
        self.text().map(drop)
    }
}

/// A payload that is taken as it is.
struct Raw<'a> {
    place: Place,
    body: &'a Bytes,
}

impl<'a> Raw<'a> {
    #[expect(clippy::unnecessary_wraps, reason = "what the macro calls")]
    fn text(&mut self) -> Result<Cow<'a, str>, ReadError> {
        Ok(String::from_utf8_lossy(self.body))
    }
}

impl Reader for Raw<'_> {
    fn schema(&self) -> Schema {
        self.place.schema
    }

    read_scalars!();

    fn blob(&mut self) -> Result<Bytes, ReadError> {
        Ok(self.body.clone())
    }

    fn structure(&mut self, _: &mut ReadMember<'_>) -> Result<(), ReadError> {
        Err(ReadError::new("Unexpected structure"))
    }

    fn list(&mut self, _: &mut ReadItem<'_>) -> Result<(), ReadError> {
        Err(ReadError::new("Unexpected list"))
    }

    fn map(&mut self, _: &mut ReadEntry<'_>) -> Result<(), ReadError> {
        Err(ReadError::new("Unexpected map"))
    }
}

/// A map of parameters or headers.
struct Params<'a> {
    place: Place,
    entries: BTreeMap<String, Vec<Cow<'a, str>>>,
}

impl Params<'_> {
    #[expect(
        clippy::unused_self,
        clippy::needless_pass_by_ref_mut,
        reason = "what the macro calls"
    )]
    fn text(&mut self) -> Result<Cow<'static, str>, ReadError> {
        Err(ReadError::new("Unexpected map"))
    }
}

impl Reader for Params<'_> {
    fn schema(&self) -> Schema {
        self.place.schema
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

    fn map(&mut self, each: &mut ReadEntry<'_>) -> Result<(), ReadError> {
        let place = self.place.item()?;
        std::mem::take(&mut self.entries)
            .into_iter()
            .try_for_each(|(key, texts)| each(key, &mut Texts { place, texts }))
    }
}

/// What a header says: as HTTP has it and AWS reads it, each byte is a character.
fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => text.into(),
        _ => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn from_base64<'a>(text: &str) -> Cow<'a, str> {
    BASE64
        .decode(text)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
        .into()
}

/// The items of a list in headers: separated by commas, quoted where they contain one. The date of
/// HTTP has a comma of its own.
fn split_list<'a>(place: Place, headers: &[Cow<'a, str>]) -> Vec<Cow<'a, str>> {
    let is_date = place.item().is_ok_and(|item| {
        item.shape().kind == Kind::Timestamp
            && matches!(item.timestamp(), TimestampFormat::Unspecified | TimestampFormat::Rfc822)
    });
    let mut items: Vec<Cow<'a, str>> = Vec::new();
    for header in headers {
        let mut rest = header.trim();
        while !rest.is_empty() {
            let (item, after) = next_item(rest, is_date);
            items.push(item.into());
            rest = after.trim_start();
        }
    }
    items
}

fn next_item(text: &str, is_date: bool) -> (String, &str) {
    let Some(mut rest) = text.strip_prefix('"') else {
        let mut commas = text.match_indices(',').map(|(at, _)| at);
        let end = commas.nth(usize::from(is_date)).unwrap_or(text.len());
        let (item, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        return (item.trim().to_owned(), rest.get(1..).unwrap_or_default());
    };
    let mut item = String::new();
    loop {
        let mut chars = rest.chars();
        match chars.next() {
            None | Some('"') => break,
            Some('\\') => item.extend(chars.next()),
            Some(c) => item.push(c),
        }
        rest = chars.as_str();
    }
    (item, rest.split_once(',').map_or("", |(_, after)| after))
}
