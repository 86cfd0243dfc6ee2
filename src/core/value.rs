//! Values without a type of their own: what dynamic callers pass, documents, error members.

use bytes::Bytes;

use crate::time::Timestamp;

/// Any value of the API's data model. Structures are maps of their members' model names.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing; in a structure the same as absence.
    #[default]
    Null,
    /// True or false.
    Boolean(bool),
    /// Whole numbers.
    Integer(i64),
    /// Other numbers.
    Float(f64),
    /// Text.
    String(String),
    /// Bytes.
    Blob(Bytes),
    /// A point in time.
    Timestamp(Timestamp),
    /// Values in order.
    List(Vec<Self>),
    /// Names and values, in the order given; names are unique.
    Map(Vec<(String, Self)>),
}

impl Value {
    /// The value called `name` in a map.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(k, _)| k == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }

    /// The same to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Self> {
        match self {
            Self::Map(entries) => entries.iter_mut().find(|(k, _)| k == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// Puts an entry into a map that has none of that name.
    pub fn set_default(&mut self, name: &str, value: impl Into<Self>) {
        if let Self::Map(entries) = self
            && !entries.iter().any(|(k, _)| k == name)
        {
            entries.push((name.to_owned(), value.into()));
        }
    }

    /// Whether it is true, if it is that or false.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Boolean(b) => Some(*b),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(n) => Some(*n),
            _ => None,
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// A structure or map: `Value::map([("QueueUrl", url.into())])`.
    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(entries.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Self::String(s.to_owned())
    }
}

impl From<String> for Value {
    fn from(s: String) -> Self {
        Self::String(s)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Boolean(b)
    }
}

impl From<i32> for Value {
    fn from(n: i32) -> Self {
        Self::Integer(i64::from(n))
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Integer(n)
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        Self::List(items.into_iter().collect())
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}
