//! Where all state lives: tables with indexes, in scopes, changed by all-or-nothing sections and
//! copied whole by snapshots; waiters for long polls; storage for large bodies. It knows no service
//! and no protocol, and keeps nothing across a restart: the journal has its seam ([`Observer`])
//! and is not there yet.

mod index;
mod store;
mod table;
mod tables;

pub use equivalent::{Comparable, Equivalent};
pub use index::{Entries, Index, Indexes, RowKeys};
pub use store::{Sections, Store};
pub use table::{Rows, Table};
pub use tables::{AnyTable, Change, Observer, Tables};
