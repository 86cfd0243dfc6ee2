//! What of an item is wanted: paths, merged into one tree.

use std::collections::{BTreeMap, BTreeSet};

use super::node;
use super::path::{Attributes, Path, Step, check_distinct};
use super::placeholders::Placeholders;
use super::token::Tokens;
use crate::value::{AttributeValue, Item};

/// A projection.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Projection {
    attributes: BTreeMap<String, Tree>,
}

/// What of one value is wanted. Paths neither overlap nor conflict, so every place has one kind.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    All,
    Keys(BTreeMap<String, Self>),
    Indexes(BTreeMap<usize, Self>),
}

impl Projection {
    pub(super) fn parse(placeholders: &mut Placeholders<'_>, text: &str) -> Result<Self, String> {
        let mut tokens = Tokens::new(text);
        let mut written = vec![node::path(&mut tokens)?];
        while tokens.symbol(",") {
            written.push(node::path(&mut tokens)?);
        }
        tokens.finish()?;
        let paths =
            written.iter().map(|parts| placeholders.path(parts)).collect::<Result<Vec<_>, _>>()?;
        check_distinct(paths.iter())?;
        Ok(Self::of(&paths))
    }

    /// The projection on paths of which none is inside another.
    pub(crate) fn of<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Self {
        let mut projection = Self::default();
        for path in paths {
            match projection.attributes.get_mut(&path.root) {
                Some(tree) => tree.add(&path.steps),
                None => {
                    drop(projection.attributes.insert(path.root.clone(), Tree::new(&path.steps)));
                }
            }
        }
        projection
    }

    /// The names of its attributes, if it takes all of them whole.
    pub(crate) fn names(&self) -> Option<Vec<String>> {
        let whole = self.attributes.values().all(|tree| *tree == Tree::All);
        whole.then(|| self.attributes.keys().cloned().collect())
    }

    /// The names of all attributes that it takes from.
    pub(crate) fn roots(&self) -> BTreeSet<&str> {
        self.attributes.keys().map(String::as_str).collect()
    }

    /// What is wanted of an item.
    pub(crate) fn project<A: Attributes + ?Sized>(&self, item: &A) -> Item {
        let take = |(name, tree): (&String, &Tree)| {
            Some((name.clone(), tree.project(item.attribute(name)?.as_ref())?))
        };
        self.attributes.iter().filter_map(take).collect()
    }
}

impl Tree {
    fn new(steps: &[Step]) -> Self {
        match steps.split_first() {
            None => Self::All,
            Some((Step::Key(key), rest)) => Self::Keys([(key.clone(), Self::new(rest))].into()),
            Some((Step::Index(index), rest)) => Self::Indexes([(*index, Self::new(rest))].into()),
        }
    }

    fn add(&mut self, steps: &[Step]) {
        match (self, steps.split_first()) {
            (Self::Keys(keys), Some((Step::Key(key), rest))) => match keys.get_mut(key) {
                Some(tree) => tree.add(rest),
                None => drop(keys.insert(key.clone(), Self::new(rest))),
            },
            (Self::Indexes(indexes), Some((Step::Index(index), rest))) => {
                match indexes.get_mut(index) {
                    Some(tree) => tree.add(rest),
                    None => drop(indexes.insert(*index, Self::new(rest))),
                }
            }
            _ => {}
        }
    }

    fn project(&self, value: &AttributeValue) -> Option<AttributeValue> {
        match (self, value) {
            (Self::All, value) => Some(value.clone()),
            (Self::Keys(keys), AttributeValue::M(map)) => {
                let take = |(key, tree): (&String, &Self)| {
                    Some((key.clone(), tree.project(map.get(key)?)?))
                };
                let found: Item = keys.iter().filter_map(take).collect();
                (!found.is_empty()).then_some(AttributeValue::M(found))
            }
            (Self::Indexes(indexes), AttributeValue::L(list)) => {
                let take = |(index, tree): (&usize, &Self)| tree.project(list.get(*index)?);
                let found: Vec<_> = indexes.iter().filter_map(take).collect();
                (!found.is_empty()).then_some(AttributeValue::L(found))
            }
            _ => None,
        }
    }
}
