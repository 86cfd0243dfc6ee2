//! Types and packed models from `model.json` and `streams/model.json`.

/// Shapes that have a type of their own here.
const OWN: &[(&str, &str)] = &[
    ("AttributeValue", "crate::value::AttributeValue"),
    ("AttributeMap", "crate::stored::Attributes"),
];

fn main() -> Result<(), cumulet_codegen::Error> {
    cumulet_codegen::service_in("", OWN)?;
    cumulet_codegen::service_in("streams", OWN)
}
