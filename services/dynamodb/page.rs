//! A page of a range of rows: what Query and Scan have in common.

use std::hint::black_box;
use std::ops::Bound;

use cumulet_core::AwsError;

use crate::consumed::{self, Units};
use crate::encoded;
use crate::errors::{self, invalid, validation};
use crate::expression::Condition;
use crate::key;
use crate::schema::Index;
use crate::space::RowKey;
use crate::state::{TableRow, Tables};
use crate::stored::{Attributes, Names, Stored};
use crate::value::Item;
use crate::view::View;

/// Bytes of items that a page looks at, at most.
const BYTES_MAX: usize = 1 << 20;

/// Items that are brought near at a time. Those of a large table are anywhere in memory: the processor
/// waits for many at once when nothing but a load is asked of each, and one by one when its count of
/// references is. It takes 1 to 2 µs off the 70 of a page of 100 items out of 1,000,000.
const TOGETHER: usize = 128;

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// Its name, for those who ask it of the wrong index.
    pub(crate) operation: &'static str,
    pub(crate) index: Option<&'a str>,
    pub(crate) select: Option<&'a str>,
    pub(crate) filter: Option<Condition>,
    pub(crate) view: View,
    pub(crate) start: Option<Item>,
    pub(crate) limit: Option<i32>,
    pub(crate) consistent: bool,
    pub(crate) backward: bool,
}

/// Keys from the first to before the second.
pub(crate) type Range = (Vec<u8>, Vec<u8>);

#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) items: Option<Vec<Attributes>>,
    pub(crate) count: i32,
    pub(crate) scanned: i32,
    pub(crate) last: Option<Item>,
    pub(crate) units: Units,
}

impl Request<'_> {
    /// Refuses what is wrong without a look at any table.
    pub(crate) fn check(&self) -> Result<(), AwsError> {
        let has_view = self.view.roots().is_some();
        match self.select {
            Some("ALL_PROJECTED_ATTRIBUTES") if self.index.is_none() => Err(invalid(
                "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
            )),
            Some("SPECIFIC_ATTRIBUTES") if !has_view => Err(validation(
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get \
                 SPECIFIC_ATTRIBUTES",
            )),
            Some(select) if has_view && select != "SPECIFIC_ATTRIBUTES" => {
                Err(validation(format!(
                    "Cannot specify the AttributesToGet or ProjectionExpression when choosing to get \
                 {}",
                    if select == "COUNT" { "only the Count" } else { select }
                )))
            }
            _ => Ok(()),
        }
    }

    /// The index that is asked for.
    pub(crate) fn index<'t>(&self, table: &'t TableRow) -> Result<Option<&'t Index>, AwsError> {
        let Some(name) = self.index else { return Ok(None) };
        if table.vectors.iter().any(|vector| vector.index.name == name) {
            return Err(errors::wrong_index(self.operation));
        }
        let index = table.index(name).ok_or_else(|| errors::no_index(name))?;
        if index.is_backfilling {
            let text = "Cannot read from backfilling global secondary index";
            return Err(validation(format!("{text}: {name}")));
        }
        if self.consistent && index.is_global() {
            let text = "Consistent reads are not supported on global secondary indexes";
            return Err(validation(text));
        }
        self.check_projection(table, index)?;
        Ok(Some(index))
    }

    fn check_projection(&self, table: &TableRow, index: &Index) -> Result<(), AwsError> {
        let name = &index.name;
        let Some(has) = consumed::names(table, index).filter(|_| index.is_global()) else {
            return Ok(());
        };
        if self.select == Some("ALL_ATTRIBUTES") {
            return Err(invalid(format!(
                "Select type ALL_ATTRIBUTES is not supported for global secondary index {name} \
                 because its projection type is not ALL"
            )));
        }
        let wanted = self.view.roots().unwrap_or_default();
        let missing: Vec<_> =
            wanted.into_iter().filter(|wanted| !has.iter().any(|name| name == wanted)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let missing = missing.join(", ");
        Err(invalid(format!("Global secondary index {name} does not project [{missing}]")))
    }

    /// Reads a page of a range. `is_outside` says what is wrong with a start that is not in it.
    pub(crate) fn read(
        &self,
        tx: &Tables,
        table: &TableRow,
        index: Option<&Index>,
        range: &Range,
        is_outside: impl Fn() -> AwsError,
    ) -> Result<Page, AwsError> {
        let start = self.start.as_ref().map(|given| key::of_start(table, index, given));
        let start: Option<RowKey> = start.transpose()?;
        let (first, end) = range;
        if start.as_ref().is_some_and(|start| **start < **first || **start >= **end) {
            return Err(is_outside());
        }
        let (mut low, mut high) = (Bound::Included(&**first), Bound::Excluded(&**end));
        match &start {
            Some(start) if self.backward => high = Bound::Excluded(&**start),
            Some(start) => low = Bound::Excluded(&**start),
            None => {}
        }
        // Empty ranges of a BETWEEN are refused before, others are simply empty.
        if first >= end {
            return Ok(self.reading(table, index).finish());
        }
        let mut rows = tx.rows.range::<[u8], _>((low, high));
        let mut reading = self.reading(table, index);
        let limit = self.limit.and_then(|limit| usize::try_from(limit).ok());
        let together = limit.map_or(TOGETHER, |limit| limit.clamp(1, TOGETHER));
        let mut ahead = rows.clone();
        for count in 0.. {
            if count % together == 0 {
                let run = std::iter::from_fn(|| self.step(&mut ahead)).take(together);
                black_box(run.map(|(_, item)| item.touch()).sum::<usize>());
            }
            match self.step(&mut rows) {
                Some((_, item)) if reading.take(item) => {}
                _ => break,
            }
        }
        Ok(reading.finish())
    }

    fn step<I: DoubleEndedIterator>(&self, rows: &mut I) -> Option<I::Item> {
        if self.backward { rows.next_back() } else { rows.next() }
    }

    fn reading<'r>(&'r self, table: &'r TableRow, index: Option<&'r Index>) -> Reading<'r> {
        // A local index gets what it has not from its table, if that is asked for.
        let has = index.and_then(|index| consumed::names(table, index));
        let beyond = has.as_ref().is_some_and(|has| {
            self.select == Some("ALL_ATTRIBUTES")
                || self.view.roots().is_some_and(|wanted| {
                    wanted.iter().any(|wanted| !has.iter().any(|name| name == wanted))
                })
        });
        let shows = self.select != Some("COUNT");
        Reading {
            request: self,
            table,
            index,
            view: match (&self.view, &has) {
                (View::Whole, Some(has)) if !beyond => View::Names(Names::clone(has)),
                (view, _) => view.clone(),
            },
            has,
            beyond,
            items: shows.then(Vec::new),
            count: 0,
            scanned: 0,
            bytes: 0,
            fetched: 0,
            last: None,
            is_cut: false,
        }
    }
}

/// A page on its way.
struct Reading<'r> {
    request: &'r Request<'r>,
    table: &'r TableRow,
    index: Option<&'r Index>,
    view: View,
    /// The attributes that the index has; all where it is `None`.
    has: Option<Names>,
    /// Attributes are wanted that the index has not.
    beyond: bool,
    items: Option<Vec<Attributes>>,
    count: i32,
    scanned: i32,
    bytes: usize,
    /// Units for what is got from the table.
    fetched: usize,
    last: Option<&'r Stored>,
    is_cut: bool,
}

impl<'r> Reading<'r> {
    /// Takes the next row; false when the page is full.
    fn take(&mut self, item: &'r Stored) -> bool {
        let size = match &self.has {
            None => item.size(),
            Some(names) => encoded::size_of(item.bytes(), names),
        };
        if self.scanned > 0 && self.bytes + size > BYTES_MAX {
            self.is_cut = true;
            return false;
        }
        self.bytes += size;
        self.scanned += 1;
        if self.beyond {
            self.fetched += item.size().div_ceil(4096).max(1);
        }
        let holds = self.request.filter.as_ref().is_none_or(|filter| match &self.has {
            None => filter.matches(item.bytes()),
            Some(names) => filter.matches(&(item, names)),
        });
        if holds {
            self.count += 1;
            if let Some(items) = &mut self.items {
                items.push(self.view.of(item.clone()));
            }
        }
        self.last = Some(item);
        self.is_cut = self.request.limit.is_some_and(|limit| self.scanned >= limit);
        !self.is_cut
    }

    fn finish(self) -> Page {
        let last = self.last.filter(|_| self.is_cut);
        let consistent = self.request.consistent;
        let mut units = Units::of_read(self.index, consumed::read(self.bytes, consistent));
        if self.fetched > 0 {
            let each = if consistent { 1.0 } else { 0.5 };
            let fetched = f64::from(u32::try_from(self.fetched).unwrap_or(u32::MAX)) * each;
            units.add(&Units::of_read(None, fetched));
        }
        Page {
            items: self.items,
            count: self.count,
            scanned: self.scanned,
            last: last.map(|item| key::attributes(self.table, self.index, item)),
            units,
        }
    }
}
