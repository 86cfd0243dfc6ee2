//! Generates the types of the operations in `operations.rs` from `model.json`.

fn main() -> Result<(), cumulet_codegen::Error> {
    cumulet_codegen::service()
}
