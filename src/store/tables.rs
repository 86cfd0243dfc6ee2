//! All tables of one service in one scope, and what happens to them together: undoing what a
//! section changed, or keeping and reporting it.

use std::any::Any;

use cumulet_core::{Scope, Timestamp};

/// All tables of one service in one scope; written by [`tables!`](crate::tables).
///
/// Nothing but [`Table`](crate::Table)s belongs in it: only tables know how to undo. A single value
/// is a `Table<(), V>`. A clone costs a few reference counts.
pub trait Tables: Clone + Default + Send + Sync + 'static {
    /// Visits every table, by name, in the order of declaration.
    fn each<'a>(&'a self, visit: &mut dyn FnMut(&'static str, &'a dyn AnyTable));

    /// Visits every table to change it.
    fn each_mut(&mut self, visit: &mut dyn FnMut(&mut dyn AnyTable));

    /// When the next work in these tables falls due. Asked after every write: the first entry of
    /// an index, not a search.
    fn next_due(&self) -> Option<Timestamp> {
        None
    }
}

/// A table whatever its rows are: what the store needs of it.
pub trait AnyTable {
    /// Takes every change of the running section back.
    fn undo(&mut self);
    /// Lets the changes of the running section stand.
    fn keep(&mut self);
    /// Whether the running section has changed anything.
    fn is_changed(&self) -> bool;
    /// Reports each changed key with its value as it is now, `None` if it is gone. A key that was
    /// changed twice is reported twice, both times with its last value.
    fn changes<'a>(&'a self, report: &mut dyn FnMut(&'a dyn Any, Option<&'a dyn Any>));
}

/// One row that a section changed.
pub struct Change<'a> {
    /// Where.
    pub scope: Scope,
    /// The table's name in its `struct`.
    pub table: &'static str,
    /// The row's key.
    pub key: &'a dyn Any,
    /// The row as it is now; `None` if it was removed.
    pub value: Option<&'a dyn Any>,
}

/// Who is told of every write: the journal's seam.
pub trait Observer: Send + Sync {
    /// One section's changes, to be kept all or none. Called under the locks of the section's
    /// scopes, so records of a scope come in the order of its writes; it must not block for long
    /// and not open a section.
    fn committed(&self, record: &[Change<'_>]);
}

/// Declares all tables of a service in one scope.
///
/// ```
/// use cumulet_store::{Table, tables};
///
/// tables! {
///     /// What the service knows in one scope.
///     pub struct Notes {
///         /// Texts by name.
///         pub notes: Table<String, String>,
///         /// When to remind of them.
///         pub reminders: Table<(cumulet_core::Timestamp, String), ()>,
///     }
///     next_due = |t| t.reminders.first().map(|((at, _), ())| *at);
/// }
/// ```
#[macro_export]
macro_rules! tables {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $table:ty),* $(,)?
    } $(next_due = |$tables:ident| $next_due:expr;)?) => {
        $(#[$meta])*
        #[derive(Clone, Default)]
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $table,)*
        }

        impl $crate::Tables for $name {
            fn each<'a>(&'a self, visit: &mut dyn FnMut(&'static str, &'a dyn $crate::AnyTable)) {
                $(visit(stringify!($field), &self.$field);)*
            }

            fn each_mut(&mut self, visit: &mut dyn FnMut(&mut dyn $crate::AnyTable)) {
                $(visit(&mut self.$field);)*
            }

            $(fn next_due(&self) -> Option<cumulet_core::Timestamp> {
                let $tables = self;
                $next_due
            })?
        }
    };
}
