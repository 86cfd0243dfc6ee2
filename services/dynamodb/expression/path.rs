//! Document paths: `a.b[1]`. How they are shown, how they collide, and what they lead to.

use std::borrow::Cow;
use std::fmt;

use crate::encoded;
use crate::value::{AttributeValue, Item};

/// A path with its names resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// The attribute.
    pub(crate) root: String,
    /// The way inside it.
    pub(crate) steps: Vec<Step>,
}

/// One step inside a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Of a map.
    Key(String),
    /// Of a list.
    Index(usize),
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}", self.root)?;
        for step in &self.steps {
            match step {
                Step::Key(key) => write!(f, ", {key}")?,
                Step::Index(index) => write!(f, ", [{index}]")?,
            }
        }
        f.write_str("]")
    }
}

impl Path {
    /// The attribute itself.
    pub(crate) fn top(root: impl Into<String>) -> Self {
        Self { root: root.into(), steps: Vec::new() }
    }

    /// What it leads to in an item.
    pub(crate) fn of(&self, item: &Item) -> Option<AttributeValue> {
        follow(Cow::Borrowed(item.get(&self.root)?), &self.steps).map(Cow::into_owned)
    }
}

/// Follows steps inside a value.
pub(crate) fn follow<'a>(
    mut value: Cow<'a, AttributeValue>,
    steps: &[Step],
) -> Option<Cow<'a, AttributeValue>> {
    for step in steps {
        value = match value {
            Cow::Borrowed(value) => Cow::Borrowed(inside(value, step)?),
            Cow::Owned(AttributeValue::M(mut map)) => {
                let Step::Key(key) = step else { return None };
                Cow::Owned(map.remove(key)?)
            }
            Cow::Owned(AttributeValue::L(mut list)) => match step {
                Step::Index(index) if *index < list.len() => Cow::Owned(list.swap_remove(*index)),
                _ => return None,
            },
            Cow::Owned(_) => return None,
        };
    }
    Some(value)
}

fn inside<'a>(value: &'a AttributeValue, step: &Step) -> Option<&'a AttributeValue> {
    match (value, step) {
        (AttributeValue::M(map), Step::Key(key)) => map.get(key),
        (AttributeValue::L(list), Step::Index(index)) => list.get(*index),
        _ => None,
    }
}

/// Refuses paths of which one is inside another, or of which two want different things to stand at
/// one place.
pub(crate) fn check_distinct<'a>(paths: impl Iterator<Item = &'a Path>) -> Result<(), String> {
    let mut seen: Vec<&Path> = Vec::new();
    for path in paths {
        for other in &seen {
            if let Some(how) = collision(other, path) {
                return Err(format!(
                    "Two document paths {how} with each other; must remove or rewrite one of \
                     these paths; path one: {other}, path two: {path}"
                ));
            }
        }
        seen.push(path);
    }
    Ok(())
}

fn collision(a: &Path, b: &Path) -> Option<&'static str> {
    if a.root != b.root {
        return None;
    }
    for pair in a.steps.iter().zip(&b.steps) {
        match pair {
            (a, b) if a == b => {}
            (Step::Key(_), Step::Key(_)) | (Step::Index(_), Step::Index(_)) => return None,
            _ => return Some("conflict"),
        }
    }
    Some("overlap")
}

/// Where attributes are found by name: an item, or its compact form.
pub(crate) trait Attributes {
    /// One top-level attribute.
    fn attribute(&self, name: &str) -> Option<Cow<'_, AttributeValue>>;

    /// What a path leads to.
    fn at(&self, path: &Path) -> Option<Cow<'_, AttributeValue>> {
        follow(self.attribute(&path.root)?, &path.steps)
    }
}

impl Attributes for Item {
    fn attribute(&self, name: &str) -> Option<Cow<'_, AttributeValue>> {
        self.get(name).map(Cow::Borrowed)
    }
}

/// The compact form: only the attributes that are asked for are decoded.
impl Attributes for [u8] {
    fn attribute(&self, name: &str) -> Option<Cow<'_, AttributeValue>> {
        encoded::get(self, name).map(|value| Cow::Owned(value.decode()))
    }
}

/// No item.
impl Attributes for () {
    fn attribute(&self, _: &str) -> Option<Cow<'_, AttributeValue>> {
        None
    }
}
