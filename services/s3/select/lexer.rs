//! Cuts an expression into tokens, each with its place, and says how errors name them.

use std::fmt;

use cumulet_core::AwsError;

use super::errors;
use super::moment::Moment;
use super::value::{Number, Value};

/// Line and column, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    line: u32,
    column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Name(String),
    Quoted(String),
    /// In small letters.
    Keyword(String),
    Literal(Value),
    Operator(&'static str),
    /// One of `( ) [ ] , .` and the `*`, whatever it means.
    Sign(char),
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) place: Place,
}

impl Kind {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Name(_) => "IDENTIFIER",
            Self::Quoted(_) => "QUOTED_IDENTIFIER",
            Self::Keyword(_) => "KEYWORD",
            Self::Literal(_) => "LITERAL",
            Self::Operator(_) => "OPERATOR",
            Self::Sign('(') => "LEFT_PAREN",
            Self::Sign(')') => "RIGHT_PAREN",
            Self::Sign('[') => "LEFT_BRACKET",
            Self::Sign(']') => "RIGHT_BRACKET",
            Self::Sign(',') => "COMMA",
            Self::Sign('.') => "DOT",
            Self::Sign(_) => "STAR",
            Self::End => "EOF",
        }
    }
}

/// As AWS's answers name what they found: `LITERAL:5d-1 at line 1, column 33`.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.kind.name())?;
        match &self.kind {
            Kind::Name(text) | Kind::Keyword(text) => f.write_str(text)?,
            Kind::Quoted(text) => write!(f, "'{text}'")?,
            Kind::Operator(text) => write!(f, "'{text}'")?,
            Kind::Sign(sign) => write!(f, "'{sign}'")?,
            Kind::Literal(Value::Text(text)) => write!(f, "\"{text}\"")?,
            Kind::Literal(Value::Number(Number::Decimal(n, scale))) => write!(f, "{n}d-{scale}")?,
            Kind::Literal(value) => write!(f, "{value}")?,
            Kind::End => f.write_str("EOF")?,
        }
        write!(f, " at {}", self.place)
    }
}

/// All tokens of an expression; the last is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, AwsError> {
    let mut lexer = Lexer { rest: text, place: Place { line: 1, column: 1 } };
    let mut all = Vec::new();
    loop {
        lexer.skip_blank();
        let place = lexer.place;
        let kind = lexer.token()?;
        let ends = kind == Kind::End;
        all.push(Token { kind, place });
        if ends {
            return Ok(all);
        }
    }
}

struct Lexer<'a> {
    rest: &'a str,
    place: Place,
}

impl<'a> Lexer<'a> {
    /// Takes `bytes` of the text, which end a character.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        for c in taken.chars() {
            if c == '\n' {
                self.place = Place { line: self.place.line + 1, column: 1 };
            } else {
                self.place.column += 1;
            }
        }
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, good: impl Fn(char) -> bool) -> &'a str {
        self.take(self.rest.find(|c| !good(c)).unwrap_or(self.rest.len()))
    }

    /// Blanks and comments.
    fn skip_blank(&mut self) {
        loop {
            self.take_while(char::is_whitespace);
            if self.rest.starts_with("--") {
                self.take_while(|c| c != '\n');
            } else if self.rest.starts_with("/*") {
                self.take(self.rest.find("*/").map_or(self.rest.len(), |at| at + 2));
            } else {
                return;
            }
        }
    }

    fn token(&mut self) -> Result<Kind, AwsError> {
        let Some(first) = self.rest.chars().next() else { return Ok(Kind::End) };
        match first {
            '\'' => self.quoted('\'').map(|text| Kind::Literal(Value::Text(text))),
            '"' => self.quoted('"').map(Kind::Quoted),
            '`' => self.ion(),
            '(' | ')' | '[' | ']' | ',' | '*' => {
                self.take(1);
                Ok(Kind::Sign(first))
            }
            '0'..='9' => self.number(),
            '.' if self
                .rest
                .get(1..)
                .is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit())) =>
            {
                self.number()
            }
            '.' => {
                self.take(1);
                Ok(Kind::Sign('.'))
            }
            c if c.is_alphabetic() || c == '_' || c == '$' => Ok(self.word()),
            _ => self.operator(first),
        }
    }

    fn word(&mut self) -> Kind {
        let word = self.take_while(|c| c.is_alphanumeric() || c == '_' || c == '$');
        let small = word.to_ascii_lowercase();
        match small.as_str() {
            "true" => Kind::Literal(Value::Bool(true)),
            "false" => Kind::Literal(Value::Bool(false)),
            "null" => Kind::Literal(Value::Null),
            "missing" => Kind::Literal(Value::Missing),
            keyword if is_keyword(keyword) => Kind::Keyword(small),
            _ => Kind::Name(word.to_owned()),
        }
    }

    /// A doubled quote is one of the text.
    fn quoted(&mut self, quote: char) -> Result<String, AwsError> {
        let place = self.place;
        self.take(1);
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|c| c != quote));
            if self.rest.is_empty() {
                return Err(errors::invalid_literal(format!("{text} at {place}")));
            }
            self.take(1);
            if !self.rest.starts_with(quote) {
                return Ok(text);
            }
            text.push(quote);
            self.take(1);
        }
    }

    fn number(&mut self) -> Result<Kind, AwsError> {
        let place = self.place;
        let bytes = self.rest.as_bytes();
        let mut end = 0;
        while let Some(&b) = bytes.get(end) {
            let in_exponent = end > 0 && matches!(bytes.get(end - 1), Some(b'e' | b'E'));
            if b.is_ascii_alphanumeric() || b == b'.' || in_exponent && matches!(b, b'+' | b'-') {
                end += 1;
            } else {
                break;
            }
        }
        let text = self.take(end);
        let number = Number::parse(text).map(|n| Kind::Literal(Value::Number(n)));
        number.ok_or_else(|| errors::invalid_literal(format!("{text} at {place}")))
    }

    /// A literal of Ion, as the documentation writes timestamps.
    fn ion(&mut self) -> Result<Kind, AwsError> {
        let place = self.place;
        let text = self.quoted('`')?;
        let text = text.trim();
        let string = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
        let value = match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "null" => Some(Value::Null),
            _ => string
                .map(|text| Value::Text(text.to_owned()))
                .or_else(|| Number::parse(text).map(Value::Number))
                .or_else(|| Moment::parse(text).map(Value::Moment)),
        };
        value
            .map(Kind::Literal)
            .ok_or_else(|| errors::invalid_ion_literal(format!("{text} at {place}")))
    }

    fn operator(&mut self, first: char) -> Result<Kind, AwsError> {
        const OPERATORS: [&str; 12] =
            ["<=", ">=", "<>", "!=", "||", "=", "<", ">", "+", "-", "/", "%"];
        if let Some(found) = OPERATORS.iter().find(|op| self.rest.starts_with(**op)) {
            self.take(found.len());
            return Ok(Kind::Operator(found));
        }
        let place = self.place;
        if matches!(first, '!' | '|') {
            return Err(errors::invalid_operator(format!("'{first}' at {place}")));
        }
        Err(errors::invalid_char(format!("'{first}' at {place}")))
    }
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS.split_ascii_whitespace().any(|keyword| keyword == word)
}

/// The reserved words of the SQL reference, without the four that are literals.
const KEYWORDS: &str = "absolute action add all allocate alter and any are as asc assertion at \
    authorization avg bag begin between bit bit_length blob bool boolean both by cascade cascaded \
    case cast catalog char char_length character character_length check clob close coalesce \
    collate collation column commit connect connection constraint constraints continue convert \
    corresponding count create cross current current_date current_time current_timestamp \
    current_user cursor date day deallocate dec decimal declare default deferrable deferred delete \
    desc describe descriptor diagnostics disconnect distinct domain double drop else end end-exec \
    escape except exception exec execute exists external extract fetch first float for foreign \
    found from full get global go goto grant group having hour identity immediate in indicator \
    initially inner input insensitive insert int integer intersect interval into is isolation join \
    key language last leading left level like limit list local lower match max min minute module \
    month names national natural nchar next no not nullif numeric octet_length of on only open \
    option or order outer output overlaps pad partial pivot position precision prepare preserve \
    primary prior privileges procedure public read real references relative restrict revoke right \
    rollback rows schema scroll second section select session session_user set sexp size smallint \
    some space sql sqlcode sqlerror sqlstate string struct substring sum symbol system_user table \
    temporary then time timestamp timezone_hour timezone_minute to trailing transaction translate \
    translation trim tuple union unique unknown unpivot update upper usage user using value values \
    varchar varying view when whenever where with work write year zone";
