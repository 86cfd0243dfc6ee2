//! The patterns of `TO_STRING`.

use cumulet_core::AwsError;

use super::errors::{self, error};
use super::moment::Moment;

const MONTHS: &str =
    "January February March April May June July August September October November December";

/// A timestamp by a pattern: runs of one letter, and text in single quotes.
pub(super) fn format(moment: &Moment, pattern: &str) -> Result<String, AwsError> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        let run = rest.find(|c| c != letter).unwrap_or(rest.len());
        let (symbol, after) = rest.split_at_checked(run).unwrap_or((rest, ""));
        rest = after;
        if letter == '\'' {
            // An even run is quotes; the last of an odd one opens a text.
            out.push_str(symbol.get(..run / 2).unwrap_or(""));
            if run % 2 == 1 {
                let Some((text, after)) = rest.split_once('\'') else {
                    return Err(error(errors::UNTERMINATED_TIMESTAMP_TEXT, pattern));
                };
                out.push_str(text);
                rest = after;
            }
        } else if !letter.is_ascii_alphabetic() {
            out.push_str(symbol);
        } else if push(&mut out, moment, letter, run).is_none() {
            let known = "yMdahHmsSnXx".contains(letter);
            let wording = if known {
                errors::INVALID_TIMESTAMP_PATTERN
            } else {
                errors::INVALID_TIMESTAMP_SYMBOL
            };
            return Err(error(wording, pattern));
        }
    }
    Ok(out)
}

/// One symbol, `run` letters long; `None` if there is no such.
fn push(out: &mut String, moment: &Moment, letter: char, run: usize) -> Option<()> {
    let c = &moment.local;
    let (number, longest) = match letter {
        'y' if run == 2 => (c.year % 100, 2),
        'y' => (c.year, 4),
        'M' if run > 2 => {
            let name = MONTHS.split(' ').nth(usize::try_from(c.month - 1).ok()?)?;
            out.push_str(match run {
                3 => name.get(..3)?,
                4 => name,
                5 => name.get(..1)?,
                _ => return None,
            });
            return Some(());
        }
        'M' => (c.month, 2),
        'd' => (c.day, 2),
        'h' => ((c.hour + 11) % 12 + 1, 2),
        'H' => (c.hour, 2),
        'm' => (c.minute, 2),
        's' => (c.second, 2),
        'n' => (c.milli * 1_000_000, 1),
        'a' if run == 1 => {
            out.push_str(if c.hour < 12 { "AM" } else { "PM" });
            return Some(());
        }
        'S' if run <= 9 => {
            let mut digits = String::new();
            push_number(&mut digits, c.milli * 1_000_000, 9);
            out.push_str(digits.get(..run)?);
            return Some(());
        }
        'X' | 'x' if run <= 5 => {
            let minutes = run > 1 || moment.offset.is_some_and(|offset| offset % 60 != 0);
            let colon = if matches!(run, 3 | 5) { ":" } else { "" };
            out.push_str(&moment.zone(letter == 'X', minutes, colon));
            return Some(());
        }
        _ => return None,
    };
    push_number(out, number, if letter == 'y' && run == 3 { 1 } else { run });
    (run <= longest).then_some(())
}

/// A number with zeros before it, as many digits as are asked for or more.
pub(super) fn push_number(out: &mut String, number: i64, width: usize) {
    let digits = number.to_string();
    out.extend(std::iter::repeat_n('0', width.saturating_sub(digits.len())));
    out.push_str(&digits);
}
