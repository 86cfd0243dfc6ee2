//! How settings get to the other regions of a group. AWS keeps billing, units to write, indexes,
//! attributes, expiry and warmth the same everywhere; units to read, their bounds and the class follow a
//! change, too, but may be made other again. All else is each region's own matter.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx};

use super::there;
use crate::api::SSESpecification;
use crate::name::TableRef;
use crate::schema::Index;
use crate::space::Chore;
use crate::state::{Capacity, Encryption, TableRow, Tables};
use crate::{DynamoDb, encryption, key};

/// Whether a table in a group can have this key: a key of the customer's is one region's, so the others
/// need theirs before.
pub(crate) fn check_encryption(
    before: &TableRow,
    after: Option<&Encryption>,
) -> Result<(), AwsError> {
    let is_own = |sse: Option<&Encryption>| sse.is_some_and(|sse| sse.is_customers);
    if before.group.is_current() && is_own(after) && !is_own(before.encryption.as_ref()) {
        return Err(super::own::no_key());
    }
    Ok(())
}

impl DynamoDb {
    /// Brings what has changed about a table to the others of its group.
    pub(crate) fn follow(&self, cx: &Cx, at: &TableRef<'_>, before: &TableRow, after: &TableRow) {
        if !after.group.is_current() {
            return;
        }
        for region in &after.group.others {
            let done = self.store.write(cx, there(at.scope, *region), |tx| {
                let theirs = Arc::clone(tx.named(at.name)?);
                tx.follow(&theirs, before, after);
                Ok::<_, AwsError>(())
            });
            // Where the table has gone meanwhile, nothing is left to change.
            drop(done);
        }
    }

    /// Brings the sort of key to the others, each of which has its own.
    pub(crate) async fn follow_encryption(
        &self,
        cx: &Cx,
        at: &TableRef<'_>,
        after: &TableRow,
        given: &SSESpecification,
    ) -> Result<(), AwsError> {
        if !after.group.is_current() || after.encryption.as_ref().is_some_and(|s| s.is_customers) {
            return Ok(());
        }
        for region in &after.group.others {
            let sse = encryption::choose(&cx.to(at.scope.account, *region), Some(given)).await?;
            self.store.write(cx, there(at.scope, *region), |tx| {
                let mut theirs = TableRow::clone(tx.named(at.name)?);
                theirs.encryption = sse;
                tx.put(theirs);
                Ok::<_, AwsError>(())
            })?;
        }
        Ok(())
    }
}

impl Tables {
    fn follow(&mut self, known: &TableRow, before: &TableRow, after: &TableRow) {
        let mut theirs = known.clone();
        theirs.attributes.clone_from(&after.attributes);
        follow_capacity(&mut theirs.capacity, &before.capacity, &after.capacity);
        if before.by_request_since != after.by_request_since {
            theirs.by_request_since = after.by_request_since;
        }
        if before.class != after.class {
            theirs.class.clone_from(&after.class);
        }
        theirs.indexes.retain(|index| after.index(&index.name).is_some());
        for index in &after.indexes {
            let found = theirs.indexes.iter_mut().find(|found| found.name == index.name);
            let Some(found) = found else {
                let space = self.new_space();
                theirs.indexes.push(Index { space, is_backfilling: true, ..index.clone() });
                continue;
            };
            let was = before.index(&index.name).and_then(|index| index.capacity.as_ref());
            if let (Some(theirs), Some(was), Some(is)) = (&mut found.capacity, was, &index.capacity)
            {
                follow_capacity(theirs, was, is);
            }
        }
        self.follow_vectors(&mut theirs, after);
        let watch = Chore::Watch { table: theirs.name.clone(), from: key::space(theirs.space) };
        theirs.ttl.clone_from(&after.ttl);
        self.put_changed(known, theirs);
        if before.ttl != after.ttl && after.ttl.is_some() {
            self.begin(known.space, watch);
        }
    }
}

/// Units to read, and their bound, only follow a change; the rest is always the same.
fn follow_capacity(theirs: &mut Capacity, before: &Capacity, after: &Capacity) {
    match (&mut theirs.provisioned, &before.provisioned, &after.provisioned) {
        (Some(theirs), Some(before), Some(after)) => {
            let read = if before.read == after.read { theirs.read } else { after.read };
            if (read, after.write) != (theirs.read, theirs.write) {
                *theirs = after.clone();
                theirs.read = read;
            }
        }
        (theirs, _, after) => theirs.clone_from(after),
    }
    let bounds = |capacity: &Capacity| capacity.most.unwrap_or_default();
    let ((was, _), (read, write)) = (bounds(before), bounds(after));
    let own = bounds(theirs).0;
    let most = (if was == read { own } else { read }, write);
    theirs.most = (after.most.is_some() || most != (None, None)).then_some(most);
    theirs.warm = after.warm;
}
