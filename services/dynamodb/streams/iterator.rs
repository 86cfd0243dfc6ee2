//! Shard iterators: the stream's ARN, a version, and a place that only this file can read.

use std::time::Duration;

use cumulet_core::{AwsError, Cx, Timestamp, paging};

use super::errors;

/// How long an iterator can be used.
const LIFE: Duration = Duration::from_mins(15);

/// Where a reader is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Iterator {
    pub(super) stream: String,
    /// The time that names the shard.
    pub(super) shard: Timestamp,
    /// The first number to read; none is the oldest that is left.
    pub(super) from: Option<u64>,
    pub(super) issued: Timestamp,
}

impl Iterator {
    pub(super) fn text(&self) -> String {
        let from = self.from.map_or_else(|| "-".to_owned(), |from| from.to_string());
        let place = format!("{},{from},{}", self.shard.millis(), self.issued.millis());
        format!("{}|1|{}", self.stream, paging::token(&place))
    }

    pub(super) fn parse(text: &str, now: Timestamp) -> Result<Self, AwsError> {
        let read = || {
            let mut parts = text.split('|');
            let (stream, version, token) = (parts.next()?, parts.next()?, parts.next()?);
            let place = paging::position(token).filter(|_| version == "1")?;
            let mut fields = place.split(',');
            let time = |field: Option<&str>| field?.parse().ok().map(Timestamp::from_millis);
            let shard = time(fields.next())?;
            let from = match fields.next()? {
                "-" => None,
                number => Some(number.parse().ok()?),
            };
            Some(Self { stream: stream.to_owned(), shard, from, issued: time(fields.next())? })
        };
        let iterator = read().ok_or_else(|| errors::invalid("ShardIterator"))?;
        if now.since(iterator.issued) > LIFE { Err(errors::expired()) } else { Ok(iterator) }
    }
}

/// The stream of an iterator.
pub(super) fn arn_of_iterator(_: &Cx, values: &[String]) -> String {
    values.first().and_then(|text| text.split('|').next()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iterator_is_read_back_from_its_text() {
        let at = Timestamp::from_millis(1_795_305_600_123);
        for from in [None, Some(17)] {
            let stream = "arn:aws:dynamodb:eu-west-1:000000000000:table/t/stream/l".to_owned();
            let iterator = Iterator { stream, shard: at, from, issued: at };
            assert_eq!(Iterator::parse(&iterator.text(), at).unwrap(), iterator);
        }
        for broken in ["", "a|b", "a|1|x", "a|2|MSwtLDE", "a|1|MSwtLA"] {
            assert_eq!(Iterator::parse(broken, at).unwrap_err().code(), "ValidationException");
        }
    }
}
