//! What is generated from a service's API model: its Rust types and the packed model.
//!
//! A build dependency. A service's `build.rs` is one line:
//!
//! ```ignore
//! fn main() -> Result<(), cumulet_codegen::Error> { cumulet_codegen::service() }
//! ```
//!
//! It depends on nothing, so that builds start with it and not with its dependencies; the packed
//! form is `core`'s own file, compiled a second time here.

mod json;
mod names;
mod operations;
mod read;
#[cfg(test)]
mod tests;
mod types;

#[path = "../core/model.rs"]
pub mod model;

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Why nothing could be generated: for whoever builds.
pub type Error = Box<dyn std::error::Error>;

/// Reads `model.json` and `operations.rs` of the crate that is being built, and writes to
/// `OUT_DIR` `types.rs` (types for the operations of the table) and `model.bin` (all of the model).
#[expect(clippy::disallowed_methods, reason = "Cargo talks to build scripts by environment")]
pub fn service() -> Result<(), Error> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    generate(&root, Path::new(&env::var("OUT_DIR")?))
}

#[expect(clippy::print_stdout, reason = "build scripts answer Cargo on stdout")]
fn generate(root: &Path, out: &Path) -> Result<(), Error> {
    let read = |name: &str| {
        let path = root.join(name);
        println!("cargo::rerun-if-changed={}", path.display());
        fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
    };
    let model = read::model(&read("model.json")?)?;
    let operations = operations::names(&read("operations.rs")?)?;
    fs::write(out.join("types.rs"), types::types(&model, &operations)?)?;
    fs::write(out.join("model.bin"), model.pack())?;
    Ok(())
}

/// The packed form of a model, as `scripts/models` writes them.
pub fn pack(model_json: &str) -> Result<Vec<u8>, Error> {
    Ok(read::model(model_json)?.pack())
}
