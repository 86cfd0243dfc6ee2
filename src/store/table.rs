//! A persistent ordered map of rows, with secondary indexes kept in the same write.
//!
//! Invariants:
//! - Cloning a table costs a few reference counts; the copies share structure (leaves of up to 32 rows)
//!   and a write copies only the path to the chunk it changes.
//! - Indexes always agree with the rows: both change in [`Table::insert`] and [`Table::remove`] only.
//! - Between two sections the list of undone changes is empty; a copy starts with an empty one.

use std::any::Any;
use std::fmt;
use std::ops::RangeBounds;
use std::sync::Arc;

use equivalent::Comparable;

use crate::index::Indexes;
use crate::map::{Map, Rows};
use crate::tables::AnyTable;

/// Entries of the undo list that a table keeps room for between sections.
const UNDO_KEPT: usize = 16;

/// Rows by key. `V` should be cheap to clone, usually an `Arc` of the row; `I` are the secondary
/// indexes ([`indexes!`](crate::indexes)).
pub struct Table<K, V, I = ()> {
    rows: Map<K, V>,
    indexes: I,
    /// What the running section has changed, oldest first: key and value before.
    undo: Vec<(K, Option<V>)>,
}

impl<K, V, I: Default> Default for Table<K, V, I> {
    fn default() -> Self {
        Self { rows: Map::default(), indexes: I::default(), undo: Vec::new() }
    }
}

impl<K, V, I: Clone> Clone for Table<K, V, I> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), indexes: self.indexes.clone(), undo: Vec::new() }
    }
}

impl<K, V, I> fmt::Debug for Table<K, V, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({} rows)", self.rows.len())
    }
}

impl<K: Ord + Clone, V: Clone, I: Indexes<K, V>> Table<K, V, I> {
    /// The row of a key.
    pub fn get<Q: Comparable<K> + ?Sized>(&self, key: &Q) -> Option<&V> {
        self.rows.get(key)
    }

    /// Whether a key has a row.
    pub fn contains<Q: Comparable<K> + ?Sized>(&self, key: &Q) -> bool {
        self.rows.get(key).is_some()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True without a row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row with the smallest key.
    pub fn first(&self) -> Option<(&K, &V)> {
        self.rows.iter().next()
    }

    /// The row with the largest key.
    pub fn last(&self) -> Option<(&K, &V)> {
        self.rows.iter().next_back()
    }

    /// All rows by key, from either end.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone {
        self.rows.iter()
    }

    /// The rows of a range of keys, from either end; none if the range is upside down. Finding the
    /// start takes as long as one [`Table::get`].
    pub fn range<Q, R>(&self, range: R) -> Rows<'_, K, V>
    where
        Q: Comparable<K> + ?Sized,
        R: RangeBounds<Q>,
    {
        self.rows.range(range)
    }

    /// The secondary indexes: `messages.by().deadline.first()`.
    pub fn by(&self) -> &I {
        &self.indexes
    }

    /// Puts a row in; the row that was there before.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let before = self.put(&key, value);
        self.undo.push((key, before.clone()));
        before
    }

    /// Takes a row out.
    pub fn remove<Q: Comparable<K> + ?Sized>(&mut self, key: &Q) -> Option<V> {
        let (key, before) = self.take(key)?;
        self.undo.push((key, Some(before.clone())));
        Some(before)
    }

    /// Takes the rows of a range out; how many there were.
    pub fn remove_range<Q, R>(&mut self, range: R) -> usize
    where
        Q: Comparable<K> + ?Sized,
        R: RangeBounds<Q>,
    {
        let keys: Vec<K> = self.range(range).map(|(k, _)| k.clone()).collect();
        for key in &keys {
            self.remove(key);
        }
        keys.len()
    }

    fn put(&mut self, key: &K, value: V) -> Option<V> {
        let before = self.rows.insert(key.clone(), value.clone());
        self.indexes.update(key, before.as_ref(), Some(&value));
        before
    }

    fn take<Q: Comparable<K> + ?Sized>(&mut self, key: &Q) -> Option<(K, V)> {
        // Removing copies the path to the key, also where there is none.
        self.rows.get(key)?;
        let (key, before) = self.rows.remove(key)?;
        self.indexes.update(&key, Some(&before), None);
        Some((key, before))
    }
}

impl<K: Ord + Clone, R: Clone, I: Indexes<K, Arc<R>>> Table<K, Arc<R>, I> {
    /// Changes a copy of a row and puts it in; the new row, or `None` if there is none to change.
    pub fn update<Q>(&mut self, key: &Q, change: impl FnOnce(&mut R)) -> Option<Arc<R>>
    where
        Q: Comparable<K> + ?Sized,
    {
        let (key, row) = self.rows.row(key)?;
        let (key, mut row) = (key.clone(), R::clone(row));
        change(&mut row);
        let row = Arc::new(row);
        self.insert(key, Arc::clone(&row));
        Some(row)
    }
}

impl<K, V, I> AnyTable for Table<K, V, I>
where
    K: Ord + Clone + Any,
    V: Clone + Any,
    I: Indexes<K, V>,
{
    fn undo(&mut self) {
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(value) => drop(self.put(&key, value)),
                None => drop(self.take(&key)),
            }
        }
    }

    fn keep(&mut self) {
        self.undo.clear();
        self.undo.shrink_to(UNDO_KEPT);
    }

    fn is_changed(&self) -> bool {
        !self.undo.is_empty()
    }

    fn changes<'a>(&'a self, report: &mut dyn FnMut(&'a dyn Any, Option<&'a dyn Any>)) {
        for (key, _) in &self.undo {
            report(key, self.get(key).map(|v| v as &dyn Any));
        }
    }
}
