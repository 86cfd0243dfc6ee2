//! Memory for static binaries: musl's own allocator gives large blocks back at once.
#![expect(unsafe_code, reason = "promises that there is one allocator")]

use cumulet_memory::Kept;
use dlmalloc::GlobalDlmalloc;

#[global_allocator]
// SAFETY: the only one.
static ALLOCATOR: Kept<GlobalDlmalloc> = unsafe { Kept::before(&GlobalDlmalloc) };
