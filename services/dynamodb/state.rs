//! What DynamoDB stores in one account and region, but for the items: those are in `space`.

use std::collections::BTreeMap;
use std::sync::Arc;

use cumulet_core::tags::Tags;
use cumulet_core::{AwsError, Timestamp};
use cumulet_store::{Table, tables};

use crate::backup::Backup;
use crate::errors;
use crate::insights::Insights;
use crate::kinesis::{Destination, Outgoing};
use crate::recovery::History;
use crate::replica::{Group, Late};
use crate::schema::{Index, Kind, Schema};
use crate::space::{Chore, RowKey, Rows, SpaceId};
use crate::stream::{Records, Streams};
use crate::transaction::{Token, TokenIndexes};
use crate::transfer::{Job, JobIndexes};
use crate::ttl;
use crate::vector::VectorIndex;

tables! {
    /// All of DynamoDB in one scope.
    #[expect(clippy::struct_field_names, reason = "the store's tables, and among them DynamoDB's")]
    pub(crate) struct Tables {
        /// By name.
        pub(crate) tables: Table<String, Arc<TableRow>>,
        /// The items of every table and of every index.
        pub(crate) rows: Rows,
        /// The last number that was given to a space.
        pub(crate) last_space: Table<(), SpaceId>,
        /// Work on spaces that is too much for one section.
        pub(crate) chores: Table<SpaceId, Chore>,
        /// By ARN.
        pub(crate) backups: Table<String, Arc<Backup>>,
        /// Exports, imports and bulk puts, by ARN.
        pub(crate) jobs: Table<String, Arc<Job>, JobIndexes>,
        /// Tables whose writes are in other regions before they are answered.
        pub(crate) strong: Table<String, ()>,
        /// Places whose items other regions do not have yet.
        pub(crate) late: Table<RowKey, Late>,
        /// What the items of tables with continuous backups were.
        pub(crate) history: History,
        /// Transactions of the last ten minutes, by the callers' tokens.
        pub(crate) tokens: Table<String, Arc<Token>, TokenIndexes>,
        pub(crate) streams: Streams,
        pub(crate) records: Records,
        /// Changes that Kinesis has not heard of yet.
        pub(crate) outgoing: Table<u64, Arc<Outgoing>>,
        /// When items are over, and of which table they are.
        pub(crate) expiries: Table<(Timestamp, RowKey), Arc<str>>,
    }
    next_due = |t| {
        let is_busy = !t.chores.is_empty()
            || !t.outgoing.is_empty()
            || !t.late.is_empty()
            || !t.jobs.by().running.is_empty();
        let chore = is_busy.then_some(Timestamp::from_millis(i64::MIN));
        let trim = t.streams.by().trim_at.first().map(|(at, _)| *at);
        [chore, trim, ttl::next_due(t)].into_iter().flatten().min()
    };
}

/// A table without its items.
#[derive(Clone, Debug)]
pub(crate) struct TableRow {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    /// Where its items are.
    pub(crate) space: SpaceId,
    /// As they were given: describing a table shows them in this order.
    pub(crate) attributes: Vec<(String, Kind)>,
    pub(crate) key: Schema,
    pub(crate) indexes: Vec<Index>,
    pub(crate) vectors: Vec<VectorIndex>,
    pub(crate) capacity: Capacity,
    /// Since when it is paid for by request; stays when it no longer is.
    pub(crate) by_request_since: Option<Timestamp>,
    /// The stream, also one that is not enabled any more.
    pub(crate) stream: Option<Stream>,
    pub(crate) encryption: Option<Encryption>,
    pub(crate) class: Option<Class>,
    pub(crate) is_protected: bool,
    pub(crate) tags: Tags,
    pub(crate) policy: Option<Policy>,
    /// That of the stream.
    pub(crate) stream_policy: Option<Policy>,
    /// The attribute that says when an item is over.
    pub(crate) ttl: Option<String>,
    pub(crate) destinations: Vec<Destination>,
    /// By index; those of the table under no name.
    pub(crate) insights: BTreeMap<String, Insights>,
    /// Its past is kept.
    pub(crate) recovery: Option<Recovery>,
    pub(crate) restored: Option<Restored>,
    /// Those of the same name in other regions that have the same items.
    pub(crate) group: Group,
}

/// Where a table has its first items from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Restored {
    /// ARNs of the backup, and of the table that it is of.
    pub(crate) backup: Option<String>,
    pub(crate) table: String,
    pub(crate) at: Timestamp,
}

/// Since when a table's past is kept, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recovery {
    pub(crate) since: Timestamp,
    pub(crate) days: i32,
}

/// What a table or a global index can take; nothing here is enforced.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Capacity {
    /// Units to read and write; `None` where every request is paid for.
    pub(crate) provisioned: Option<Provisioned>,
    /// The most that is paid for by request, to read and to write; -1 is no bound.
    pub(crate) most: Option<(Option<i64>, Option<i64>)>,
    /// What it was warmed up to.
    pub(crate) warm: Option<(i64, i64)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Provisioned {
    pub(crate) read: i64,
    pub(crate) write: i64,
    pub(crate) increased: Option<Timestamp>,
    pub(crate) decreased: Option<Timestamp>,
}

impl Provisioned {
    pub(crate) fn new(read: i64, write: i64) -> Self {
        Self { read, write, increased: None, decreased: None }
    }

    pub(crate) fn set(&mut self, read: i64, write: i64, now: Timestamp) {
        if read > self.read || write > self.write {
            self.increased = Some(now);
        }
        if read < self.read || write < self.write {
            self.decreased = Some(now);
        }
        (self.read, self.write) = (read, write);
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stream {
    pub(crate) is_enabled: bool,
    pub(crate) view: String,
    /// When it was enabled, as streams are named.
    pub(crate) label: String,
    /// Where its records are; given by [`Tables::put`].
    pub(crate) id: SpaceId,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Encryption {
    pub(crate) key_arn: String,
    /// The key is the customer's, and not AWS's for tables.
    pub(crate) is_customers: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Class {
    pub(crate) name: String,
    pub(crate) updated: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Policy {
    pub(crate) document: String,
    pub(crate) revision: String,
}

impl TableRow {
    pub(crate) fn index(&self, name: &str) -> Option<&Index> {
        self.indexes.iter().find(|index| index.name == name)
    }

    /// All of its indexes, whatever their sort.
    pub(crate) fn every_index(&self) -> impl Iterator<Item = &Index> {
        self.indexes.iter().chain(self.vectors.iter().map(|vector| &vector.index))
    }

    pub(crate) fn every_index_mut(&mut self) -> impl Iterator<Item = &mut Index> {
        self.indexes.iter_mut().chain(self.vectors.iter_mut().map(|vector| &mut vector.index))
    }

    /// Is an attribute in the key of the table, or of an index, or in a search schema?
    pub(crate) fn defines(&self, name: &str) -> bool {
        let searched = || self.vectors.iter().flat_map(VectorIndex::parts);
        self.key.has(name)
            || self.indexes.iter().any(|index| index.key.has(name))
            || searched().any(|part| part.name == name)
    }

    pub(crate) fn stream_arn(&self) -> Option<String> {
        self.stream.as_ref().map(|stream| format!("{}/stream/{}", self.arn, stream.label))
    }
}

impl Tables {
    /// The table, for operations on items.
    pub(crate) fn table(&self, name: &str) -> Result<&Arc<TableRow>, AwsError> {
        self.tables.get(name).ok_or_else(errors::not_found)
    }

    /// The table, for operations on tables.
    pub(crate) fn named(&self, name: &str) -> Result<&Arc<TableRow>, AwsError> {
        self.tables.get(name).ok_or_else(|| errors::table_not_found(name))
    }

    /// A number that no space has had.
    pub(crate) fn new_space(&mut self) -> SpaceId {
        let next = self.last_space.get(&()).copied().unwrap_or_default() + 1;
        self.last_space.insert((), next);
        next
    }

    /// Puts a changed table in, and begins the stream that it newly has.
    pub(crate) fn put(&mut self, mut table: TableRow) {
        self.begin_stream(&mut table);
        self.tables.insert(table.name.clone(), Arc::new(table));
    }
}

/// How a stream that is enabled now is named.
pub(crate) fn label(now: Timestamp) -> String {
    let text = now.iso8601_millis();
    text.trim_end_matches('Z').to_owned()
}
