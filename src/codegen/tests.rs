//! Over small models what types come out, over all real ones that everything can be read.

use std::fs;
use std::path::Path;

use crate::model::Model;
use crate::operations::Row;
use crate::{read, types};

fn generated(shapes: &str) -> String {
    let json = format!(
        r#"{{"metadata":{{"protocols":["json"]}},
             "operations":{{"Go":{{"input":{{"shape":"In"}}}}}},"shapes":{{{shapes}}}}}"#
    );
    types::types(&read::model(&json).unwrap(), &[row("Go", None)], &[("Own", "crate::Own")])
        .unwrap()
}

fn row(name: &str, dynamic: Option<&str>) -> Row {
    Row { name: name.to_owned(), dynamic: dynamic.map(str::to_owned) }
}

/// Name and text of every model of the repository.
fn models() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let waiting = fs::read_dir(root.join("tests/models")).unwrap().map(|e| e.unwrap().path());
    let born = fs::read_dir(root.join("services")).unwrap().map(|e| e.unwrap().path());
    // DynamoDB's streams are in its crate.
    let born = born.flat_map(|folder| [folder.clone(), folder.join("streams")]);
    let born = born.map(|folder| folder.join("model.json")).filter(|path| path.exists());
    let read =
        |path: std::path::PathBuf| (path.display().to_string(), fs::read_to_string(path).unwrap());
    waiting.chain(born).map(read).collect()
}

#[test]
fn members_are_optional_fields_by_index() {
    let out = generated(
        r#""In":{"type":"structure","required":["A"],"members":{"A":{"shape":"String"},"Bs":{"shape":"Map"}}},
           "Map":{"type":"map","key":{"shape":"String"},"value":{"shape":"List"}},
           "List":{"type":"list","sparse":true,"member":{"shape":"Long"}},
           "Long":{"type":"long"},"String":{"type":"string","enum":["X"]}"#,
    );
    assert!(out.contains("pub a: ::std::option::Option<::std::string::String>,"), "{out}");
    assert!(out.contains(
        "BTreeMap<::std::string::String, ::std::vec::Vec<::cumulet_core::codec::Sparse<i64>>>"
    ));
    assert!(out.contains("1 => &self.bs,") && out.contains("1 => &mut self.bs,"));
    assert!(out.contains("pub type Go = super::In;"));
    assert!(out.contains("pub type Go = ::cumulet_core::codec::Empty;"));
}

#[test]
fn only_what_would_be_infinite_is_boxed() {
    let out = generated(
        r#""In":{"type":"structure","members":{"Tree":{"shape":"Tree"}}},
           "Tree":{"type":"structure","members":{"Left":{"shape":"Node"},"All":{"shape":"Trees"}}},
           "Node":{"type":"structure","members":{"Tree":{"shape":"Tree"}}},
           "Trees":{"type":"list","member":{"shape":"Tree"}}"#,
    );
    assert!(out.contains("pub left: ::std::option::Option<::std::boxed::Box<Node>>,"), "{out}");
    assert!(out.contains("pub all: ::std::option::Option<::std::vec::Vec<Tree>>,"));
    assert_eq!(out.matches("pub tree: ::std::option::Option<Tree>,").count(), 1);
}

#[test]
fn labels_are_plain_and_streams_are_the_body() {
    let out = generated(
        r#""In":{"type":"structure","payload":"Data","members":{
             "Key":{"shape":"String","location":"uri"},"Data":{"shape":"Blob","streaming":true}}},
           "String":{"type":"string"},"Blob":{"type":"blob"}"#,
    );
    assert!(out.contains("pub key: ::std::string::String,"), "{out}");
    assert!(out.contains("pub data: ::cumulet_core::Body,"));
    assert!(out.contains("self.data = body;"));
    assert!(!out.contains("1 =>"), "the body is no member");
}

#[test]
fn a_shape_of_ones_own_is_not_written() {
    let out = generated(
        r#""In":{"type":"structure","members":{"One":{"shape":"Own"},"All":{"shape":"Owns"}}},
           "Owns":{"type":"list","member":{"shape":"Own"}},
           "Own":{"type":"map","key":{"shape":"String"},"value":{"shape":"Inner"}},
           "Inner":{"type":"structure","members":{}},"String":{"type":"string"}"#,
    );
    assert!(out.contains("pub one: ::std::option::Option<crate::Own>,"), "{out}");
    assert!(out.contains("pub all: ::std::option::Option<::std::vec::Vec<crate::Own>>,"));
    assert!(!out.contains("struct Inner"), "what is in it is its own matter");
}

#[test]
fn a_dynamic_operation_has_no_types_but_the_one_it_names() {
    let json = r#"{"metadata":{"protocols":["json"]},
        "operations":{"Go":{"input":{"shape":"In"}}},
        "shapes":{"In":{"type":"structure","members":{"A":{"shape":"Held"},"B":{"shape":"Other"}}},
            "Held":{"type":"structure","members":{}},"Other":{"type":"structure","members":{}}}}"#;
    let model = read::model(json).unwrap();
    let out = types::types(&model, &[row("Go", Some("Held"))], &[]).unwrap();
    assert!(out.contains("pub struct Held {"), "{out}");
    assert!(!out.contains("struct In") && !out.contains("struct Other"));
    assert!(out.contains("pub type Go = ::cumulet_core::Value;"));
    assert!(types::types(&model, &[row("Go", Some("Nope"))], &[]).is_err());
}

#[test]
fn an_operation_without_a_model_is_an_error() {
    let error = types::types(&Model::default(), &[row("Nope", None)], &[]).unwrap_err();
    assert_eq!(error.to_string(), "the model has no Nope");
}

#[test]
fn every_model_packs_and_unpacks_to_itself() {
    let models = models();
    assert!(models.len() >= 44, "{} models", models.len());
    for (path, text) in models {
        let model = read::model(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
        let packed: &'static [u8] = Box::leak(model.clone().pack().into());
        let back = Model::unpack(packed);
        let parts = |m: &Model| format!("{:?}{:?}{:?}", m.metadata, m.operations, m.shapes);
        assert!(parts(&model) == parts(&back), "{path}");
    }
}

#[test]
fn every_model_has_types() {
    for (path, text) in models() {
        let model = read::model(&text).unwrap();
        let all: Vec<Row> = model.operations.iter().map(|o| row(o.name, None)).collect();
        types::types(&model, &all, &[]).unwrap_or_else(|e| panic!("{path}: {e}"));
    }
}
