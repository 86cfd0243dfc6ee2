//! JSON with places: AWS names the line and column of what is wrong in a pattern, counted by the
//! tokenizer that it uses (Jackson), so this reads as that does. For patterns only.

/// Objects and arrays inside each other, at most.
const DEPTH_MAX: usize = 100;

/// A value in a pattern.
#[derive(Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Where the tokenizer stands once it has begun with the value: behind the first character of
    /// a string, array or object, behind the whole of anything else.
    pub(crate) at: usize,
    /// Behind the value.
    pub(crate) end: usize,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Kind {
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    String(String),
    /// As written.
    Number(String),
    Boolean(bool),
    Null,
}

/// What is wrong, and where.
#[derive(Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) at: usize,
}

/// Reads the first value of a text.
pub(crate) fn parse(text: &str) -> Result<Node, Fault> {
    Reader { text, at: 0 }.value(0)
}

/// `line: 1, column: 8`, of a place in a text.
pub(crate) fn line_and_column(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line: {line}, column: {column}")
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// Takes `c` if it comes next.
    fn take(&mut self, c: char) -> bool {
        let there = self.peek() == Some(c);
        if there {
            self.at += c.len_utf8();
        }
        there
    }

    fn fault<T>(&self, message: impl Into<String>) -> Result<T, Fault> {
        Err(Fault { message: message.into(), at: self.at })
    }

    fn unexpected<T>(&self, expected: &str) -> Result<T, Fault> {
        match self.peek() {
            None => self.fault("Unexpected end-of-input"),
            Some(c) => self.fault(format!(
                "Unexpected character ('{c}' (code {})): was expecting {expected}",
                u32::from(c)
            )),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Fault> {
        self.space();
        if depth > DEPTH_MAX {
            return self.fault(format!("Document nesting depth exceeds {DEPTH_MAX}"));
        }
        let begun = self.at + 1;
        let kind = match self.peek() {
            None => return self.fault("No content to map due to end-of-input"),
            Some('{') => self.object(depth)?,
            Some('[') => self.array(depth)?,
            Some('"') => Kind::String(self.string()?),
            Some('-' | '0'..='9') => Kind::Number(self.number()?),
            Some(_) => self.word()?,
        };
        let begun = match kind {
            Kind::Object(_) | Kind::Array(_) | Kind::String(_) => begun,
            Kind::Number(_) | Kind::Boolean(_) | Kind::Null => self.at,
        };
        Ok(Node { kind, at: begun, end: self.at })
    }

    fn object(&mut self, depth: usize) -> Result<Kind, Fault> {
        self.at += 1;
        let mut members = Vec::new();
        self.space();
        if self.take('}') {
            return Ok(Kind::Object(members));
        }
        loop {
            self.space();
            if self.peek() != Some('"') {
                return self.unexpected("double-quote to start field name");
            }
            let name = self.string()?;
            self.space();
            if !self.take(':') {
                return self.unexpected("a colon to separate field name and value");
            }
            members.push((name, self.value(depth + 1)?));
            self.space();
            if self.take('}') {
                return Ok(Kind::Object(members));
            }
            if !self.take(',') {
                return self.unexpected("comma to separate Object entries");
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Kind, Fault> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.take(']') {
            return Ok(Kind::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(']') {
                return Ok(Kind::Array(items));
            }
            if !self.take(',') {
                return self.unexpected("comma to separate Array entries");
            }
        }
    }

    /// A string, from its opening quote on; escapes are serde's matter.
    fn string(&mut self) -> Result<String, Fault> {
        let mut escaped = false;
        let inside = self.rest().char_indices().skip(1).find(|(_, c)| {
            let closes = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            closes
        });
        let Some((quote, _)) = inside else {
            self.at = self.text.len();
            return self
                .fault("Unexpected end-of-input: was expecting closing quote for a string value");
        };
        let written = self.rest().get(..=quote).unwrap_or_default();
        match serde_json::from_str(written) {
            Ok(text) => {
                self.at += quote + 1;
                Ok(text)
            }
            Err(_) => self.fault("Unrecognized character escape in a string value"),
        }
    }

    fn number(&mut self) -> Result<String, Fault> {
        let end = |c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
        let rest = self.rest();
        let written = rest.get(..rest.find(end).unwrap_or(rest.len())).unwrap_or_default();
        if serde_json::from_str::<serde_json::Number>(written).is_err() {
            return self.fault(format!("Invalid numeric value: {written}"));
        }
        let written = written.to_owned();
        self.at += written.len();
        Ok(written)
    }

    fn word(&mut self) -> Result<Kind, Fault> {
        let rest = self.rest();
        let end = |c: char| !c.is_alphanumeric() && c != '_' && c != '$';
        let word = rest.get(..rest.find(end).unwrap_or(rest.len())).unwrap_or_default().to_owned();
        let expected = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
        if word.is_empty() {
            return self.unexpected(&format!("a valid value {expected}"));
        }
        self.at += word.len();
        match word.as_str() {
            "true" => Ok(Kind::Boolean(true)),
            "false" => Ok(Kind::Boolean(false)),
            "null" => Ok(Kind::Null),
            _ => self.fault(format!("Unrecognized token '{word}': was expecting {expected}")),
        }
    }
}
