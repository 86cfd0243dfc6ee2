//! Where items are: in spaces, one for each table and for each index. All are in one table of rows,
//! whose keys begin with the number of the space, then the partition, then what sorts the items in
//! it. So a Query is a range, and a Scan of a segment is one too: partitions stand in the order of
//! a hash.
//!
//! Invariants:
//! - A row of an index has the item of its base row, the same bytes, shared; what the index projects
//!   is cut out when it is read. Its key ends with the base row's, because keys of indexes are not
//!   unique.
//! - `Totals` counts what is there: no operation has to.

use std::collections::BTreeMap;
use std::sync::Arc;

use cumulet_core::Cx;
use cumulet_store::{Indexes, Table};

use crate::DynamoDb;
use crate::state::{TableRow, Tables};

/// The number of a space. One that was emptied is never used again.
pub(crate) type SpaceId = u32;
/// A place: see `key`.
pub(crate) type RowKey = Arc<[u8]>;
/// An item in its compact form.
pub(crate) type Stored = Arc<[u8]>;
/// All items of a scope.
pub(crate) type Rows = Table<RowKey, Stored, Totals>;

/// What is to be done with a space, some rows at a time.
#[derive(Clone, Debug)]
pub(crate) enum Chore {
    /// Its table or index is gone.
    Empty,
    /// The items of a table go into this index of it, from a key on.
    Fill { table: String, from: RowKey },
}

/// Rows that one section removes or adds beyond what it was asked for.
const ROWS_AT_ONCE: usize = 1_000;

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
    fn update(&mut self, _key: &RowKey, _old: Option<&Stored>, _new: Option<&Stored>) {}
}

impl Tables {
    /// Does a chore's first part, and remembers the rest if there is more.
    pub(crate) fn begin(&mut self, _space: SpaceId, _chore: Chore) {}

    pub(crate) fn backfill(&mut self, _table: &mut TableRow, _index: usize) {}
}

impl DynamoDb {
    pub(crate) fn do_chores(&self, _cx: &Cx) {}
}
