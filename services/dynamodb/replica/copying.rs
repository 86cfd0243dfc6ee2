//! How items get to the other regions.
//!
//! A write notes its place in its region's list of what the other regions do not have yet; the
//! driver of due work brings them the item that stands there then. The later of two writes wins: one
//! that comes in takes the place out of its region's own list, or gives way to what stands there.

use std::collections::BTreeSet;
use std::sync::Arc;

use cumulet_core::world::Scope;
use cumulet_core::{AwsError, Cx, Region, Timestamp};
use cumulet_store::Sections;

use super::{everywhere, there};
use crate::global::stamped;
use crate::space::RowKey;
use crate::state::{TableRow, Tables};
use crate::{DynamoDb, key};

/// What other regions do not have yet: which table's, and since when.
pub(crate) type Late = (String, Timestamp);

impl DynamoDb {
    /// Brings what was written in one region to the others.
    pub(crate) fn replicate(&self, cx: &Cx, home: Scope) {
        let Some(regions) = self.store.read(cx, home, |tx| {
            if tx.late.is_empty() {
                return None;
            }
            let late = tx.late.iter().filter_map(|(_, (name, _))| tx.tables.get(name));
            Some(late.flat_map(|t| t.group.regions(home.region)).collect::<BTreeSet<Region>>())
        }) else {
            return;
        };
        let mut scopes = everywhere(home, &regions);
        scopes.push(home);
        drop(self.store.write_many(cx, &scopes, |sections| bring(cx, sections, home, |_| true)));
    }
}

/// Brings to the other regions what was written to a table anywhere: nobody would any more when one
/// of them has left.
pub(crate) fn bring_all(
    cx: &Cx,
    sections: &mut Sections<'_, '_, Tables>,
    members: &[Scope],
    name: &str,
) -> Result<(), AwsError> {
    members.iter().try_for_each(|home| bring(cx, sections, *home, |table| table.name == name))
}

/// Brings the items of some tables to the other regions. Where one of these has joined since they were
/// locked, the item waits for the next time.
pub(super) fn bring(
    cx: &Cx,
    sections: &mut Sections<'_, '_, Tables>,
    home: Scope,
    which: impl Fn(&TableRow) -> bool,
) -> Result<(), AwsError> {
    let tx = sections.of(home)?;
    let mut late = Vec::new();
    for (at, (name, time)) in tx.late.iter() {
        let table = tx.tables.get(name).cloned();
        if table.as_ref().is_none_or(|table| which(table)) {
            late.push((Arc::clone(at), table, *time));
        }
    }
    for (at, table, time) in late {
        let mut others = table.iter().flat_map(|table| &table.group.others);
        if others.any(|region| sections.of(there(home, *region)).is_err()) {
            continue;
        }
        let tx = sections.of(home)?;
        tx.late.remove(&*at);
        let Some(source) = table else { continue };
        let mut item = tx.rows.get(&*at).cloned();
        if source.group.legacy.is_some() {
            item = item.map(|item| stamped(&item, home.region, time));
            if item.is_some() {
                tx.write_item(cx, &source, &at, item.clone());
                tx.late.remove(&*at);
            }
        }
        for region in &source.group.others {
            let tx = sections.of(there(home, *region))?;
            let Some(table) = tx.tables.get(&source.name).cloned() else { continue };
            let place: RowKey = key::moved(&at, table.space);
            if tx.late.get(&*place).is_some_and(|(_, own)| *own > time) {
                continue;
            }
            tx.write_item(cx, &table, &place, item.clone());
            tx.late.remove(&*place);
        }
    }
    Ok(())
}

impl Tables {
    /// Notes that other regions do not have a write yet.
    pub(crate) fn is_late(&mut self, now: Timestamp, table: &TableRow, at: &RowKey) {
        if !table.group.others.is_empty() {
            self.late.insert(Arc::clone(at), (table.name.clone(), now));
        }
    }
}
