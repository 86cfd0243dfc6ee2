//! What all batch operations share: their entries' rules and the two lists of outcomes.

use std::collections::BTreeSet;

use cumulet_core::AwsError;

use crate::api::BatchResultErrorEntry;
use crate::errors;

/// Entries of one batch, at most.
const ENTRIES_MAX: usize = 10;

/// Checks the entries as a whole: some, not too many, with distinct ids of the right form.
/// `kind` is the model's name of an entry.
pub(crate) fn check<'a, E>(
    entries: &'a [E],
    kind: &str,
    id: impl Fn(&'a E) -> Option<&'a str>,
) -> Result<(), AwsError> {
    if entries.is_empty() {
        return Err(errors::empty_batch(kind));
    }
    if entries.len() > ENTRIES_MAX {
        return Err(errors::too_many_entries(entries.len()));
    }
    let mut seen = BTreeSet::new();
    for entry in entries {
        let id = id(entry).unwrap_or_default();
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if id.is_empty() || id.len() > 80 || !id.bytes().all(allowed) {
            return Err(errors::batch_entry_id());
        }
        if !seen.insert(id) {
            return Err(errors::ids_not_distinct(id));
        }
    }
    Ok(())
}

/// The outcomes of a batch: those that succeeded, and those that failed. Empty lists are absent.
pub(crate) type Outcomes<T> = (Option<Vec<T>>, Option<Vec<BatchResultErrorEntry>>);

/// Runs each entry on its own and sorts the outcomes. `id` takes an entry's id out of it, `told`
/// puts it into what came of that.
pub(crate) fn each<E, R, T>(
    entries: Vec<E>,
    id: impl Fn(&mut E) -> Option<String>,
    mut run: impl FnMut(E) -> Result<R, AwsError>,
    told: impl Fn(Option<String>, R) -> T,
) -> Outcomes<T> {
    let (mut done, mut failed) = (Vec::with_capacity(entries.len()), Vec::new());
    for mut entry in entries {
        let id = id(&mut entry);
        match run(entry) {
            Ok(result) => done.push(told(id, result)),
            Err(error) => failed.push(BatchResultErrorEntry {
                id,
                sender_fault: Some(error.status().is_client_error()),
                code: Some(error.code().to_owned()),
                message: Some(error.message().to_owned()),
            }),
        }
    }
    ((!done.is_empty()).then_some(done), (!failed.is_empty()).then_some(failed))
}
