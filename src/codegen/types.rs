//! Writes the Rust types of a model: the structures that the operations of a table reach, each
//! with its `Encode` and `Decode`. How these work is told in `cumulet_core::codec`.
//!
//! No types are written for errors: a handler's error is an `AwsError`. Lists, maps and simple
//! shapes have no name of their own, so only structures can collide with Rust's names; everything
//! of Rust's is therefore written with its full path.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::Error;
use crate::model::{Kind, Location, Member, Model, OperationModel, Shape, ShapeId};
use crate::names;
use crate::operations::Row;

/// Lints are about what people write.
const HEAD: &str = "// Written by cumulet-codegen from model.json and operations.rs.
#[allow(warnings, clippy::all, clippy::pedantic, clippy::allow_attributes)]
mod types {
";

const STRING: &str = "::std::string::String";
const OPTION: &str = "::std::option::Option";
const CODEC: &str = "::cumulet_core::codec";

/// The source of all types that `operations` need.
pub(crate) fn types(model: &Model, rows: &[Row], own: &[(&str, &str)]) -> Result<String, Error> {
    let (mut operations, mut roots) = (Vec::new(), BTreeSet::new());
    for Row { name, dynamic } in rows {
        let index = model.operation(name).ok_or_else(|| format!("the model has no {name}"))?;
        operations.extend(model.operations.get(index).map(|o| (o, dynamic.is_some())));
        if let Some(shape) = dynamic.as_ref().filter(|shape| !shape.is_empty()) {
            let id = model.shapes.iter().position(|s| s.name == shape);
            roots.insert(id.ok_or_else(|| format!("the model has no shape {shape}"))?);
        }
    }
    let with_types = operations.iter().filter(|(_, dynamic)| !dynamic);
    let messages: BTreeSet<_> =
        with_types.flat_map(|(o, _)| [o.input, o.output]).flatten().collect();
    roots.extend(&messages);
    let types = Types { model, roots, messages, own };
    let mut out = String::from(HEAD);
    for id in types.reached() {
        types.structure(&mut out, id)?;
    }
    types.side(&mut out, "input", &operations, |o| o.input)?;
    types.side(&mut out, "output", &operations, |o| o.output)?;
    out.push_str("}\npub(crate) use types::*;\n");
    Ok(out)
}

struct Types<'a> {
    model: &'a Model,
    /// Shapes that have a type, and everything that they hold.
    roots: BTreeSet<ShapeId>,
    /// Inputs and outputs.
    messages: BTreeSet<ShapeId>,
    /// Shapes whose types are written by hand, with the types' paths.
    own: &'a [(&'a str, &'a str)],
}

impl Types<'_> {
    fn shape(&self, id: ShapeId) -> &Shape {
        self.model.shape(id)
    }

    /// The path of the type that the crate has for a shape.
    fn own(&self, id: ShapeId) -> Option<&str> {
        let name = self.shape(id).name;
        self.own.iter().find(|(shape, _)| *shape == name).map(|(_, path)| *path)
    }

    /// The structures that the roots reach, themselves included, in the model's order.
    fn reached(&self) -> BTreeSet<ShapeId> {
        let mut seen = BTreeSet::new();
        let mut todo: Vec<ShapeId> = self.roots.iter().copied().collect();
        while let Some(id) = todo.pop() {
            if self.own(id).is_none() && seen.insert(id) {
                let shape = self.shape(id);
                let parts = shape.members.iter().chain(shape.value.as_deref());
                todo.extend(parts.map(|member| member.shape));
            }
        }
        seen.retain(|id| structured(self.shape(*id)));
        seen
    }

    fn structure(&self, out: &mut String, id: ShapeId) -> Result<(), Error> {
        let shape = self.shape(id);
        let fields = self.fields(id)?;
        let body = fields.iter().find(|field| field.body);
        let derives =
            if body.is_some() { "Debug, Default" } else { "Clone, Debug, Default, PartialEq" };
        let name = shape.name;
        writeln!(out, "\n/// The model's `{name}`.\n#[derive({derives})]\npub struct {name} {{")?;
        for field in &fields {
            writeln!(out, "    pub {}: {},", field.name, field.rust)?;
        }
        let members = fields.iter().filter(|field| !field.body);
        let places = |reference: &str| -> String {
            let place =
                |f: &Field| format!("            {} => {reference}self.{},\n", f.index, f.name);
            members.clone().map(place).collect()
        };
        let (shared, unique) = (places("&"), places("&mut "));
        writeln!(
            out,
            "}}

impl {CODEC}::Structure for {name} {{
    fn member(&self, i: usize) -> {OPTION}<&dyn {CODEC}::Slot> {{
        {OPTION}::Some(match i {{
{shared}            _ => return {OPTION}::None,
        }})
    }}
    fn member_mut(&mut self, i: usize) -> {OPTION}<&mut dyn {CODEC}::Slot> {{
        {OPTION}::Some(match i {{
{unique}            _ => return {OPTION}::None,
        }})
    }}
}}

impl {CODEC}::Encode for {name} {{
    fn encode(&self, w: &mut dyn {CODEC}::Writer) {{
        {CODEC}::encode_structure(self, w);
    }}
}}

impl {CODEC}::Decode for {name} {{
    fn decode(r: &mut dyn {CODEC}::Reader) -> ::std::result::Result<Self, {CODEC}::ReadError> {{
        let mut it = Self::default();
        {CODEC}::fill_structure(&mut it, r)?;
        Ok(it)
    }}
}}"
        )?;
        if self.messages.contains(&id) {
            message(out, name, body)?;
        }
        Ok(())
    }

    fn fields(&self, id: ShapeId) -> Result<Vec<Field>, Error> {
        let shape = self.shape(id);
        let mut fields: Vec<Field> = Vec::new();
        for (index, member) in shape.members.iter().enumerate() {
            let name = names::field(member.name);
            if fields.iter().any(|field| field.name == name) {
                return Err(format!("{} has two members called {name}", shape.name).into());
            }
            fields.push(self.field(id, index, name, member));
        }
        Ok(fields)
    }

    fn field(&self, of: ShapeId, index: usize, name: String, member: &Member) -> Field {
        let body = member.streaming && self.messages.contains(&of);
        let label = member.location == Location::Uri;
        let mut rust = self.rust(member.shape);
        if body {
            "::cumulet_core::Body".clone_into(&mut rust);
        } else if self.contains(member.shape, of) {
            rust = format!("::std::boxed::Box<{rust}>");
        }
        if !body && !label {
            rust = format!("{OPTION}<{rust}>");
        }
        Field { index, name, rust, body }
    }

    /// Does a value of `inner` hold one of `outer` in itself, not behind a list or map?
    fn contains(&self, inner: ShapeId, outer: ShapeId) -> bool {
        let mut seen = BTreeSet::new();
        let mut todo = vec![inner];
        while let Some(id) = todo.pop() {
            if id == outer {
                return true;
            }
            if self.own(id).is_none() && seen.insert(id) {
                todo.extend(self.shape(id).members.iter().map(|member| member.shape));
            }
        }
        false
    }

    fn rust(&self, id: ShapeId) -> String {
        if let Some(path) = self.own(id) {
            return path.to_owned();
        }
        let shape = self.shape(id);
        let value = || {
            let rust = shape.value.as_ref().map_or_else(String::new, |v| self.rust(v.shape));
            if shape.sparse { format!("::cumulet_core::codec::Sparse<{rust}>") } else { rust }
        };
        match shape.kind {
            Kind::Structure | Kind::Union => shape.name.to_owned(),
            Kind::List => format!("::std::vec::Vec<{}>", value()),
            Kind::Map => format!("::std::collections::BTreeMap<{STRING}, {}>", value()),
            Kind::String => STRING.to_owned(),
            Kind::Boolean => "bool".to_owned(),
            Kind::Integer => "i32".to_owned(),
            Kind::Long => "i64".to_owned(),
            Kind::Float | Kind::Double => "f64".to_owned(),
            Kind::Blob => "::cumulet_core::codec::Blob".to_owned(),
            Kind::Timestamp => "::cumulet_core::Timestamp".to_owned(),
            Kind::Document => "::cumulet_core::Value".to_owned(),
        }
    }

    /// One module of aliases by operation name.
    fn side(
        &self,
        out: &mut String,
        module: &str,
        operations: &[(&OperationModel, bool)],
        shape: fn(&OperationModel) -> Option<ShapeId>,
    ) -> Result<(), Error> {
        writeln!(out, "\n/// Each operation's {module}.\npub mod {module} {{")?;
        for (operation, dynamic) in operations {
            let rust = match shape(operation) {
                None => format!("{CODEC}::Empty"),
                Some(_) if *dynamic => "::cumulet_core::Value".to_owned(),
                Some(id) => format!("super::{}", self.shape(id).name),
            };
            writeln!(out, "    pub type {} = {rust};", operation.name)?;
        }
        writeln!(out, "}}")?;
        Ok(())
    }
}

/// A member as a field.
struct Field {
    index: usize,
    name: String,
    rust: String,
    /// The message's stream.
    body: bool,
}

fn structured(shape: &Shape) -> bool {
    matches!(shape.kind, Kind::Structure | Kind::Union)
}

fn message(out: &mut String, name: &str, body: Option<&Field>) -> Result<(), Error> {
    writeln!(
        out,
        "
impl {CODEC}::Message for {name} {{
    fn fill(&mut self, r: &mut dyn {CODEC}::Reader) -> ::std::result::Result<(), {CODEC}::ReadError> {{
        {CODEC}::fill_structure(self, r)
    }}
    fn into_any(self: ::std::boxed::Box<Self>) -> ::std::boxed::Box<dyn ::std::any::Any + Send> {{
        self
    }}"
    )?;
    if let Some(Field { name, .. }) = body {
        writeln!(
            out,
            "    fn take_body(&mut self) -> ::std::option::Option<::cumulet_core::Body> {{
        Some(::std::mem::take(&mut self.{name}))
    }}
    fn set_body(&mut self, body: ::cumulet_core::Body) {{
        self.{name} = body;
    }}"
        )?;
    }
    writeln!(out, "}}")?;
    Ok(())
}
