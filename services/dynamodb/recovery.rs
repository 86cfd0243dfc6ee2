//! Continuous backups: what items were before each change, for as long as a table's recovery period
//! is, and the items at any time within it.

use std::collections::BTreeMap;
use std::ops::{Bound, Range};
use std::sync::Arc;
use std::time::Duration;

use cumulet_core::{AwsError, Cx, Timestamp};
use cumulet_store::Table;

use crate::api::{self, input, output};
use crate::name::TableRef;
use crate::restore::Image;
use crate::space::{RowKey, Rows, SpaceId};
use crate::state::{Recovery, TableRow, Tables};
use crate::stored::Stored;
use crate::{DynamoDb, backup, errors};

/// The longest recovery period, and the one that is not asked for.
const DAYS: i32 = 35;
/// Old images that one write takes away: more than it adds.
const FORGOTTEN_AT_ONCE: usize = 4;

/// What has become of an item.
#[derive(Clone, Debug)]
pub(crate) struct Changed {
    /// When it was changed last.
    pub(crate) at: Timestamp,
    /// What it was before it was changed first.
    pub(crate) old: Option<Stored>,
    pub(crate) new: Option<Stored>,
}

/// The changes of all tables of a scope.
pub(crate) type History = Table<Moment, Past>;
/// When a change was; those of one moment are numbered.
pub(crate) type Moment = (SpaceId, Timestamp, u64);
/// Where it was, and what was there before.
pub(crate) type Past = (RowKey, Option<Stored>);

fn start_of(space: SpaceId) -> Moment {
    (space, Timestamp::from_millis(i64::MIN), 0)
}

impl Recovery {
    fn period(&self) -> Duration {
        Duration::from_hours(24 * u64::try_from(self.days).unwrap_or(1))
    }

    /// The first time that there is all of.
    pub(crate) fn earliest(&self, now: Timestamp) -> Timestamp {
        let days = i64::try_from(self.period().as_millis()).unwrap_or(i64::MAX);
        self.since.max(Timestamp::from_millis(now.millis().saturating_sub(days)))
    }

    fn describe(table: &TableRow, now: Timestamp) -> api::ContinuousBackupsDescription {
        let on = table.recovery.as_ref();
        let status = if on.is_some() { "ENABLED" } else { "DISABLED" };
        api::ContinuousBackupsDescription {
            continuous_backups_status: Some("ENABLED".to_owned()),
            point_in_time_recovery_description: Some(api::PointInTimeRecoveryDescription {
                point_in_time_recovery_status: Some(status.to_owned()),
                recovery_period_in_days: on.map(|on| on.days),
                earliest_restorable_date_time: on.map(|on| on.earliest(now)),
                latest_restorable_date_time: on.map(|_| now),
            }),
        }
    }
}

impl TableRow {
    /// Refuses a time that the table cannot be seen at.
    pub(crate) fn check_time(
        &self,
        now: Timestamp,
        time: Timestamp,
        wrong: fn() -> AwsError,
    ) -> Result<(), AwsError> {
        let recovery = self.recovery.as_ref();
        let recovery = recovery.ok_or_else(|| errors::no_recovery(&self.name))?;
        let allowed = recovery.earliest(now)..=now;
        if allowed.contains(&time) { Ok(()) } else { Err(wrong()) }
    }
}

impl Tables {
    /// The table, for operations on its past.
    pub(crate) fn backed_up(&self, name: &str) -> Result<&Arc<TableRow>, AwsError> {
        self.tables.get(name).ok_or_else(|| errors::no_table(name))
    }

    /// Keeps what a write has replaced, and lets go of what is too old.
    pub(crate) fn remember(
        &mut self,
        now: Timestamp,
        table: &TableRow,
        at: &RowKey,
        old: Option<&Stored>,
    ) {
        let Some(recovery) = &table.recovery else { return };
        let space = table.space;
        let moment = (space, now, 0)..=(space, now, u64::MAX);
        let number = self.history.range(moment).next_back().map_or(0, |((_, _, n), _)| n + 1);
        self.history.insert((space, now, number), (Arc::clone(at), old.cloned()));
        let gone = start_of(space)..(space, recovery.earliest(now), 0);
        let gone = self.history.range(gone).map(|(moment, _)| *moment).take(FORGOTTEN_AT_ONCE);
        for moment in gone.collect::<Vec<_>>() {
            self.history.remove(&moment);
        }
    }

    /// A table's past, all of it.
    pub(crate) fn forget(&mut self, space: SpaceId) {
        self.history.remove_range(start_of(space)..start_of(space + 1));
    }

    /// The items as they were when a time was over.
    pub(crate) fn image(&self, table: &TableRow, time: Timestamp) -> Image {
        image(&self.rows, &self.history, table.space, time)
    }
}

/// What there was at the places of a space that have changed in some time: before the first of these
/// changes.
fn before(
    history: &History,
    space: SpaceId,
    from: Bound<(Timestamp, u64)>,
) -> BTreeMap<&RowKey, Option<&Stored>> {
    let from = from.map(|(time, number)| (space, time, number));
    let later = history.range::<Moment, _>((from, Bound::Excluded(start_of(space + 1))));
    let mut before: BTreeMap<&RowKey, Option<&Stored>> = BTreeMap::new();
    for (_, (at, old)) in later {
        before.entry(at).or_insert(old.as_ref());
    }
    before
}

/// The items of a space as they were when a time was over.
pub(crate) fn image(rows: &Rows, history: &History, space: SpaceId, time: Timestamp) -> Image {
    let before = before(history, space, Bound::Excluded((time, u64::MAX)));
    let same = backup::rows_of(rows, space).filter(|(at, _)| !before.contains_key(at));
    let other = before.iter().filter_map(|(at, old)| Some((*at, (*old)?)));
    same.chain(other).map(|(at, item)| (Arc::clone(at), item.clone())).collect()
}

/// What has become of the items of a space that were changed within a period, which is not over at
/// its end.
pub(crate) fn changes(
    rows: &Rows,
    history: &History,
    space: SpaceId,
    period: Range<Timestamp>,
) -> Vec<Changed> {
    let (from, to) = ((space, period.start, 0), (space, period.end, 0));
    let mut changed: BTreeMap<&RowKey, Changed> = BTreeMap::new();
    for ((_, time, _), (at, old)) in history.range(from..to) {
        let first = || Changed { at: *time, old: old.clone(), new: None };
        changed.entry(at).or_insert_with(first).at = *time;
    }
    let later = before(history, space, Bound::Included((period.end, 0)));
    let all = changed.into_iter().map(|(at, mut changed)| {
        changed.new = later.get(at).map_or_else(|| rows.get(&**at), |old| *old).cloned();
        changed
    });
    all.filter(|changed| changed.old.is_some() || changed.new.is_some()).collect()
}

pub(crate) fn describe_continuous_backups(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DescribeContinuousBackups,
) -> Result<output::DescribeContinuousBackups, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    db.store.read(cx, at.scope, |tx| {
        let description = Recovery::describe(tx.backed_up(at.name)?, cx.now());
        Ok(output::DescribeContinuousBackups { continuous_backups_description: Some(description) })
    })
}

pub(crate) fn update_continuous_backups(
    db: &DynamoDb,
    cx: &Cx,
    input: input::UpdateContinuousBackups,
) -> Result<output::UpdateContinuousBackups, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    let given = input.point_in_time_recovery_specification.unwrap_or_default();
    let days = given.recovery_period_in_days;
    if days.is_some_and(|days| !(1..=DAYS).contains(&days)) {
        return Err(errors::invalid(format!("RecoveryPeriodInDays must be from 1 to {DAYS}")));
    }
    let now = cx.now();
    db.store.write(cx, at.scope, |tx| {
        let mut table = TableRow::clone(tx.backed_up(at.name)?);
        table.recovery = if given.point_in_time_recovery_enabled == Some(true) {
            let before = table.recovery.as_ref();
            // A longer period brings nothing back that a shorter one has let go of.
            let since = before.map_or(now, |before| before.earliest(now));
            let days = days.or(before.map(|before| before.days)).unwrap_or(DAYS);
            let next = Recovery { since, days };
            Some(Recovery { since: next.earliest(now), days })
        } else {
            tx.forget(table.space);
            None
        };
        let description = Recovery::describe(&table, now);
        tx.put(table);
        Ok(output::UpdateContinuousBackups { continuous_backups_description: Some(description) })
    })
}
