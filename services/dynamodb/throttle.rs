//! Requests that are refused by chance, as LocalStack's `DYNAMODB_ERROR_PROBABILITY` and its like ask
//! for. Nothing else is ever refused for its number.

use cumulet_core::{AwsError, Cx};
use cumulet_store::Settings;

use crate::{DynamoDb, errors};

/// How often to refuse, from never (0) to always (1).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Throttle {
    read: f64,
    write: f64,
}

/// What a request does to items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Throttle {
    pub(crate) fn read(settings: &Settings) -> Self {
        let chance = |name| settings.get(name).and_then(|v| v.parse::<f64>().ok()).unwrap_or(0.0);
        let both = chance("DYNAMODB_ERROR_PROBABILITY");
        Self {
            read: both.max(chance("DYNAMODB_READ_ERROR_PROBABILITY")),
            write: both.max(chance("DYNAMODB_WRITE_ERROR_PROBABILITY")),
        }
    }
}

impl DynamoDb {
    /// Refuses what chance will have refused.
    pub(crate) fn admit(&self, cx: &Cx, access: Access) -> Result<(), AwsError> {
        let chance = match access {
            Access::Read => self.throttle.read,
            Access::Write => self.throttle.write,
        };
        if chance <= 0.0 {
            return Ok(());
        }
        let drawn = f64::from(u32::from_be_bytes(cx.ids().bytes())) / f64::from(u32::MAX);
        if drawn < chance || chance >= 1.0 { Err(errors::throughput_exceeded()) } else { Ok(()) }
    }
}
