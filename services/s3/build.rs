//! Generates the types of the operations in `operations.rs` from `model.json`.

/// Shapes that have a type of their own here.
const OWN: &[(&str, &str)] = &[
    ("DeleteMarkers", "crate::object::rows::Versions"),
    ("ObjectList", "crate::object::rows::Objects"),
    ("ObjectVersionList", "crate::object::rows::Versions"),
];

fn main() -> Result<(), cumulet_codegen::Error> {
    cumulet_codegen::service_in("", OWN)
}
