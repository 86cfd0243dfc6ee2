//! The program `cumulet`. What it does is in the library beside it, where tests reach it too.

use std::process::ExitCode;

fn main() -> ExitCode {
    cumulet::cli::run()
}
