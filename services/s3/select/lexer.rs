//! Cuts an expression into tokens, each with its place, and says how errors name them.

use cumulet_core::AwsError;

use super::errors::{self, Wording, error};
use super::moment::Moment;
use super::value::{Number, Value};

/// Line and column, from 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    line: u32,
    column: u32,
}

impl Place {
    pub(super) fn text(self) -> String {
        ["line ", &self.line.to_string(), ", column ", &self.column.to_string()].concat()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Quoted,
    /// In small letters.
    Keyword,
    Literal,
    Operator,
    /// One of `( ) [ ] , . ;` and the `*`, whatever it means.
    Sign,
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// A literal's.
    pub(super) value: Value,
    pub(super) place: Place,
}

impl Token {
    pub(super) fn name(&self) -> &'static str {
        match (self.kind, self.text.as_str()) {
            (Kind::Name, _) => "IDENTIFIER",
            (Kind::Quoted, _) => "QUOTED_IDENTIFIER",
            (Kind::Keyword, _) => "KEYWORD",
            (Kind::Literal, _) => "LITERAL",
            (Kind::Operator, _) => "OPERATOR",
            (Kind::End, _) => "EOF",
            (_, "(") => "LEFT_PAREN",
            (_, ")") => "RIGHT_PAREN",
            (_, "[") => "LEFT_BRACKET",
            (_, "]") => "RIGHT_BRACKET",
            (_, ",") => "COMMA",
            (_, ".") => "DOT",
            (_, ";") => "SEMICOLON",
            _ => "STAR",
        }
    }

    /// As AWS's answers name what they found: `LITERAL:5d-1 at line 1, column 33`.
    pub(super) fn found(&self) -> String {
        let (quote, text) = match (self.kind, &self.value) {
            (Kind::Name | Kind::Keyword, _) => ("", self.text.clone()),
            (Kind::Quoted | Kind::Operator | Kind::Sign, _) => ("'", self.text.clone()),
            (Kind::End, _) => ("", "EOF".to_owned()),
            (_, Value::Text(text)) => ("\"", text.clone()),
            (_, Value::Number(Number::Decimal(n, scale))) => {
                ("", [&Number::Decimal(*n, 0).text(), "d-", &scale.to_string()].concat())
            }
            (_, value) => ("", value.text()),
        };
        [self.name(), ":", quote, &text, quote, " at ", &self.place.text()].concat()
    }
}

/// All tokens of an expression; the last is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, AwsError> {
    let mut lexer = Lexer { rest: text, place: Place { line: 1, column: 1 } };
    let mut all = Vec::new();
    loop {
        lexer.skip_blank();
        let place = lexer.place;
        let mut token =
            Token { kind: Kind::End, text: String::new(), value: Value::Missing, place };
        lexer.read(&mut token)?;
        let ends = token.kind == Kind::End;
        all.push(token);
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

    fn take_while(&mut self, good: fn(char) -> bool) -> &'a str {
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

    fn read(&mut self, token: &mut Token) -> Result<(), AwsError> {
        let mut chars = self.rest.chars();
        let Some(first) = chars.next() else { return Ok(()) };
        let number = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let (kind, text) = match first {
            '\'' | '"' | '`' => (Kind::Quoted, self.quoted(first)?),
            _ if number(Some(first)) || first == '.' && number(chars.next()) => {
                (Kind::Literal, self.number())
            }
            '(' | ')' | '[' | ']' | ',' | '*' | '.' | ';' => (Kind::Sign, self.take(1).to_owned()),
            c if c.is_alphabetic() || c == '_' || c == '$' => {
                let word = self.take_while(|c| c.is_alphanumeric() || c == '_' || c == '$');
                (Kind::Name, word.to_owned())
            }
            _ => (Kind::Operator, self.operator(first, token.place)?.to_owned()),
        };
        (token.kind, token.text) = (kind, text);
        match (kind, first) {
            (Kind::Quoted, '\'') => token.value = Value::Text(std::mem::take(&mut token.text)),
            (Kind::Quoted, '`') => {
                let ion = ion(token.text.trim());
                token.value = ion.ok_or_else(|| at(errors::INVALID_ION_LITERAL, token))?;
            }
            (Kind::Literal, _) => {
                let number = Number::parse(&token.text).map(Value::Number);
                token.value = number.ok_or_else(|| at(errors::INVALID_LITERAL, token))?;
            }
            (Kind::Name, _) => word(token),
            _ => return Ok(()),
        }
        if matches!(first, '\'' | '`') {
            token.kind = Kind::Literal;
        }
        Ok(())
    }

    /// A doubled quote is one of the text.
    fn quoted(&mut self, quote: char) -> Result<String, AwsError> {
        let place = self.place;
        let mut text = String::new();
        loop {
            self.take(1);
            let Some(end) = self.rest.find(quote) else {
                text.push_str(self.rest);
                return Err(error(
                    errors::INVALID_LITERAL,
                    &[&text, " at ", &place.text()].concat(),
                ));
            };
            text.push_str(self.take(end));
            self.take(1);
            if !self.rest.starts_with(quote) {
                return Ok(text);
            }
            text.push(quote);
        }
    }

    fn number(&mut self) -> String {
        let mut before = ' ';
        let end = self.rest.find(|c: char| {
            let in_exponent = matches!(before, 'e' | 'E') && matches!(c, '+' | '-');
            before = c;
            !(c.is_ascii_alphanumeric() || c == '.' || in_exponent)
        });
        self.take(end.unwrap_or(self.rest.len())).to_owned()
    }

    fn operator(&mut self, first: char, place: Place) -> Result<&'a str, AwsError> {
        const OPERATORS: [&str; 12] =
            ["<=", ">=", "<>", "!=", "||", "=", "<", ">", "+", "-", "/", "%"];
        if let Some(found) = OPERATORS.iter().find(|op| self.rest.starts_with(**op)) {
            return Ok(self.take(found.len()));
        }
        let wrong = matches!(first, '!' | '|');
        let wording = if wrong { errors::INVALID_OPERATOR } else { errors::INVALID_CHAR };
        let first = self.take(first.len_utf8());
        Err(error(wording, &["'", first, "' at ", &place.text()].concat()))
    }
}

fn at(wording: Wording, token: &Token) -> AwsError {
    error(wording, &[&token.text, " at ", &token.place.text()].concat())
}

/// A keyword, a literal that is a word, or a name.
fn word(token: &mut Token) {
    let small = token.text.to_ascii_lowercase();
    token.kind = Kind::Literal;
    token.value = match small.as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        "missing" => Value::Missing,
        keyword if is_among(KEYWORDS, keyword) => {
            (token.kind, token.text) = (Kind::Keyword, small);
            return;
        }
        _ => {
            token.kind = Kind::Name;
            return;
        }
    };
}

/// A literal of Ion, as the documentation writes timestamps.
fn ion(text: &str) -> Option<Value> {
    let string = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    match text {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "null" => Some(Value::Null),
        _ => string
            .map(|text| Value::Text(text.to_owned()))
            .or_else(|| Number::parse(text).map(Value::Number))
            .or_else(|| Moment::parse(text).map(Value::Moment)),
    }
}

/// Is this one of the words?
pub(super) fn is_among(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|one| one == word)
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
