//! Types and packed model from `model.json`.
fn main() -> Result<(), cumulet_codegen::Error> {
    cumulet_codegen::service()
}
