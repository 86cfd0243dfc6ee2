//! Checks a typed input by the constraints of the model: required, length, range, pattern, enum.
//!
//! Styles are the service's: [`validate`] reports all violations in one `ValidationException`, in
//! the words of AWS's services; [`first_violation`] gives one, for a service with a code of its own.
//! Services that check nothing by the model use neither, and carry nothing of this.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{LazyLock, Mutex, PoisonError};

use cumulet_core::codec::{Message, Schema};
use cumulet_core::model::{Kind, Member, Shape};
use cumulet_core::{AwsError, Encode, Model, Operation, Timestamp, Value, Writer};
use regex_lite::Regex;

use crate::place::Place;

/// One value that does not satisfy one constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The value as AWS shows it; `None` is null.
    pub value: Option<String>,
    /// Where it stands: `tags.1.member.key`.
    pub path: String,
    /// `Member must not be null`.
    pub constraint: String,
}

impl Violation {
    /// `Value '…' at '…' failed to satisfy constraint: …`.
    pub fn message(&self) -> String {
        let Self { value, path, constraint } = self;
        let value = value.as_ref().map_or("null".to_owned(), |value| format!("'{value}'"));
        format!("Value {value} at '{path}' failed to satisfy constraint: {constraint}")
    }
}

/// All violations in one `ValidationException`; fits `cumulet_core::service::Validate`.
pub fn validate(
    model: &'static Model,
    operation: &Operation,
    input: &dyn Message,
) -> Result<(), AwsError> {
    let found = violations(model, operation.name, input);
    if found.is_empty() {
        return Ok(());
    }
    let all: Vec<_> = found.iter().map(Violation::message).collect();
    let errors = if found.len() == 1 { "error" } else { "errors" };
    let message = format!("{} validation {errors} detected: {}", found.len(), all.join("; "));
    Err(AwsError::new("ValidationException", 400, message))
}

/// The first violation, in the model's order.
pub fn first_violation(
    model: &'static Model,
    operation: &Operation,
    input: &dyn Message,
) -> Option<Violation> {
    violations(model, operation.name, input).into_iter().next()
}

/// All violations, in the model's order.
pub fn violations(model: &'static Model, operation: &str, input: &dyn Encode) -> Vec<Violation> {
    let operation = model.operation(operation).and_then(|i| model.operations.get(i));
    let Some(shape) = operation.and_then(|o| o.input) else { return Vec::new() };
    let (mut found, mut path) = (Vec::new(), String::new());
    let place = Place::root(Schema { model, shape });
    input.encode(&mut Check { place, path: &mut path, seen: &mut false, found: &mut found });
    found
}

struct Check<'a> {
    place: Place,
    path: &'a mut String,
    /// Set when a value is there.
    seen: &'a mut bool,
    found: &'a mut Vec<Violation>,
}

impl Check<'_> {
    fn add(&mut self, value: &str, constraint: String) {
        let violation =
            Violation { value: Some(value.to_owned()), path: self.path.clone(), constraint };
        self.found.push(violation);
    }

    /// Checks one step down.
    fn below(&mut self, step: &str, place: Place, value: &mut dyn FnMut(&mut dyn Writer)) {
        let len = self.path.len();
        if len > 0 {
            self.path.push('.');
        }
        self.path.push_str(step);
        let mut seen = false;
        value(&mut Check { place, path: self.path, seen: &mut seen, found: self.found });
        // A stream travels beside the members.
        let member = place.member.filter(|m| m.required && !m.streaming);
        if !seen && member.is_some() && !place.shape().streaming {
            let constraint = "Member must not be null".to_owned();
            self.found.push(Violation { value: None, path: self.path.clone(), constraint });
        }
        self.path.truncate(len);
    }

    /// The bounds of a length or number. `noun` is `length` or `value`.
    fn bounds(&mut self, noun: &str, measure: i64, value: &dyn Fn() -> String) {
        *self.seen = true;
        let shape = self.place.shape();
        for (bad, bound, words) in bounds(shape, measure) {
            if bad {
                self.add(
                    &value(),
                    format!("Member must have {noun} {words} than or equal to {bound}"),
                );
            }
        }
    }

    /// Of a list's scalars AWS says which constraints there are, not which item fails which.
    fn items(&mut self, what: &str, member: &Member, ok: bool, value: &dyn Fn() -> String) {
        if ok {
            return;
        }
        let shape = self.place.schema.of(member).shape();
        let all = constraints(shape).join(", ");
        self.add(&value(), format!("{what} must satisfy constraint: [{all}]"));
    }
}

/// Whether a bound is broken, the bound, and how to say it.
fn bounds(shape: &Shape, measure: i64) -> impl Iterator<Item = (bool, i64, &'static str)> {
    let max = shape.max.map(|max| (measure > max, max, "less"));
    let min = shape.min.map(|min| (measure < min, min, "greater"));
    max.into_iter().chain(min)
}

/// All that a text must satisfy.
fn constraints(shape: &Shape) -> Vec<String> {
    let noun = if matches!(shape.kind, Kind::String | Kind::Blob) { "length" } else { "value" };
    let mut all: Vec<_> = bounds(shape, 0)
        .map(|(_, bound, words)| {
            format!("Member must have {noun} {words} than or equal to {bound}")
        })
        .collect();
    if !shape.pattern.is_empty() {
        all.push(format!("Member must satisfy regular expression pattern: {}", shape.pattern));
    }
    if !shape.values.is_empty() {
        all.push(format!("Member must satisfy enum value set: [{}]", shape.values.join(", ")));
    }
    all
}

fn length(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

fn text_is_ok(shape: &Shape, text: &str) -> bool {
    bounds(shape, length(text)).all(|(bad, ..)| !bad)
        && matches_pattern(shape.pattern, text)
        && (shape.values.is_empty() || shape.values.contains(&text))
}

/// True where the whole text matches, and where the pattern has what our engine has not (Java's
/// look-around and Unicode classes): better to accept too much than to refuse what AWS takes.
fn matches_pattern(pattern: &'static str, text: &str) -> bool {
    static COMPILED: LazyLock<Mutex<HashMap<&'static str, Option<Regex>>>> =
        LazyLock::new(Mutex::default);
    if pattern.is_empty() {
        return true;
    }
    let regex = {
        let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        let compile = || Regex::new(&["^(?:", pattern, ")$"].concat()).ok();
        compiled.entry(pattern).or_insert_with(compile).clone()
    };
    regex.is_none_or(|regex| regex.is_match(text))
}

impl Writer for Check<'_> {
    fn schema(&self) -> Schema {
        self.place.schema
    }

    fn null(&mut self) {
        *self.seen = true;
    }

    fn string(&mut self, value: &str) {
        self.bounds("length", length(value), &|| value.to_owned());
        let shape = self.place.shape();
        if !matches_pattern(shape.pattern, value) {
            let pattern = shape.pattern;
            self.add(value, format!("Member must satisfy regular expression pattern: {pattern}"));
        }
        if !shape.values.is_empty() && !shape.values.contains(&value) {
            let values = shape.values.join(", ");
            self.add(value, format!("Member must satisfy enum value set: [{values}]"));
        }
    }

    fn boolean(&mut self, _: bool) {
        *self.seen = true;
    }

    fn integer(&mut self, value: i64) {
        self.bounds("value", value, &|| value.to_string());
    }

    fn float(&mut self, value: f64) {
        // Bounds are whole numbers, so it is enough to look at the nearest one outside.
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let outside = (if value < 0.0 { value.floor() } else { value.ceil() }) as i64;
        self.bounds("value", outside, &|| format!("{value:?}"));
    }

    fn blob(&mut self, value: &[u8]) {
        let len = value.len();
        // What Java makes of a byte buffer is what clients see.
        let show = || format!("java.nio.HeapByteBuffer[pos=0 lim={len} cap={len}]");
        self.bounds("length", i64::try_from(len).unwrap_or(i64::MAX), &show);
    }

    fn timestamp(&mut self, _: Timestamp) {
        *self.seen = true;
    }

    fn document(&mut self, _: &Value) {
        *self.seen = true;
    }

    fn structure(&mut self, member: &dyn Fn(usize, &mut dyn Writer)) {
        *self.seen = true;
        if self.place.shape().own {
            return;
        }
        for (i, m) in self.place.shape().members.iter().enumerate() {
            // Paths have the first letter of a member's name in lower case, whatever the model has.
            self.below(&decapitalised(m.name), self.place.of(m), &mut |w| member(i, w));
        }
    }

    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Encode>) {
        let Ok(place) = self.place.item() else { return };
        let items: Vec<_> = items.collect();
        let show = || show_list(place, &items);
        self.bounds("length", i64::try_from(items.len()).unwrap_or(i64::MAX), &show);
        if place.shape().own {
            return;
        }
        if is_scalar(place.shape().kind) {
            let ok = items.iter().all(|item| scalar_is_ok(place, *item));
            if let Some(member) = place.member {
                self.items("Member", member, ok, &show);
            }
            return;
        }
        for (i, item) in items.iter().enumerate() {
            let step = [&(i + 1).to_string(), ".member"].concat();
            self.below(&step, place, &mut |w| item.encode(w));
        }
    }

    fn map(&mut self, entries: &mut dyn Iterator<Item = (&str, &dyn Encode)>) {
        let Ok(place) = self.place.item() else { return };
        let entries: Vec<_> = entries.collect();
        let show = || show_map(place, &entries);
        self.bounds("length", i64::try_from(entries.len()).unwrap_or(i64::MAX), &show);
        if let Some(key) = &self.place.shape().key {
            let shape = self.place.schema.of(key).shape();
            let ok = entries.iter().all(|(key, _)| text_is_ok(shape, key));
            self.items("Map keys", key, ok, &show);
        }
        if place.shape().own {
            return;
        }
        if is_scalar(place.shape().kind) {
            let ok = entries.iter().all(|(_, value)| scalar_is_ok(place, *value));
            if let Some(member) = place.member {
                self.items("Map value", member, ok, &show);
            }
            return;
        }
        for (key, value) in &entries {
            self.below(&[key, ".member"].concat(), place, &mut |w| value.encode(w));
        }
    }
}

fn decapitalised(name: &str) -> String {
    let mut out = name.to_owned();
    if let Some(first) = out.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    out
}

fn is_scalar(kind: Kind) -> bool {
    !matches!(kind, Kind::Structure | Kind::Union | Kind::List | Kind::Map | Kind::Document)
}

fn scalar_is_ok(place: Place, value: &dyn Encode) -> bool {
    let (mut found, mut path) = (Vec::new(), String::new());
    value.encode(&mut Check { place, path: &mut path, seen: &mut false, found: &mut found });
    found.is_empty()
}

/// As Java shows a list.
fn show_list(place: Place, items: &[&dyn Encode]) -> String {
    let items: Vec<_> = items.iter().map(|item| show(place, *item)).collect();
    format!("[{}]", items.join(", "))
}

/// As Java shows a map.
fn show_map(place: Place, entries: &[(&str, &dyn Encode)]) -> String {
    let entries: Vec<_> =
        entries.iter().map(|(key, value)| format!("{key}={}", show(place, *value))).collect();
    format!("{{{}}}", entries.join(", "))
}

fn show(place: Place, value: &dyn Encode) -> String {
    fn text(value: &Value, out: &mut String) {
        let result = match value {
            Value::Null => write!(out, "null"),
            Value::Boolean(v) => write!(out, "{v}"),
            Value::Integer(v) => write!(out, "{v}"),
            Value::Float(v) => write!(out, "{v:?}"),
            Value::String(v) => write!(out, "{v}"),
            Value::Blob(v) => {
                write!(out, "java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", v.len())
            }
            Value::Timestamp(v) => write!(out, "{v}"),
            Value::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    text(item, out);
                }
                write!(out, "]")
            }
            Value::Map(entries) => {
                out.push('{');
                for (i, (name, value)) in entries.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    out.push_str(name);
                    out.push('=');
                    text(value, out);
                }
                write!(out, "}}")
            }
        };
        // Writing to a string never fails.
        result.unwrap_or_default();
    }
    let mut out = String::new();
    text(&cumulet_core::dynamic::to_value(place.schema, value), &mut out);
    out
}
