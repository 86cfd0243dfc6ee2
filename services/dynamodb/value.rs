//! DynamoDB's values: [`AttributeValue`] and [`Item`], how they meet the wire, what they weigh and
//! how they sort. The compact form that they are kept in is `encoded`'s matter.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use cumulet_core::{AwsError, Blob, Decode, Encode, ReadError, Reader, Writer};

use crate::errors::validation;
use crate::number::Number;

/// How deep values may be inside each other; an attribute's own is the first.
pub(crate) const LEVELS: usize = 32;

const EMPTY: &str =
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";

/// Attributes by name.
pub(crate) type Item = BTreeMap<String, AttributeValue>;

/// One value. Sets are sorted and without duplicates.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AttributeValue {
    /// Text.
    S(String),
    /// A number.
    N(Number),
    /// Bytes.
    B(Bytes),
    /// Texts.
    Ss(Vec<String>),
    /// Numbers.
    Ns(Vec<Number>),
    /// Byte strings.
    Bs(Vec<Bytes>),
    /// Values by name.
    M(Item),
    /// Values in order.
    L(Vec<Self>),
    /// True or false.
    Bool(bool),
    /// The null.
    Null,
    /// What came in and is no value: DynamoDB's text about it. [`AttributeValue::check`] finds it
    /// in the handler's first lines, because its text depends on where the value stands.
    Invalid(Box<str>),
}

impl AttributeValue {
    /// `S`, `N`, … as DynamoDB names the types.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::S(_) => "S",
            Self::N(_) => "N",
            Self::B(_) => "B",
            Self::Ss(_) => "SS",
            Self::Ns(_) => "NS",
            Self::Bs(_) => "BS",
            Self::M(_) => "M",
            Self::L(_) => "L",
            Self::Bool(_) => "BOOL",
            Self::Null | Self::Invalid(_) => "NULL",
        }
    }

    /// What DynamoDB counts for it, in bytes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::S(text) => text.len(),
            Self::N(number) => number.size(),
            Self::B(bytes) => bytes.len(),
            Self::Ss(set) => set.iter().map(String::len).sum(),
            Self::Ns(set) => set.iter().map(|n| n.size()).sum(),
            Self::Bs(set) => set.iter().map(Bytes::len).sum(),
            // Three for the container and one for each of its elements.
            Self::M(map) => 3 + map.iter().map(|(k, v)| 1 + k.len() + v.size()).sum::<usize>(),
            Self::L(list) => 3 + list.iter().map(|v| 1 + v.size()).sum::<usize>(),
            Self::Bool(_) | Self::Null => 1,
            Self::Invalid(_) => 0,
        }
    }

    /// The first thing wrong with a value that came in, in DynamoDB's words.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.check_at(1)
    }

    fn check_at(&self, level: usize) -> Result<(), String> {
        if level > LEVELS {
            let text = "Nesting Levels have exceeded supported limits: Attributes in the item have \
                        nested levels beyond supported limit";
            return Err(text.to_owned());
        }
        match self {
            Self::M(map) => map.values().try_for_each(|v| v.check_at(level + 1)),
            Self::L(list) => list.iter().try_for_each(|v| v.check_at(level + 1)),
            Self::Invalid(text) => Err(text.clone().into_string()),
            _ => Ok(()),
        }
    }

    /// The set of these members, [`Self::Invalid`] where they make none; `None` where they are not
    /// of one type that sets are of.
    pub(crate) fn set_of(members: Vec<Self>) -> Option<Self> {
        let all = members.into_iter();
        Some(match all.as_slice().first()? {
            Self::S(_) => {
                let texts = all.map(|v| if let Self::S(text) = v { Some(text) } else { None });
                text_set(&texts.collect::<Option<Vec<_>>>()?)
            }
            Self::N(_) => {
                let numbers =
                    all.map(|v| if let Self::N(n) = v { Some(n.to_string()) } else { None });
                number_set(&numbers.collect::<Option<Vec<_>>>()?)
            }
            Self::B(_) => {
                let bytes = all.map(|v| if let Self::B(bytes) = v { Some(bytes) } else { None });
                byte_set(&bytes.collect::<Option<Vec<_>>>()?)
            }
            _ => return None,
        })
    }

    /// How two scalars of one type sort: text by its UTF-8 bytes, numbers by value, bytes unsigned.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::S(a), Self::S(b)) => Some(a.cmp(b)),
            (Self::N(a), Self::N(b)) => Some(a.cmp(b)),
            (Self::B(a), Self::B(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// Appends bytes of a key (S, N or B) that sort as DynamoDB sorts the keys, and that tell their
    /// own end, so that several can follow each other: zero bytes of text and bytes are escaped.
    pub(crate) fn push_key(&self, out: &mut Vec<u8>) {
        self.push_key_prefix(out);
        if matches!(self, Self::S(_) | Self::B(_)) {
            out.extend_from_slice(&[0, 0]);
        }
    }

    /// The bytes that the key of every text or byte string beginning with this one begins with.
    pub(crate) fn push_key_prefix(&self, out: &mut Vec<u8>) {
        let bytes = match self {
            Self::S(text) => text.as_bytes(),
            Self::B(bytes) => bytes,
            Self::N(number) => return number.push_ordered(out),
            _ => return,
        };
        for byte in bytes {
            out.push(*byte);
            if *byte == 0 {
                out.push(0xff);
            }
        }
    }

    fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into().into_boxed_str())
    }

    fn invalid_parameter(text: impl AsRef<str>) -> Self {
        Self::invalid(["One or more parameter values were invalid: ", text.as_ref()].concat())
    }
}

/// What DynamoDB counts for an item, in bytes.
pub(crate) fn item_size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value.size()).sum()
}

/// Refuses an item that came in with something that is no value.
pub(crate) fn check_item(item: &Item) -> Result<(), AwsError> {
    item.values().try_for_each(AttributeValue::check).map_err(validation)
}

impl Encode for AttributeValue {
    fn encode(&self, w: &mut dyn Writer) {
        // The model's order: S, N, B, SS, NS, BS, M, L, NULL, BOOL.
        match self {
            Self::S(text) => w.member(0, text),
            Self::N(number) => w.member(1, number),
            Self::B(bytes) => w.member(2, &&**bytes),
            Self::Ss(set) => w.member(3, set),
            Self::Ns(set) => w.member(4, set),
            Self::Bs(set) => w.member(5, &set.iter().map(|b| &**b).collect::<Vec<_>>()),
            Self::M(map) => w.member(6, map),
            Self::L(list) => w.member(7, list),
            Self::Null => w.member(8, &true),
            Self::Bool(value) => w.member(9, value),
            Self::Invalid(_) => w.structure(&|_, _| {}),
        }
    }
}

impl Decode for AttributeValue {
    fn decode(r: &mut dyn Reader) -> Result<Self, ReadError> {
        let mut found = None;
        let mut more = false;
        r.structure(&mut |i, r| {
            more |= found.replace(member(i, r)?).is_some();
            Ok(())
        })?;
        Ok(match found {
            Some(_) if more => Self::invalid(
                "Supplied AttributeValue has more than one datatypes set, must contain exactly \
                 one of the supported datatypes",
            ),
            Some(value) => value,
            None => Self::invalid(EMPTY),
        })
    }
}

fn member(i: usize, r: &mut dyn Reader) -> Result<AttributeValue, ReadError> {
    type V = AttributeValue;
    Ok(match i {
        0 => V::S(r.string()?),
        1 => match Number::parse(&r.string()?) {
            Ok(number) => V::N(number),
            Err(error) => V::invalid(error.to_string()),
        },
        2 => V::B(r.blob()?),
        3 => text_set(&Vec::decode(r)?),
        4 => number_set(&Vec::decode(r)?),
        5 => byte_set(&Vec::<Blob>::decode(r)?.into_iter().map(|b| b.0).collect::<Vec<_>>()),
        6 => V::M(Decode::decode(r)?),
        7 => V::L(Decode::decode(r)?),
        8 if r.boolean()? => V::Null,
        8 => V::invalid_parameter("Null attribute value types must have the value of true"),
        9 => V::Bool(r.boolean()?),
        _ => V::invalid(EMPTY),
    })
}

pub(crate) fn text_set(given: &[String]) -> AttributeValue {
    if given.is_empty() {
        return AttributeValue::invalid_parameter("An string set  may not be empty");
    }
    match distinct(given) {
        Some(set) => AttributeValue::Ss(set),
        None => AttributeValue::invalid_parameter(format!(
            "Input collection [{}] contains duplicates.",
            given.join(", ")
        )),
    }
}

pub(crate) fn number_set(given: &[String]) -> AttributeValue {
    if given.is_empty() {
        return AttributeValue::invalid_parameter("An number set  may not be empty");
    }
    match given.iter().map(|text| Number::parse(text)).collect::<Result<Vec<_>, _>>() {
        Err(error) => AttributeValue::invalid(error.to_string()),
        Ok(numbers) => match distinct(&numbers) {
            Some(set) => AttributeValue::Ns(set),
            None => AttributeValue::invalid("Input collection contains duplicates"),
        },
    }
}

pub(crate) fn byte_set(given: &[Bytes]) -> AttributeValue {
    if given.is_empty() {
        return AttributeValue::invalid_parameter("Binary sets should not be empty");
    }
    match distinct(given) {
        Some(set) => AttributeValue::Bs(set),
        None => AttributeValue::invalid_parameter(format!(
            "Input collection [{}]of type BS contains duplicates.",
            given.iter().map(|b| BASE64.encode(b)).collect::<Vec<_>>().join(", ")
        )),
    }
}

/// Sorted; nothing where something stands twice.
fn distinct<T: Clone + Ord>(given: &[T]) -> Option<Vec<T>> {
    let mut set = given.to_vec();
    set.sort_unstable();
    set.dedup();
    (set.len() == given.len()).then_some(set)
}
