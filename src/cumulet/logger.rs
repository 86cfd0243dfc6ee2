//! Log lines on standard error: time, level, text. Text from outside cannot reach the terminal's
//! controls or fake a second line.

use std::fmt::Write as _;
use std::io::Write as _;

use cumulet_core::time::real_now;
use log::{LevelFilter, Log, Metadata, Record};

struct Stderr;

/// Makes `log`'s macros write lines down to this level.
pub(crate) fn start(level: LevelFilter) {
    static STDERR: Stderr = Stderr;
    // A second start in one process (tests) only sets the level.
    let _ = log::set_logger(&STDERR);
    log::set_max_level(level);
}

impl Log for Stderr {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut line = format!("{} {:5} ", real_now().iso8601_millis(), record.level());
        push_plain(&mut line, &record.args().to_string());
        line.push('\n');
        // Nobody is left to tell when standard error is gone.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }

    fn flush(&self) {}
}

fn push_plain(line: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_control() {
            let _ = write!(line, "{}", c.escape_default());
        } else {
            line.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        let mut line = String::new();
        push_plain(&mut line, "grün\n\u{1b}[31m\u{9b}");
        assert_eq!(line, "grün\\n\\u{1b}[31m\\u{9b}");
    }
}
