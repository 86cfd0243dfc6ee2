//! Room for long answers: each thread keeps what the last one had for the next. Fresh memory from the
//! system costs as much as what is written into it.

use std::cell::Cell;

use bytes::Bytes;

/// Allocators keep shorter blocks themselves.
const LEAST: usize = 64 << 10;
/// So much stays with each thread.
const MOST: usize = 1 << 20;

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Makes room for so many more bytes.
pub(crate) fn reserve(out: &mut Vec<u8>, more: usize) {
    let length = out.len() + more;
    if length > out.capacity().max(LEAST) {
        let mut spare = SPARE.take();
        if spare.capacity() >= length {
            spare.extend_from_slice(out);
            *out = spare;
        }
    }
    out.reserve(more);
}

/// What was written, as an answer has it.
pub(crate) fn bytes(out: Vec<u8>) -> Bytes {
    if (LEAST..=MOST).contains(&out.capacity()) { Bytes::from_owner(Lent(out)) } else { out.into() }
}

struct Lent(Vec<u8>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.0.clear();
        // At its end a thread keeps nothing.
        let _ = SPARE.try_with(|spare| spare.set(std::mem::take(&mut self.0)));
    }
}
