//! Capacity that operations consume, by AWS's rules, and what they say of it.

use std::collections::BTreeMap;

use crate::api::{self, Capacity, ConsumedCapacity, VectorCapacity};
use crate::encoded;
use crate::schema::{Index, Projection};
use crate::space::Change;
use crate::state::TableRow;
use crate::stored::{Names, Stored};
use crate::value::{AttributeValue, Item};
use crate::vector::VectorIndex;

/// Bytes that a unit reads, consistently.
const READ_BYTES: usize = 4096;
/// Bytes that a unit writes.
const WRITE_BYTES: usize = 1024;

/// How much a caller wants to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Report {
    #[default]
    Nothing,
    Total,
    Indexes,
}

impl Report {
    pub(crate) fn parse(given: Option<&str>) -> Self {
        match given {
            Some("TOTAL") => Self::Total,
            Some("INDEXES") => Self::Indexes,
            _ => Self::Nothing,
        }
    }
}

/// Units of one table and of its indexes, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Units {
    table: f64,
    locals: BTreeMap<String, f64>,
    globals: BTreeMap<String, f64>,
    /// Bytes that are written to vector indexes: no units, and the same in a transaction.
    vectors: BTreeMap<String, f64>,
}

/// Which units they are, where an answer says so: in transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Plain,
    Read,
    Write,
}

#[expect(clippy::cast_precision_loss, reason = "far from 2^52")]
fn blocks(bytes: usize, block: usize) -> f64 {
    bytes.div_ceil(block) as f64
}

/// Units to read so many bytes: half of it where reading may be behind writing, and at least one
/// block also where nothing is found.
pub(crate) fn read(bytes: usize, consistent: bool) -> f64 {
    let whole = blocks(bytes, READ_BYTES).max(1.0);
    if consistent { whole } else { whole / 2.0 }
}

fn written(bytes: usize) -> f64 {
    blocks(bytes, WRITE_BYTES).max(1.0)
}

/// Bytes that a write to a vector index counts as, or a search of one.
#[expect(clippy::cast_precision_loss, reason = "far from 2^52")]
pub(crate) fn metered(bytes: usize) -> f64 {
    bytes.max(WRITE_BYTES) as f64
}

impl Units {
    /// Units of a table, or of one of its indexes.
    pub(crate) fn of_read(index: Option<&Index>, units: f64) -> Self {
        let mut all = Self::default();
        match index {
            None => all.table = units,
            Some(index) => *all.of_index(index) = units,
        }
        all
    }

    fn of_index(&mut self, index: &Index) -> &mut f64 {
        let map = if index.is_global() { &mut self.globals } else { &mut self.locals };
        map.entry(index.name.clone()).or_default()
    }

    /// What a write takes, in the table and in every index that it changes.
    pub(crate) fn of_write(table: &TableRow, change: &Change) -> Self {
        let size = |item: Option<&Stored>| item.map_or(0, Stored::size);
        let (old, new) = (change.old.as_ref(), change.new.as_ref());
        let mut all = Self { table: written(size(old).max(size(new))), ..Self::default() };
        for index in &table.indexes {
            let names = names(table, index);
            let entry = |item: Option<&Stored>| entry(index, part(names.as_ref(), item?));
            if let Some(units) = changed(entry(old), entry(new), written) {
                *all.of_index(index) = units;
            }
        }
        for vector in &table.vectors {
            let names = vector.names(table);
            let entry = |item: Option<&Stored>| vector_entry(vector, names.as_ref(), item?);
            if let Some(bytes) = changed(entry(old), entry(new), metered) {
                all.vectors.insert(vector.index.name.clone(), bytes);
            }
        }
        all
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.table += other.table;
        for (mine, others) in [
            (&mut self.locals, &other.locals),
            (&mut self.globals, &other.globals),
            (&mut self.vectors, &other.vectors),
        ] {
            for (name, units) in others {
                *mine.entry(name.clone()).or_default() += units;
            }
        }
    }

    /// As often as a transaction does everything.
    #[must_use]
    pub(crate) fn twice(mut self) -> Self {
        let copy = Self { vectors: BTreeMap::new(), ..self.clone() };
        self.add(&copy);
        self
    }

    fn total(&self) -> f64 {
        self.table + self.locals.values().sum::<f64>() + self.globals.values().sum::<f64>()
    }

    /// What an answer says of it.
    pub(crate) fn describe(
        &self,
        table: &str,
        report: Report,
        sort: Sort,
    ) -> Option<ConsumedCapacity> {
        if report == Report::Nothing {
            return None;
        }
        let capacity = |units: f64| Capacity {
            capacity_units: Some(units),
            read_capacity_units: (sort == Sort::Read).then_some(units),
            write_capacity_units: (sort == Sort::Write).then_some(units),
        };
        let map = |units: &BTreeMap<String, f64>| {
            let each = units.iter().map(|(name, units)| (name.clone(), capacity(*units)));
            (!units.is_empty() && report == Report::Indexes).then(|| each.collect())
        };
        let bytes = |(name, bytes): (&String, &f64)| {
            let written = Some(*bytes);
            let capacity =
                VectorCapacity { vector_write_request_bytes: written, ..VectorCapacity::default() };
            (name.clone(), capacity)
        };
        let all = capacity(self.total());
        Some(ConsumedCapacity {
            table_name: Some(table.to_owned()),
            capacity_units: all.capacity_units,
            read_capacity_units: all.read_capacity_units,
            write_capacity_units: all.write_capacity_units,
            table: (report == Report::Indexes).then(|| capacity(self.table)),
            local_secondary_indexes: map(&self.locals),
            global_secondary_indexes: map(&self.globals),
            vector_indexes: (!self.vectors.is_empty() && report == Report::Indexes)
                .then(|| self.vectors.iter().map(bytes).collect()),
        })
    }
}

/// What an index has of an item.
struct Entry {
    key: Vec<AttributeValue>,
    attributes: Vec<u8>,
    size: usize,
}

/// These attributes of an item.
fn part(names: Option<&Names>, item: &Stored) -> Item {
    let mut part = item.item();
    if let Some(names) = names {
        part.retain(|name, _| names.contains(name));
    }
    part
}

fn entry(index: &Index, part: Item) -> Option<Entry> {
    let key: Option<Vec<_>> = index.key.parts().map(|p| part.get(&p.name).cloned()).collect();
    let size = crate::value::item_size(&part);
    Some(Entry { key: key?, attributes: encoded::encode(&part), size })
}

fn vector_entry(vector: &VectorIndex, names: Option<&Names>, item: &Stored) -> Option<Entry> {
    let mut part = part(names, item);
    part.append(&mut vector.row(item)?);
    entry(&vector.index, part)
}

/// What a write takes in an index, if it changes anything there.
fn changed(old: Option<Entry>, new: Option<Entry>, cost: fn(usize) -> f64) -> Option<f64> {
    match (old, new) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(cost(one.size)),
        (Some(old), Some(new)) if old.key != new.key => Some(cost(old.size) + cost(new.size)),
        (Some(old), Some(new)) if old.attributes == new.attributes => None,
        (Some(old), Some(new)) => Some(cost(old.size.max(new.size))),
    }
}

/// The indexes that an item is in, and its bytes there.
pub(crate) fn index_sizes<'t>(
    table: &'t TableRow,
    item: &'t Stored,
) -> impl Iterator<Item = (&'t Index, usize)> {
    table.indexes.iter().filter_map(|index| {
        let entry = entry(index, part(names(table, index).as_ref(), item))?;
        Some((index, entry.size))
    })
}

/// The vector indexes that an item is in, and its bytes there.
pub(crate) fn vector_sizes<'t>(
    table: &'t TableRow,
    item: &'t Stored,
) -> impl Iterator<Item = (&'t VectorIndex, usize)> {
    table.vectors.iter().filter_map(|vector| {
        let entry = vector_entry(vector, vector.names(table).as_ref(), item)?;
        Some((vector, entry.size))
    })
}

/// The attributes that an index has; all where it is `None`.
pub(crate) fn names(table: &TableRow, index: &Index) -> Option<Names> {
    let more: &[String] = match &index.projection {
        Projection::All => return None,
        Projection::KeysOnly => &[],
        Projection::Include(names) => names,
    };
    let keys = table.key.parts().chain(index.key.parts()).map(|part| part.name.clone());
    let mut names: Vec<_> = keys.chain(more.iter().cloned()).collect();
    names.sort_unstable();
    names.dedup();
    Some(names.into())
}

/// What is said of a collection that a write has touched: tables with local indexes have them.
pub(crate) fn collection(
    table: &TableRow,
    size: Option<&str>,
    key: &Item,
) -> Option<api::ItemCollectionMetrics> {
    if size != Some("SIZE") || table.indexes.iter().all(Index::is_global) {
        return None;
    }
    let parts = table.key.hash.iter();
    let key = parts.filter_map(|p| Some((p.name.clone(), key.get(&p.name)?.clone()))).collect();
    // In gigabytes, as an estimate: no collection here comes near the ten that AWS allows.
    Some(api::ItemCollectionMetrics {
        item_collection_key: Some(key),
        size_estimate_range_gb: Some(vec![0.0, 1.0]),
    })
}
