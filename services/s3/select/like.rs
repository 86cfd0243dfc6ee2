//! LIKE: no pattern costs more than its length for each character.

use cumulet_core::AwsError;

use super::errors::{LIKE_INVALID_ESCAPE, LIKE_INVALID_INPUTS, error};
use super::value::Value;

/// Characters between two `%` that may have a `_` among them: such a piece is tried at every place.
const PIECE_MAX: usize = 1024;

/// A character, or `_`.
type Piece = Vec<Option<char>>;

pub(super) fn like(
    value: &Value,
    pattern: &Value,
    escape: Option<&Value>,
) -> Result<bool, AwsError> {
    let escape = match escape {
        None => None,
        Some(Value::Text(text)) if text.chars().count() == 1 => text.chars().next(),
        Some(Value::Text(_)) => return Err(error(LIKE_INVALID_ESCAPE, "")),
        Some(_) => return Err(error(LIKE_INVALID_INPUTS, "")),
    };
    let (Value::Text(text), Value::Text(pattern)) = (value, pattern) else {
        return Err(error(LIKE_INVALID_INPUTS, ""));
    };
    let mut pieces = pieces(pattern, escape)?.into_iter();
    let (Some(first), last) = (pieces.next(), pieces.next_back()) else { return Ok(false) };
    let Some(mut rest) = strip(text, &first) else { return Ok(false) };
    let Some(last) = last else { return Ok(rest.is_empty()) };
    for piece in pieces {
        match find(rest, &piece) {
            Some(after) => rest = after,
            None => return Ok(false),
        }
    }
    let excess = rest.chars().count().checked_sub(last.len());
    let tail = excess
        .map(|n| rest.char_indices().nth(n).map_or("", |(at, _)| rest.get(at..).unwrap_or("")));
    Ok(tail.is_some_and(|tail| strip(tail, &last) == Some("")))
}

/// The pattern, cut at its `%`.
fn pieces(pattern: &str, escape: Option<char>) -> Result<Vec<Piece>, AwsError> {
    let mut pieces = Vec::new();
    let mut piece = Piece::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            _ if Some(c) == escape => {
                let literal = chars.next().filter(|l| matches!(l, '%' | '_') || Some(*l) == escape);
                piece.push(Some(literal.ok_or_else(|| error(LIKE_INVALID_ESCAPE, ""))?));
            }
            '%' => pieces.push(std::mem::take(&mut piece)),
            '_' => piece.push(None),
            c => piece.push(Some(c)),
        }
    }
    pieces.push(piece);
    if pieces.iter().any(|p| p.len() > PIECE_MAX && p.contains(&None)) {
        return Err(error(LIKE_INVALID_INPUTS, ""));
    }
    Ok(pieces)
}

/// What is behind a piece that `text` begins with.
fn strip<'a>(text: &'a str, piece: &Piece) -> Option<&'a str> {
    let mut chars = text.chars();
    for wanted in piece {
        let c = chars.next()?;
        if wanted.is_some_and(|wanted| wanted != c) {
            return None;
        }
    }
    Some(chars.as_str())
}

/// What is behind the first place where a piece stands.
fn find<'a>(text: &'a str, piece: &Piece) -> Option<&'a str> {
    if let Some(literal) = piece.iter().copied().collect::<Option<String>>() {
        return text.get(text.find(&literal)? + literal.len()..);
    }
    text.char_indices().find_map(|(at, _)| strip(text.get(at..)?, piece))
}
