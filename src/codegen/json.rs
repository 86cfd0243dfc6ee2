//! A small JSON reader that keeps the order of objects, because a member's position is its index
//! on both sides of the wire. `serde_json` keeps it only with a feature that would then be on for
//! the whole program in workspace builds; and without a dependency the build scripts start sooner.
//!
//! It reads what `scripts/models` writes: trusted files, no limits, exact about syntax.

use std::iter::Peekable;
use std::str::Chars;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Json {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut chars = text.chars().peekable();
        let value = value(&mut chars)?;
        match next(&mut chars) {
            None => Ok(value),
            Some(c) => Err(format!("`{c}` after the end of the JSON")),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.entries().iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The entries of an object; none of anything else.
    pub(crate) fn entries(&self) -> &[(String, Self)] {
        if let Self::Object(entries) = self { entries } else { &[] }
    }

    /// The items of the list called `name`.
    pub(crate) fn items(&self, name: &str) -> &[Self] {
        if let Some(Self::List(items)) = self.get(name) { items } else { &[] }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        if let Some(Self::Text(text)) = self.get(name) { Some(text) } else { None }
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        if let Some(Self::Number(number)) = self.get(name) { Some(*number) } else { None }
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Self::Boolean(true)))
    }
}

type Input<'a> = Peekable<Chars<'a>>;

fn next(input: &mut Input<'_>) -> Option<char> {
    while input.next_if(char::is_ascii_whitespace).is_some() {}
    input.next()
}

fn value(input: &mut Input<'_>) -> Result<Json, String> {
    match next(input) {
        Some('{') => object(input),
        Some('[') => list(input),
        Some('"') => Ok(Json::Text(string(input)?)),
        Some(first) => scalar(first, input),
        None => Err("the JSON ends too soon".into()),
    }
}

fn object(input: &mut Input<'_>) -> Result<Json, String> {
    let mut entries = Vec::new();
    loop {
        match next(input) {
            Some('}') if entries.is_empty() => break,
            Some('"') => {}
            other => return Err(format!("{other:?} where a name should be")),
        }
        let name = string(input)?;
        if next(input) != Some(':') {
            return Err(format!("no colon after {name:?}"));
        }
        entries.push((name, value(input)?));
        match next(input) {
            Some(',') => {}
            Some('}') => break,
            other => return Err(format!("{other:?} in an object")),
        }
    }
    Ok(Json::Object(entries))
}

fn list(input: &mut Input<'_>) -> Result<Json, String> {
    let mut items = Vec::new();
    while input.next_if(char::is_ascii_whitespace).is_some() {}
    if input.next_if_eq(&']').is_some() {
        return Ok(Json::List(items));
    }
    loop {
        items.push(value(input)?);
        match next(input) {
            Some(',') => {}
            Some(']') => return Ok(Json::List(items)),
            other => return Err(format!("{other:?} in a list")),
        }
    }
}

fn scalar(first: char, input: &mut Input<'_>) -> Result<Json, String> {
    let mut word = String::from(first);
    while let Some(c) = input.next_if(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c)) {
        word.push(c);
    }
    match word.as_str() {
        "null" => Ok(Json::Null),
        "true" => Ok(Json::Boolean(true)),
        "false" => Ok(Json::Boolean(false)),
        _ => word.parse().map(Json::Number).map_err(|_| format!("{word:?} is no JSON")),
    }
}

/// The rest of a string whose opening quote has been read.
fn string(input: &mut Input<'_>) -> Result<String, String> {
    let mut text = String::new();
    loop {
        match input.next().ok_or("a string without end")? {
            '"' => return Ok(text),
            '\\' => text.push(escape(input)?),
            c => text.push(c),
        }
    }
}

fn escape(input: &mut Input<'_>) -> Result<char, String> {
    Ok(match input.next() {
        Some(c @ ('"' | '\\' | '/')) => c,
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => {
            let mut unit = hex(input)?;
            if (0xd800..0xdc00).contains(&unit) && input.next() == Some('\\') {
                input.next(); // the `u` of the low surrogate
                unit = 0x10000 + ((unit - 0xd800) << 10) + (hex(input)? & 0x3ff);
            }
            char::from_u32(unit).ok_or("half a surrogate pair")?
        }
        other => return Err(format!("{other:?} after a backslash")),
    })
}

fn hex(input: &mut Input<'_>) -> Result<u32, String> {
    let digits: String = input.take(4).collect();
    u32::from_str_radix(&digits, 16).map_err(|_| format!("\\u{digits} is no character"))
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn objects_keep_their_order() {
        let json = Json::parse(r#" {"z":1, "a":[true, null, -0.5], "m":{}} "#).unwrap();
        let names: Vec<_> = json.entries().iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["z", "a", "m"]);
        assert_eq!(json.items("a"), [Json::Boolean(true), Json::Null, Json::Number(-0.5)]);
    }

    #[test]
    fn strings_unescape() {
        let json = Json::parse(r#"["\u00e9\ud83d\ude00\n\"\\"]"#).unwrap();
        assert_eq!(json, Json::List(vec![Json::Text("é😀\n\"\\".into())]));
    }

    #[test]
    fn broken_json_is_an_error() {
        for text in ["", "{", "[1", "[1,]", "{\"a\"}", "{\"a\":1,}", "\"\\x\"", "nul", "1 2"] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
    }
}
