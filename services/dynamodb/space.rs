//! Where items are: in spaces, one for each table and for each index. All are in one table of rows,
//! by keys that begin with the number of the space (`key`). So a Query is a range, and so is a Scan
//! of a segment.
//!
//! Invariants:
//! - A row of an index has the item of its base row, the same bytes, shared; what the index projects
//!   is cut out when it is read. That of a vector index has the vector (`vector`). Its key ends with
//!   the base row's, because keys of indexes are not unique.
//! - Items change in [`Tables::write_item`] only.
//! - `Totals` counts what is there: no operation has to.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx};
use cumulet_store::{Indexes, Table};

use crate::schema::Index;
use crate::state::{TableRow, Tables};
use crate::stored::Stored;
use crate::vector::VectorIndex;
use crate::{DynamoDb, key};

/// The number of a space. One that was emptied is never used again.
pub(crate) type SpaceId = u32;
/// A place: see `key`.
pub(crate) type RowKey = Arc<[u8]>;
/// All items of a scope.
pub(crate) type Rows = Table<RowKey, Stored, Totals>;

/// What is to be done with a space, some rows at a time.
#[derive(Clone, Debug)]
pub(crate) enum Chore {
    /// Its table or index is gone.
    Empty,
    /// The items of a table go into this index of it, from a key on.
    Fill { table: String, from: Vec<u8> },
    /// It is noted when the items of a table are over, from a key on.
    Watch { table: String, from: Vec<u8> },
}

/// Rows that one section removes or adds beyond what it was asked for.
pub(crate) const ROWS_AT_ONCE: usize = 1_000;

/// How many items each space has, and of what size.
#[derive(Clone, Debug, Default)]
pub(crate) struct Totals(BTreeMap<SpaceId, (u64, u64)>);

impl Totals {
    /// Items and their bytes.
    pub(crate) fn of(&self, space: SpaceId) -> (u64, u64) {
        self.0.get(&space).copied().unwrap_or_default()
    }
}

impl Indexes<RowKey, Stored> for Totals {
    fn update(&mut self, key: &RowKey, old: Option<&Stored>, new: Option<&Stored>) {
        let space = key.first_chunk().map_or(0, |bytes| SpaceId::from_be_bytes(*bytes));
        let size = |row: Option<&Stored>| row.map_or(0, |row| row.size() as u64);
        let count = |row: Option<&Stored>| u64::from(row.is_some());
        let (items, bytes) = self.0.entry(space).or_default();
        *items = (*items + count(new)).saturating_sub(count(old));
        *bytes = (*bytes + size(new)).saturating_sub(size(old));
        if *items == 0 {
            self.0.remove(&space);
        }
    }
}

/// What a write has done to an item.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) old: Option<Stored>,
    pub(crate) new: Option<Stored>,
}

impl Tables {
    /// Puts an item at its key, or takes it away. Every change of an item comes through here,
    /// inside the section that decided on it; indexes are brought up to date. Whoever has to know
    /// of changes (streams, expiry, other replicas, backups to a point in time) is told here, with
    /// the item before and after.
    pub(crate) fn write_item(
        &mut self,
        cx: &Cx,
        table: &TableRow,
        at: &RowKey,
        new: Option<Stored>,
    ) -> Change {
        let old = match &new {
            Some(new) => self.rows.insert(Arc::clone(at), new.clone()),
            None => self.rows.remove(&**at),
        };
        for index in &table.indexes {
            self.index_item(index, at, old.as_ref(), new.as_ref());
        }
        for vector in &table.vectors {
            self.index_vector(vector, at, old.as_ref(), new.as_ref());
        }
        self.remember(cx.now(), table, at, old.as_ref());
        self.is_late(cx.now(), table, at);
        let change = Change { old, new };
        self.note_expiry(table, at, &change);
        self.record(cx, table, &change);
        self.note_for_kinesis(cx, table, at, &change);
        change
    }

    fn index_item(
        &mut self,
        index: &Index,
        at: &RowKey,
        old: Option<&Stored>,
        new: Option<&Stored>,
    ) {
        let before = old.and_then(|item| key::in_index(index, item, at));
        let after = new.and_then(|item| key::in_index(index, item, at));
        if let Some(before) = before.filter(|before| Some(before) != after.as_ref()) {
            self.rows.remove(&*before);
        }
        if let (Some(after), Some(item)) = (after, new) {
            self.rows.insert(after, item.clone());
        }
    }

    fn index_vector(
        &mut self,
        vector: &VectorIndex,
        at: &RowKey,
        old: Option<&Stored>,
        new: Option<&Stored>,
    ) {
        let before = old.and_then(|item| key::in_index(&vector.index, item, at));
        let after = new.and_then(|item| key::in_index(&vector.index, item, at));
        let both = old.zip(new).filter(|_| before == after);
        let name = &vector.attribute;
        if both.is_some_and(|(old, new)| old.get(name) == new.get(name)) {
            return;
        }
        if let Some(before) = before {
            self.rows.remove(&*before);
        }
        if let (Some(after), Some(row)) = (after, new.and_then(|item| vector.row(item))) {
            self.rows.insert(after, Stored::new(&row));
        }
    }

    /// Puts a changed table in. The indexes that it newly has are filled, and those that it no longer has
    /// go.
    pub(crate) fn put_changed(&mut self, before: &TableRow, table: TableRow) {
        let spaces = |table: &TableRow| -> BTreeSet<SpaceId> {
            table.every_index().map(|index| index.space).collect()
        };
        let (was, is) = (spaces(before), spaces(&table));
        let fill = Chore::Fill { table: table.name.clone(), from: key::space(table.space) };
        self.put(table);
        for gone in was.difference(&is) {
            self.begin(*gone, Chore::Empty);
        }
        for new in is.difference(&was) {
            self.begin(*new, fill.clone());
        }
    }

    /// Does a chore's first part, and leaves the rest to [`DynamoDb::do_chores`].
    pub(crate) fn begin(&mut self, space: SpaceId, chore: Chore) {
        self.chores.insert(space, chore);
        self.go_on(space);
    }

    fn go_on(&mut self, space: SpaceId) {
        match self.chores.get(&space).cloned() {
            Some(Chore::Empty) => self.empty(space),
            Some(Chore::Fill { table, from }) => self.fill(space, &table, &from),
            Some(Chore::Watch { table, from }) => self.watch(space, &table, &from),
            None => {}
        }
    }

    fn empty(&mut self, space: SpaceId) {
        let rows = self.rows_of(&key::space(space));
        for at in &rows {
            self.rows.remove(&**at);
        }
        if rows.len() < ROWS_AT_ONCE {
            self.chores.remove(&space);
        }
    }

    /// Some rows from a place on, of the space that the place is in.
    pub(crate) fn rows_of(&self, from: &[u8]) -> Vec<RowKey> {
        let end = key::after(from.get(..4).unwrap_or_default());
        let range = (Bound::Included(from), Bound::Excluded(&*end));
        self.rows.range::<[u8], _>(range).map(|(at, _)| Arc::clone(at)).take(ROWS_AT_ONCE).collect()
    }

    fn fill(&mut self, space: SpaceId, name: &str, from: &[u8]) {
        let found = self.tables.get(name).cloned();
        let has = |table: &Arc<TableRow>| table.every_index().any(|index| index.space == space);
        let Some(mut table) = found.filter(has) else {
            // The table went, or the index: then the space is being emptied.
            self.chores.remove(&space);
            return;
        };
        let rows = self.rows_of(from);
        for at in &rows {
            let item = self.rows.get(&**at).cloned();
            for index in table.indexes.iter().filter(|index| index.space == space) {
                self.index_item(index, at, None, item.as_ref());
            }
            for vector in table.vectors.iter().filter(|vector| vector.index.space == space) {
                self.index_vector(vector, at, None, item.as_ref());
            }
        }
        if let Some(last) = rows.last().filter(|_| rows.len() == ROWS_AT_ONCE) {
            let chore = Chore::Fill { table: name.to_owned(), from: key::after(last) };
            self.chores.insert(space, chore);
            return;
        }
        self.chores.remove(&space);
        let indexes = Arc::make_mut(&mut table).every_index_mut();
        for index in indexes.filter(|index| index.space == space) {
            index.is_backfilling = false;
        }
        self.tables.insert(name.to_owned(), table);
    }
}

impl DynamoDb {
    /// Goes on with everything that was too much for one section.
    pub(crate) fn do_chores(&self, cx: &Cx) {
        for scope in self.store.due(cx) {
            let done = self.store.write(cx, scope, |tx| {
                let spaces: Vec<SpaceId> = tx.chores.iter().map(|(space, _)| *space).collect();
                for space in spaces {
                    tx.go_on(space);
                }
                tx.trim_streams(cx.now());
                Ok::<_, AwsError>(())
            });
            drop(done);
            self.expire_late(cx, scope);
            self.replicate(cx, scope);
        }
    }
}
