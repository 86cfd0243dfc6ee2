//! The bytes that the bench stores and reads back: one block, repeated.
//!
//! `limit` answers with the same bytes as the objects hold, so that checking them costs the client
//! as much with `limit` as with the server that is measured.

use std::sync::LazyLock;

/// How many bytes there are before they repeat: of the sizes tried, `limit` sends and `loadgen`
/// checks 10 MiB fastest with this one.
pub(crate) const BLOCK: usize = 128 << 10;

// 251 is prime: rows of the block never line up with pages or buffers.
static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| (0..251).cycle().take(BLOCK).collect());

/// The first `length` bytes of the block, or the whole block where that is shorter.
pub(crate) fn head(length: u64) -> &'static [u8] {
    usize::try_from(length).ok().and_then(|length| BYTES.get(..length)).unwrap_or(&BYTES)
}
