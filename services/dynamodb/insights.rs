//! Contributor insights of tables and indexes: whether they are on is kept and told. Nothing is counted.

use cumulet_core::{AwsError, Cx, Timestamp, paging};

use crate::DynamoDb;
use crate::api::{ContributorInsightsSummary, input, output};
use crate::errors;
use crate::name::TableRef;
use crate::state::TableRow;

/// Entries that one answer lists.
const PAGE: usize = 100;
const MODE: &str = "ACCESSED_AND_THROTTLED_KEYS";

/// What was last asked for, about a table or an index.
#[derive(Clone, Debug)]
pub(crate) struct Insights {
    is_enabled: bool,
    mode: String,
    updated: Timestamp,
}

impl Insights {
    fn status(&self) -> String {
        if self.is_enabled { "ENABLED" } else { "DISABLED" }.to_owned()
    }
}

fn check_index(table: &TableRow, index: Option<&str>) -> Result<(), AwsError> {
    match index.filter(|name| table.index(name).is_none()) {
        Some(name) => Err(errors::index_not_found(&table.name, name)),
        None => Ok(()),
    }
}

pub(crate) fn update_contributor_insights(
    db: &DynamoDb,
    cx: &Cx,
    input: input::UpdateContributorInsights,
) -> Result<output::UpdateContributorInsights, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    let is_enabled = input.contributor_insights_action.as_deref() == Some("ENABLE");
    let index = input.index_name;
    let mode = input.contributor_insights_mode.unwrap_or_else(|| MODE.to_owned());
    db.store.write(cx, at.scope, |tx| {
        let mut table = TableRow::clone(tx.named(at.name)?);
        check_index(&table, index.as_deref())?;
        let now = Insights { is_enabled, mode: mode.clone(), updated: cx.now() };
        table.insights.insert(index.clone().unwrap_or_default(), now);
        tx.put(table);
        let status = if is_enabled { "ENABLING" } else { "DISABLING" };
        Ok(output::UpdateContributorInsights {
            table_name: Some(at.name.to_owned()),
            index_name: index,
            contributor_insights_status: Some(status.to_owned()),
            contributor_insights_mode: is_enabled.then_some(mode),
        })
    })
}

pub(crate) fn describe_contributor_insights(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DescribeContributorInsights,
) -> Result<output::DescribeContributorInsights, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    let index = input.index_name;
    db.store.read(cx, at.scope, |tx| {
        let table = tx.named(at.name)?;
        check_index(table, index.as_deref())?;
        let now = table.insights.get(index.as_deref().unwrap_or_default());
        let enabled = now.filter(|now| now.is_enabled);
        Ok(output::DescribeContributorInsights {
            table_name: Some(at.name.to_owned()),
            contributor_insights_rule_list: enabled.map(|now| rules(table, index.as_deref(), now)),
            index_name: index,
            contributor_insights_status: Some(
                now.map_or_else(|| "DISABLED".to_owned(), Insights::status),
            ),
            last_update_date_time: now.map(|now| now.updated),
            contributor_insights_mode: enabled.map(|now| now.mode.clone()),
            ..output::DescribeContributorInsights::default()
        })
    })
}

/// AWS's names of the rules: keys that are accessed and throttled, of partitions and of items.
fn rules(table: &TableRow, index: Option<&str>, now: &Insights) -> Vec<String> {
    let schema = index.and_then(|name| table.index(name)).map_or(&table.key, |index| &index.key);
    let parts: &[&str] = if schema.range.is_empty() { &["PK"] } else { &["PK", "SK"] };
    let counts: &[&str] = if now.mode == MODE { &["C", "T"] } else { &["T"] };
    let of = index.map_or_else(|| table.name.clone(), |index| format!("{}-{index}", table.name));
    let rule = |part: &str, count: &str| {
        format!("DynamoDBContributorInsights-{part}{count}-{of}-{}", now.updated.millis())
    };
    parts.iter().flat_map(|part| counts.iter().map(move |count| rule(part, count))).collect()
}

pub(crate) fn list_contributor_insights(
    db: &DynamoDb,
    cx: &Cx,
    input: input::ListContributorInsights,
) -> Result<output::ListContributorInsights, AwsError> {
    let limit = input.max_results.and_then(|most| usize::try_from(most).ok()).unwrap_or(PAGE);
    let after = input.next_token.as_deref().and_then(paging::position);
    let wanted = match &input.table_name {
        Some(name) => Some(TableRef::parse(cx, name)?),
        None => None,
    };
    let scope = wanted.map_or(cx.scope(), |wanted| wanted.scope);
    db.store.read(cx, scope, |tx| {
        if let Some(wanted) = wanted {
            tx.named(wanted.name)?;
        }
        let tables =
            tx.tables.iter().filter(|(name, _)| wanted.is_none_or(|wanted| wanted.name == *name));
        // Names have no slash in them.
        let all = tables.flat_map(|(name, table)| {
            let place = move |index: &String| format!("{name}/{index}");
            table.insights.iter().map(move |(index, now)| (place(index), name, index, now))
        });
        let rest = all.filter(|(place, ..)| after.as_ref().is_none_or(|after| place > after));
        let (page, next_token) = paging::page(rest, limit.max(1), |(place, ..)| place);
        let summary = |(_, name, index, now): (String, &String, &String, &Insights)| {
            ContributorInsightsSummary {
                table_name: Some(name.clone()),
                index_name: Some(index.clone()).filter(|index| !index.is_empty()),
                contributor_insights_status: Some(now.status()),
                contributor_insights_mode: now.is_enabled.then(|| now.mode.clone()),
            }
        };
        let summaries = page.into_iter().map(summary).collect();
        Ok(output::ListContributorInsights {
            contributor_insights_summaries: Some(summaries),
            next_token,
        })
    })
}
