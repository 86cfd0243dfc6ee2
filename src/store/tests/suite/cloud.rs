//! What all tests need: a cloud, and one service's tables in it.

use std::sync::Arc;

use cumulet_core::{AccountId, AwsError, Clock, Cloud, Cx, Ids, Origin, Region, Scope, Service};
use cumulet_store::{Table, indexes, tables};

pub(crate) type Row = (u8, Option<u8>);

indexes! {
    /// Two indexes: every row stands in one, some in the other.
    pub(crate) struct RowIndexes of u8 => Row {
        pub(crate) size: u8 = |_key, row| Some(row.0);
        pub(crate) tag: u8 = |_key, row| row.1;
    }
}

tables! {
    /// Rows, and a table that must always agree with them.
    pub(crate) struct Pair {
        pub(crate) rows: Table<u8, Row, RowIndexes>,
        pub(crate) total: Table<(), u64>,
    }
}

impl Pair {
    /// One row and its part of the total: two changes that belong together.
    pub(crate) fn add(&mut self, key: u8, size: u8) {
        let before = self.rows.insert(key, (size, None)).map_or(0, |r| u64::from(r.0));
        let total = self.total();
        self.total.insert((), total + u64::from(size) - before);
    }

    pub(crate) fn total(&self) -> u64 {
        self.total.get(&()).copied().unwrap_or(0)
    }

    pub(crate) fn sum(&self) -> u64 {
        self.rows.iter().map(|(_, row)| u64::from(row.0)).sum()
    }
}

pub(crate) fn cloud(services: impl IntoIterator<Item = Service>) -> Arc<Cloud> {
    Cloud::new(services, Clock::default(), Ids::default())
}

pub(crate) fn cx() -> Cx {
    let cloud = cloud([]);
    Cx::new(&cloud, cloud.world(), Origin::local())
}

pub(crate) fn elsewhere(cx: &Cx) -> Scope {
    cx.to(AccountId::DEFAULT, Region::parse("eu-west-1").unwrap()).scope()
}

pub(crate) fn refused() -> AwsError {
    AwsError::new("Refused", 400, "")
}
