//! The program `cumulet`. What it does is in the library beside it, where tests reach it too.

#[cfg(all(target_env = "musl", target_arch = "x86_64"))]
mod copy;

use std::process::ExitCode;

fn main() -> ExitCode {
    cumulet::cli::run()
}

/// musl's own takes one lock for each call and gives large blocks back at once.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;
