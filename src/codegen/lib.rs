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
pub fn service() -> Result<(), Error> {
    service_in("", &[])
}

/// The same for the model and the table in a folder of the crate, and into that folder of
/// `OUT_DIR`: for a crate with more than one of AWS's services. `own` names shapes whose Rust type
/// the crate writes itself, with that type's path: it is `Clone`, `Debug`, `PartialEq`, `Encode` and
/// `Decode`, and validation by the model does not look into it.
#[expect(clippy::disallowed_methods, reason = "Cargo talks to build scripts by environment")]
pub fn service_in(folder: &str, own: &[(&str, &str)]) -> Result<(), Error> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(folder);
    let out = PathBuf::from(env::var("OUT_DIR")?).join(folder);
    fs::create_dir_all(&out)?;
    generate(&root, &out, own)
}

#[expect(clippy::print_stdout, reason = "build scripts answer Cargo on stdout")]
fn generate(root: &Path, out: &Path, own: &[(&str, &str)]) -> Result<(), Error> {
    let read = |name: &str| {
        let path = root.join(name);
        println!("cargo::rerun-if-changed={}", path.display());
        fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
    };
    let mut model = read::model(&read("model.json")?)?;
    let operations = operations::rows(&read("operations.rs")?)?;
    fs::write(out.join("types.rs"), types::types(&model, &operations, own)?)?;
    for shape in &mut model.shapes {
        shape.own = own.iter().any(|(name, _)| *name == shape.name);
    }
    fs::write(out.join("model.bin"), model.pack())?;
    Ok(())
}

/// The packed form of a model, as `scripts/models` writes them.
pub fn pack(model_json: &str) -> Result<Vec<u8>, Error> {
    Ok(read::model(model_json)?.pack())
}
