//! Memory: small blocks stay with their thread, and musl's own allocator, which gives large ones back
//! at once, is not used.
#![expect(unsafe_code, reason = "promises that there is one allocator")]

use cumulet_memory::Kept;
#[cfg(target_env = "musl")]
use dlmalloc::GlobalDlmalloc as Allocator;
#[cfg(not(target_env = "musl"))]
use std::alloc::System as Allocator;

#[global_allocator]
// SAFETY: the only one.
static ALLOCATOR: Kept<Allocator> = unsafe { Kept::before(&Allocator) };
