//! Groups with strong consistency between regions: a write is in all of them before it is answered,
//! because it takes the sections of all of them.

use std::collections::BTreeSet;

use cumulet_core::world::Scope;
use cumulet_core::{AwsError, Cx, Region};
use cumulet_store::Sections;

use super::copying::bring;
use super::everywhere;
use crate::DynamoDb;
use crate::errors::validation;
use crate::state::{TableRow, Tables};

/// Regions that AWS has such groups in.
const REGIONS: [&str; 10] = [
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
];
/// Regions beside the table's own, the witness' among them.
const OTHERS: usize = 2;

/// Whether a table can become a strong group with these regions.
pub(super) fn check(
    table: &TableRow,
    has_items: bool,
    home: Region,
    replicas: &BTreeSet<Region>,
    witness: Option<Region>,
) -> Result<(), AwsError> {
    let strong = "global tables with MultiRegionConsistency set to STRONG";
    if witness == Some(home) {
        return Err(validation(format!(
            "Cannot add a witness in the same region as an existing replica when creating a {}.",
            strong.replace("tables", "table")
        )));
    }
    if witness.is_some_and(|witness| replicas.contains(&witness)) {
        return Err(validation("Cannot target multiple regions with the same action"));
    }
    if replicas.is_empty() || replicas.len() + usize::from(witness.is_some()) != OTHERS {
        return Err(validation(format!("Unsupported replica count for {strong}.")));
    }
    let all = replicas.iter().chain(&witness).chain([&home]);
    let unknown: Vec<_> = all.map(Region::as_str).filter(|r| !REGIONS.contains(r)).collect();
    if !unknown.is_empty() {
        let list = unknown.join(", ");
        return Err(validation(format!("Unsupported Region(s) specified for {strong}: [{list}].")));
    }
    if table.group.is_current() {
        return Err(fixed());
    }
    if has_items {
        return Err(validation(format!("Only empty tables can become {strong}.")));
    }
    if table.indexes.iter().any(|index| !index.is_global()) {
        return Err(validation(format!("LocalSecondaryIndexes are unsupported for {strong}.")));
    }
    if table.ttl.is_some() { Err(no_expiry()) } else { Ok(()) }
}

/// What a group is stays as it was made.
pub(super) fn fixed() -> AwsError {
    validation("MultiRegionConsistency parameter is unsupported on existing global table")
}

pub(crate) fn only_whole() -> AwsError {
    validation(
        "Deletion of only one table replica is not supported for global tables with \
         MultiRegionConsistency set to STRONG.",
    )
}

pub(crate) fn no_expiry() -> AwsError {
    validation(
        "TimeToLive is unsupported for global tables with MultiRegionConsistency set to STRONG.",
    )
}

impl TableRow {
    /// Refuses transactions where AWS has none.
    pub(crate) fn check_transactions(&self) -> Result<(), AwsError> {
        if !self.group.is_strong {
            return Ok(());
        }
        Err(validation(
            "Transactions are unsupported for global tables with MultiRegionConsistency set to \
             STRONG.",
        ))
    }
}

impl DynamoDb {
    /// Writes items in one scope, and in the other regions of tables that are strongly consistent.
    pub(crate) fn write_items<R, E: From<AwsError>>(
        &self,
        cx: &Cx,
        scope: Scope,
        act: impl FnOnce(&mut Tables) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut act = Some(act);
        let done = self.store.write(cx, scope, |tx| {
            if tx.strong.is_empty() { act.take().map(|act| act(tx)).transpose() } else { Ok(None) }
        })?;
        match (done, act) {
            (Some(done), _) => Ok(done),
            (None, Some(act)) => self.write_everywhere(cx, &[scope], |all| act(all.of(scope)?)),
            (None, None) => Err(AwsError::internal("a write that was not done").into()),
        }
    }

    /// The same in several scopes.
    pub(crate) fn write_everywhere<R, E: From<AwsError>>(
        &self,
        cx: &Cx,
        scopes: &[Scope],
        act: impl FnOnce(&mut Sections<'_, '_, Tables>) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut homes: BTreeSet<Scope> = scopes.iter().copied().collect();
        let mut all: Vec<Scope> = homes.iter().copied().collect();
        homes.retain(|scope| {
            let regions = self.store.read(cx, *scope, Tables::strong_regions);
            all.append(&mut everywhere(*scope, &regions));
            !regions.is_empty()
        });
        self.store.write_many(cx, &all, |sections| {
            let done = act(sections)?;
            for home in homes {
                bring(cx, sections, home, |table| table.group.is_strong)?;
            }
            Ok(done)
        })
    }
}

impl Tables {
    /// Other regions of tables that are strongly consistent.
    fn strong_regions(&self) -> BTreeSet<Region> {
        let tables = self.strong.iter().filter_map(|(name, ())| self.tables.get(name));
        tables.flat_map(|table| table.group.others.iter().copied()).collect()
    }
}
