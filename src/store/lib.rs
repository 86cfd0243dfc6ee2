//! Where all state lives: tables with indexes, in scopes, changed by all-or-nothing sections and
//! copied whole by snapshots; waiters for long polls; storage for large bodies. It knows no service
//! and no protocol, and keeps nothing across a restart: the journal has its seam ([`Observer`])
//! and is not there yet.

mod blob;
mod blob_writer;
mod blobs;
mod discard;
mod index;
mod map;
mod platform;
mod store;
mod table;
mod tables;
mod waiters;

pub use blob::Blob;
pub use blob_writer::BlobWriter;
pub use blobs::Blobs;
pub use equivalent::{Comparable, Equivalent};
pub use index::{Entries, Index, Indexes, RowKeys};
pub use map::{Map, Rows};
pub use platform::{Platform, Settings};
pub use store::{Sections, Store};
pub use table::Table;
pub use tables::{AnyTable, Change, Observer, Tables};
pub use waiters::{Waiter, Waiters};
