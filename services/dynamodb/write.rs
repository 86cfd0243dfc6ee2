//! One write of an item, whatever operation asks for it: first it is decided, with the item as it
//! is, then done. Transactions decide on all of their writes before they do any.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx, Value};

use crate::errors::{self, validation};
use crate::expression::{Condition, Update};
use crate::key;
use crate::space::{Change, RowKey};
use crate::state::{TableRow, Tables};
use crate::stored::Stored;
use crate::value::{self, AttributeValue, Item};

/// Bytes of an item, at most.
pub(crate) const ITEM_MAX: usize = 400 << 10;

/// A write that somebody asks for.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) action: Action,
    pub(crate) condition: Option<Condition>,
    /// A condition that fails is answered with the item.
    pub(crate) show_on_failure: bool,
    /// Its condition is that nothing is there: `PartiQL`'s INSERT.
    pub(crate) is_insert: bool,
}

#[derive(Debug)]
pub(crate) enum Action {
    /// The item takes the place of the one that has its key.
    Put(Item),
    /// Nothing stands at this key any more.
    Delete(Item),
    /// The item at this key is changed, or made.
    Update(Item, Update),
    /// Nothing changes, if the condition holds.
    Check(Item),
}

/// A write that can be done.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) table: Arc<TableRow>,
    pub(crate) at: RowKey,
    pub(crate) old: Option<Stored>,
    pub(crate) new: Option<Stored>,
    /// It only looks.
    pub(crate) is_check: bool,
}

/// Why a write cannot be done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Its condition does not hold; the item, where it is wanted.
    Condition(Option<Stored>),
    /// It inserts an item that is there.
    Duplicate,
    /// It is wrong in itself.
    Invalid(AwsError),
}

impl From<AwsError> for Failure {
    fn from(error: AwsError) -> Self {
        Self::Invalid(error)
    }
}

impl From<Failure> for AwsError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Invalid(error) => error,
            Failure::Duplicate => errors::duplicate_item(),
            Failure::Condition(None) => errors::condition_failed(),
            Failure::Condition(Some(item)) => errors::condition_failed_on(shown(&item.item())),
        }
    }
}

impl Write {
    pub(crate) fn new(action: Action) -> Self {
        Self { action, condition: None, show_on_failure: false, is_insert: false }
    }

    /// The item or key, as it came in.
    pub(crate) fn given(&self) -> &Item {
        match &self.action {
            Action::Put(item) | Action::Delete(item) | Action::Check(item) => item,
            Action::Update(key, _) => key,
        }
    }

    /// Refuses what is wrong without a look at any table.
    pub(crate) fn check(&self) -> Result<(), AwsError> {
        value::check_item(self.given())?;
        if matches!(self.action, Action::Put(_)) && value::item_size(self.given()) > ITEM_MAX {
            return Err(validation("Item size has exceeded the maximum allowed size"));
        }
        Ok(())
    }

    /// Where the item stands.
    pub(crate) fn place(&self, table: &TableRow) -> Result<RowKey, AwsError> {
        match &self.action {
            Action::Put(item) => key::of_item(table, item),
            _ => key::of_key(table, self.given()),
        }
    }

    pub(crate) fn decide(&self, tx: &Tables, table: &Arc<TableRow>) -> Result<Decision, Failure> {
        let at = self.place(table)?;
        let old = tx.rows.get(&*at).cloned();
        if let Some(condition) = &self.condition {
            let holds = match &old {
                Some(item) => condition.matches(item.bytes()),
                None => condition.matches(&()),
            };
            if !holds && self.is_insert {
                return Err(Failure::Duplicate);
            }
            if !holds {
                return Err(Failure::Condition(old.filter(|_| self.show_on_failure)));
            }
        }
        let new = match &self.action {
            Action::Put(item) => {
                key::check_indexes(table, item)?;
                Some(Stored::new(item))
            }
            Action::Delete(_) => None,
            Action::Check(_) => old.clone(),
            Action::Update(key, update) => updated(table, old.as_ref(), key, update)?,
        };
        let is_check = matches!(self.action, Action::Check(_));
        Ok(Decision { table: Arc::clone(table), at, old, new, is_check })
    }
}

impl Decision {
    pub(crate) fn carry_out(self, cx: &Cx, tx: &mut Tables) -> Change {
        // What is not there cannot go, and a check changes nothing.
        if self.is_check || (self.old.is_none() && self.new.is_none()) {
            return Change { old: self.old, new: self.new };
        }
        tx.write_item(cx, &self.table, &self.at, self.new)
    }
}

/// What an update makes of an item. One that only takes away makes none where none is.
fn updated(
    table: &TableRow,
    old: Option<&Stored>,
    key: &Item,
    update: &Update,
) -> Result<Option<Stored>, AwsError> {
    let before = old.map_or_else(|| key.clone(), Stored::item);
    update.check_keys(table.key.parts().map(|part| part.name.as_str()))?;
    if old.is_none() && update.only_takes_away() {
        return Ok(None);
    }
    let mut item = before;
    update.apply(&mut item)?;
    if value::item_size(&item) > ITEM_MAX {
        return Err(validation("Item size to update has exceeded the maximum allowed size"));
    }
    key::check_indexes(table, &item)?;
    Ok(Some(Stored::new(&item)))
}

/// An item as a member of an error.
pub(crate) fn shown(item: &Item) -> Value {
    Value::Map(item.iter().map(|(name, value)| (name.clone(), shown_value(value))).collect())
}

fn shown_value(value: &AttributeValue) -> Value {
    type V = AttributeValue;
    let blobs = |bytes: &bytes::Bytes| Value::Blob(bytes.clone());
    let (name, value) = match value {
        V::S(text) => ("S", text.as_str().into()),
        V::N(number) => ("N", number.to_string().into()),
        V::B(bytes) => ("B", blobs(bytes)),
        V::Ss(set) => ("SS", Value::List(set.iter().map(|s| s.as_str().into()).collect())),
        V::Ns(set) => ("NS", Value::List(set.iter().map(|n| n.to_string().into()).collect())),
        V::Bs(set) => ("BS", Value::List(set.iter().map(blobs).collect())),
        V::M(map) => ("M", shown(map)),
        V::L(list) => ("L", Value::List(list.iter().map(shown_value).collect())),
        V::Bool(value) => ("BOOL", (*value).into()),
        V::Null | V::Invalid(_) => ("NULL", true.into()),
    };
    Value::map([(name, value)])
}
