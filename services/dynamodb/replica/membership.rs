//! Who is in a table's group: `UpdateTable`'s `ReplicaUpdates`, and what happens to the group when a
//! table is deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cumulet_core::world::Scope;
use cumulet_core::{AwsError, Cx, Region};
use cumulet_store::Sections;

use super::wanted::{Own, Wanted, Witness, several};
use super::{Group, bring_all, everywhere, own, strong, there};
use crate::api::{self, input};
use crate::description::Phase;
use crate::errors::{self, invalid, validation};
use crate::name::TableRef;
use crate::restore::Image;
use crate::state::{Stream, TableRow, Tables, label};
use crate::{DynamoDb, backup};

fn already_there(name: &str) -> AwsError {
    validation(format!(
        "Failed to create a the new replica of table with name: ‘{name}’ because one or more \
         replicas already existed as tables."
    ))
}

pub(super) fn not_there<'a>(
    what: &str,
    gone: impl Iterator<Item = &'a Region>,
) -> Result<(), AwsError> {
    let gone: Vec<_> = gone.map(Region::as_str).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let list = gone.join(", ");
    Err(validation(format!(
        "Update global table operation failed because one or more {what} were not part of the \
         global table. Please retry the request without these {what}: [{list}]."
    )))
}

fn local() -> AwsError {
    validation(
        "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, \
         DeleteTable, or UpdateTable as required.",
    )
}

/// What is asked for besides the replicas.
struct Asked {
    is_strong: Option<bool>,
    witness: Option<Witness>,
}

impl DynamoDb {
    /// `UpdateTable`'s `ReplicaUpdates`, everywhere or nowhere. The answer tells the replicas as they
    /// were, as AWS's does.
    pub(crate) async fn update_replicas(
        &self,
        cx: &Cx,
        at: &TableRef<'_>,
        input: &input::UpdateTable,
    ) -> Result<api::TableDescription, AwsError> {
        let wanted = Wanted::parse(input)?;
        let witness = Witness::parse(input)?;
        let is_strong = input.multi_region_consistency.as_deref().map(|mode| mode == "STRONG");
        if matches!(witness, Some(Witness::Create(_))) && is_strong != Some(true) {
            return Err(validation(
                "MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates \
                 parameter is present.",
            ));
        }
        let fits = match (&wanted, witness) {
            (_, None) => true,
            (Wanted::Create(_), Some(witness)) => matches!(witness, Witness::Create(_)),
            (Wanted::Delete(_), Some(witness)) => matches!(witness, Witness::Delete(_)),
            _ => false,
        };
        if !fits {
            return Err(several());
        }
        if is_strong.is_some() && !matches!(wanted, Wanted::Create(_)) {
            return Err(validation(
                "Only Replica Create actions are supported when MultiRegionConsistency parameter \
                 is provided.",
            ));
        }
        // Who is in the group is read first: one cannot lock more scopes within a section.
        let before = self.store.read(cx, at.scope, |tx| tx.named(at.name).cloned())?;
        let replicas = self.describe_replicas(cx, at.scope, &before);
        let asked = Asked { is_strong, witness };
        match wanted {
            Wanted::Create(new) => self.create(cx, at, &before, &new, &asked).await?,
            Wanted::Update(changed) => self.change(cx, at, &before, &changed)?,
            Wanted::Delete(gone) => self.delete(cx, at, &before, &gone, asked.witness)?,
            Wanted::Disassociate(region) => self.disassociate(cx, at, &before, region)?,
        }
        self.store.read(cx, at.scope, |tx| {
            let mut description = tx.describe(tx.named(at.name)?, Phase::Updating);
            description.replicas = Some(replicas.unwrap_or_default());
            Ok(description)
        })
    }

    async fn create(
        &self,
        cx: &Cx,
        at: &TableRef<'_>,
        before: &TableRow,
        new: &BTreeMap<Region, Own<'_>>,
        asked: &Asked,
    ) -> Result<(), AwsError> {
        let (home, name) = (at.scope, at.name);
        check_new(before, home.region, new, asked)?;
        let mut keys = BTreeMap::new();
        for (region, own) in new {
            keys.insert(*region, own::replica_key(cx, before, *region, own.key).await?);
        }
        let witness = asked.witness.map(Witness::region);
        let is_strong = asked.is_strong == Some(true);
        let mut regions = before.group.regions(home.region);
        regions.extend(new.keys());
        let all = everywhere(home, &regions);
        self.store.write_many(cx, &all, |sections| {
            let tx = sections.of(home)?;
            let mut source = TableRow::clone(tx.named(name)?);
            check_unchanged(before, &source)?;
            tx.check_not_loading(&source)?;
            let rows = backup::rows_of(&tx.rows, source.space);
            let image: Image = rows.map(|(at, item)| (Arc::clone(at), item.clone())).collect();
            if is_strong {
                let others = new.keys().copied().collect();
                strong::check(&source, !image.is_empty(), home.region, &others, witness)?;
            } else if source.stream.as_ref().is_none_or(|stream| !stream.is_enabled) {
                // Where nobody has made a stream, AWS does: it copies with it.
                let view = "NEW_AND_OLD_IMAGES".to_owned();
                let label = label(cx.now());
                source.stream = Some(Stream { is_enabled: true, view, label, id: 0 });
                tx.put(source.clone());
            }
            for (region, own) in new {
                let tx = sections.of(there(home, *region))?;
                if tx.tables.contains(name) {
                    return Err(already_there(name));
                }
                let mut table = own::replica_of(cx, &source, there(home, *region));
                table.encryption = keys.remove(region).flatten();
                own::override_all(&mut table, own, cx.now());
                // The stream begins with what comes then; strong groups do not copy with it.
                let stream = source.stream.clone().filter(|s| s.is_enabled && !is_strong);
                tx.give_spaces(&mut table);
                tx.fill_in(cx, &table, image.clone());
                table.stream = stream.map(|s| Stream { label: label(cx.now()), id: 0, ..s });
                tx.put(table);
            }
            for region in &regions {
                let tx = sections.of(there(home, *region))?;
                let mut table = TableRow::clone(tx.named(name)?);
                table.group.others = regions.iter().filter(|r| *r != region).copied().collect();
                table.group.is_strong = is_strong;
                table.group.witness = witness;
                if is_strong {
                    tx.strong.insert(name.to_owned(), ());
                }
                tx.put(table);
            }
            Ok(())
        })
    }

    fn delete(
        &self,
        cx: &Cx,
        at: &TableRef<'_>,
        before: &TableRow,
        gone: &BTreeSet<Region>,
        witness: Option<Witness>,
    ) -> Result<(), AwsError> {
        if gone.contains(&at.scope.region) {
            return Err(local());
        }
        let is_strange =
            |r: &&Region| !before.group.is_current() || !before.group.others.contains(r);
        not_there("replicas", gone.iter().filter(is_strange))?;
        let witness = witness.map(Witness::region);
        let is_strange = |region: &&Region| before.group.witness != Some(**region);
        not_there("witnesses", witness.iter().filter(is_strange))?;
        if before.group.is_strong {
            if before.group.witness.is_some() && witness.is_none() {
                let text = "Update table delete operation does not include all witnesses.";
                return Err(validation(text));
            }
            if *gone != before.group.others {
                return Err(strong::only_whole());
            }
        } else if gone.len() > 1 {
            return Err(too_many());
        }
        let all = everywhere(at.scope, &before.group.regions(at.scope.region));
        self.store.write_many(cx, &all, |sections| {
            check_unchanged(before, sections.of(at.scope)?.named(at.name)?)?;
            bring_all(cx, sections, &all, at.name)?;
            for region in gone {
                let tx = sections.of(there(at.scope, *region))?;
                if let Some(table) = tx.tables.get(at.name).cloned() {
                    if table.is_protected {
                        return Err(errors::replica_protected(at.name, region.as_str()));
                    }
                    tx.close_stream(&table, cx.now());
                    tx.drop_table(&table);
                }
            }
            forget(sections, at, &all, gone)
        })
    }

    /// Takes a table out of its group; both go on.
    fn disassociate(
        &self,
        cx: &Cx,
        at: &TableRef<'_>,
        before: &TableRow,
        region: Region,
    ) -> Result<(), AwsError> {
        if region != at.scope.region {
            return Err(invalid("Only the replica of the local region can be disassociated"));
        }
        if !before.group.is_eventual() {
            return Err(invalid(
                "The table is no replica of an eventually consistent global table",
            ));
        }
        if !before.group.is_released {
            return Err(invalid("Disassociation protection is enabled for the replica"));
        }
        let all = everywhere(at.scope, &before.group.regions(at.scope.region));
        self.store.write_many(cx, &all, |sections| {
            let mut table = TableRow::clone(sections.of(at.scope)?.named(at.name)?);
            check_unchanged(before, &table)?;
            bring_all(cx, sections, &all, at.name)?;
            forget(sections, at, &all, &BTreeSet::from([region]))?;
            let tx = sections.of(at.scope)?;
            table.group = Group::default();
            tx.put(table);
            Ok(())
        })
    }

    /// Whether a replica may be disassociated.
    pub(crate) fn protect_replica(
        &self,
        cx: &Cx,
        at: &TableRef<'_>,
        on: bool,
    ) -> Result<api::TableDescription, AwsError> {
        self.store.write(cx, at.scope, |tx| {
            let mut table = TableRow::clone(tx.named(at.name)?);
            if !table.group.is_eventual() {
                return Err(invalid(
                    "DisassociationProtectionEnabled can only be specified for a replica of an \
                     eventually consistent global table",
                ));
            }
            table.group.is_released = !on;
            let description = tx.describe(&table, Phase::Updating);
            tx.put(table);
            Ok(description)
        })
    }

    /// Takes a table that is deleted out of its group.
    pub(crate) fn leave_group(&self, cx: &Cx, at: &TableRef<'_>, group: &BTreeSet<Region>) {
        let all = everywhere(at.scope, group);
        let gone = BTreeSet::from([at.scope.region]);
        drop(self.store.write_many(cx, &all, |sections| forget(sections, at, &all, &gone)));
    }
}

/// Some regions are no more in the group. Where the table is gone, nothing is left to change.
fn forget(
    sections: &mut Sections<'_, '_, Tables>,
    at: &TableRef<'_>,
    members: &[Scope],
    gone: &BTreeSet<Region>,
) -> Result<(), AwsError> {
    for scope in members {
        let tx = sections.of(*scope)?;
        let Some(table) = tx.tables.get(at.name) else { continue };
        let mut table = TableRow::clone(table);
        table.group.others.retain(|region| !gone.contains(region));
        if table.group.others.is_empty() {
            table.group.is_strong = false;
            table.group.is_released = false;
            table.group.witness = None;
            tx.strong.remove(at.name);
        }
        tx.put(table);
    }
    Ok(())
}

/// Refuses to go on from what somebody else has changed meanwhile.
fn check_unchanged(before: &TableRow, now: &TableRow) -> Result<(), AwsError> {
    if before.id == now.id && before.group.others == now.group.others {
        return Ok(());
    }
    let text = "The resource which you are attempting to change is in use.";
    Err(AwsError::new("ResourceInUseException", 400, text))
}

fn too_many() -> AwsError {
    let text = "Update table operation with more than one create or delete replica actions not \
                allowed";
    validation(text)
}

fn check_new(
    before: &TableRow,
    home: Region,
    new: &BTreeMap<Region, Own<'_>>,
    asked: &Asked,
) -> Result<(), AwsError> {
    if new.contains_key(&home) {
        return Err(local());
    }
    if before.group.legacy.is_some() {
        let text = crate::global::exists_text(before, home);
        return Err(AwsError::new("ResourceInUseException", 400, text));
    }
    match asked.is_strong {
        // Seen to in the section that makes it.
        Some(true) => return Ok(()),
        Some(false) if before.group.is_current() => return Err(strong::fixed()),
        _ if before.group.is_strong => {
            let text = "Cannot add replicas to a global table with strong MultiRegionConsistency";
            return Err(validation(text));
        }
        _ => {}
    }
    if new.keys().any(|region| before.group.others.contains(region)) {
        return Err(already_there(&before.name));
    }
    if new.len() > 1 { Err(too_many()) } else { Ok(()) }
}
