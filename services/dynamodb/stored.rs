//! Items as they are kept, and as answers show them: in compact form until an expression needs one.

use std::borrow::Cow;
use std::sync::Arc;

use cumulet_core::{Decode, Encode, ReadError, Reader, Writer};

use crate::encoded::{self, EncodedValue};
use crate::expression;
use crate::value::{self, AttributeValue, Item};

/// An item: its size as DynamoDB counts it in four bytes, then its compact form.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Stored(Arc<[u8]>);

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.item())
    }
}

impl Stored {
    pub(crate) fn new(item: &Item) -> Self {
        let size = u32::try_from(value::item_size(item)).unwrap_or(u32::MAX);
        let mut bytes = size.to_le_bytes().to_vec();
        bytes.append(&mut encoded::encode(item));
        Self(bytes.into())
    }

    /// Its size as DynamoDB counts it.
    pub(crate) fn size(&self) -> usize {
        let size = self.0.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        usize::try_from(size).unwrap_or(0)
    }

    /// Looks at it once in every line of the processor's cache; the sum is nobody's matter.
    pub(crate) fn touch(&self) -> usize {
        self.0.iter().step_by(64).map(|byte| usize::from(*byte)).sum()
    }

    /// The compact form.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.get(4..).unwrap_or_default()
    }

    pub(crate) fn item(&self) -> Item {
        encoded::decode(self.bytes())
    }

    pub(crate) fn get(&self, name: &str) -> Option<EncodedValue<'_>> {
        encoded::get(self.bytes(), name)
    }
}

/// Some of an item's attributes at its top level, by name.
pub(crate) type Names = Arc<[String]>;

/// An item in an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Attributes {
    /// As it is kept.
    Whole(Stored),
    /// These attributes of it.
    Part(Stored, Names),
    /// What an expression has made of it.
    Item(Item),
}

impl Attributes {
    pub(crate) fn item(&self) -> Item {
        match self {
            Self::Whole(stored) => stored.item(),
            Self::Part(stored, names) => {
                let mut item = stored.item();
                item.retain(|name, _| names.contains(name));
                item
            }
            Self::Item(item) => item.clone(),
        }
    }
}

/// These attributes of it: what an index has.
impl expression::Attributes for (&Stored, &Names) {
    fn attribute(&self, name: &str) -> Option<Cow<'_, AttributeValue>> {
        let (stored, names) = self;
        names.iter().any(|n| n == name).then(|| stored.get(name))?.map(|v| Cow::Owned(v.decode()))
    }
}

impl From<Item> for Attributes {
    fn from(item: Item) -> Self {
        Self::Item(item)
    }
}

impl Encode for Attributes {
    fn encode(&self, w: &mut dyn Writer) {
        match self {
            Self::Whole(stored) => encoded::write(stored.bytes(), w),
            Self::Part(stored, names) => {
                let attributes = encoded::attributes(stored.bytes());
                let part: Vec<_> =
                    attributes.filter(|(name, _)| names.iter().any(|n| n == name)).collect();
                w.map(&mut part.iter().map(|(name, value)| (*name, value as &dyn Encode)));
            }
            Self::Item(item) => item.encode(w),
        }
    }
}

impl Decode for Attributes {
    fn decode(r: &mut dyn Reader) -> Result<Self, ReadError> {
        Item::decode(r).map(Self::Item)
    }
}
