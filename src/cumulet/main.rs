//! The program `cumulet`. What it does is in the library beside it, where tests reach it too.

#[cfg(all(target_arch = "x86_64", any(target_env = "musl", test)))]
mod copy;

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(image)]
    panics::prepare();
    cumulet::cli::run()
}

mod memory;
#[cfg(image)]
mod panics;
#[cfg(image)]
mod rows;
