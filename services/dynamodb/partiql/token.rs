//! `PartiQL` as tokens, each with its place, because some of AWS's messages tell it.

use std::fmt;

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword or a name.
    Word(String),
    /// `"name"`.
    Quoted(String),
    /// `'text'`.
    Text(String),
    Number(String),
    /// `?`.
    Parameter,
    Symbol(&'static str),
    End,
}

/// Where a token is: line and column from 1, and length in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct At {
    line: usize,
    column: usize,
    length: usize,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.line, self.column, self.length)
    }
}

/// Longer symbols come before those that they begin with.
const SYMBOLS: [&str; 23] = [
    "<<", ">>", "<>", "<=", ">=", "!=", "||", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",",
    ":", ".", "*", "+", "-", ";",
];

/// The tokens of a statement; `None` where something is no token at all.
pub(super) fn tokens(text: &str) -> Option<Vec<(Token, At)>> {
    let mut out = Vec::new();
    let mut rest = text;
    let (mut line, mut column) = (1, 1);
    while let Some(first) = rest.chars().next() {
        let (token, length) = next(rest, first)?;
        let (text, after) = rest.split_at_checked(length)?;
        let characters = text.chars().count();
        if let Some(token) = token {
            out.push((token, At { line, column, length: characters }));
        }
        match text.rsplit_once('\n') {
            Some((before, last)) => {
                line += 1 + before.matches('\n').count();
                column = last.chars().count() + 1;
            }
            None => column += characters,
        }
        rest = after;
    }
    Some(out)
}

/// A token and its length in bytes; no token for blanks and comments.
fn next(rest: &str, first: char) -> Option<(Option<Token>, usize)> {
    if first.is_whitespace() {
        return Some((None, first.len_utf8()));
    }
    if rest.starts_with("--") {
        return Some((None, rest.find('\n').unwrap_or(rest.len())));
    }
    if let Some(comment) = rest.strip_prefix("/*") {
        return Some((None, comment.find("*/")? + 4));
    }
    let count = |wanted: fn(char) -> bool| {
        rest.char_indices().find(|(_, c)| !wanted(*c)).map_or(rest.len(), |(at, _)| at)
    };
    match first {
        '\'' => quoted(rest, '\'').map(|(text, length)| (Some(Token::Text(text)), length)),
        '"' => quoted(rest, '"').map(|(text, length)| (Some(Token::Quoted(text)), length)),
        '?' => Some((Some(Token::Parameter), 1)),
        'a'..='z' | 'A'..='Z' | '_' | '$' => {
            let length = count(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
            Some((Some(Token::Word(rest.get(..length)?.to_owned())), length))
        }
        '0'..='9' => Some(number(rest)),
        '.' if rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit) => Some(number(rest)),
        _ => {
            let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol))?;
            Some((Some(Token::Symbol(symbol)), symbol.len()))
        }
    }
}

/// Up to the closing mark; two of them are one inside.
fn quoted(rest: &str, mark: char) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != mark {
            out.push(c);
        } else if chars.next_if(|(_, next)| *next == mark).is_some() {
            out.push(mark);
        } else {
            return Some((out, at + 1));
        }
    }
    None
}

fn number(rest: &str) -> (Option<Token>, usize) {
    let bytes = rest.as_bytes();
    let digits = |from: usize| {
        from + bytes
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let after = digits(end + 1 + sign);
        if after > end + 1 + sign {
            end = after;
        }
    }
    (Some(Token::Number(rest.get(..end).unwrap_or(rest).to_owned())), end)
}
