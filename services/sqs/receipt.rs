//! Receipt handles: a queue, a message in it, and which of its receptions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_core::{AwsError, Cx, Timestamp};

use crate::errors;
use crate::state::{Message, MessageKey, QueueId, Tables};

/// AWS's handles begin with `AQEB`, which these three bytes are in base64.
const HEAD: [u8; 3] = [1, 1, 1];

/// Bits of a reception's number that are chance.
const CHANCE: u32 = 20;

/// The number of a reception at `now`: the time, then chance.
pub(crate) fn reception(cx: &Cx, now: Timestamp) -> u64 {
    let chance = u64::from(u32::from_be_bytes(cx.ids().bytes())) & ((1 << CHANCE) - 1);
    (u64::try_from(now.millis()).unwrap_or(0) << CHANCE) | chance
}

/// When a reception was.
pub(crate) fn received_at(reception: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(reception >> CHANCE).unwrap_or(0))
}

/// A receipt handle's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) key: MessageKey,
    pub(crate) message: [u8; 16],
    /// Which reception: the message keeps the latest.
    pub(crate) reception: u64,
}

impl Receipt {
    /// The text for callers.
    pub(crate) fn handle(&self) -> String {
        let mut bytes = Vec::with_capacity(43);
        bytes.extend_from_slice(&HEAD);
        bytes.extend_from_slice(&self.key.0.to_be_bytes());
        bytes.extend_from_slice(&self.key.1.to_be_bytes());
        bytes.extend_from_slice(&self.message);
        bytes.extend_from_slice(&self.reception.to_be_bytes());
        STANDARD.encode(bytes)
    }

    /// Reads a handle that must be of this queue.
    pub(crate) fn parse(queue: QueueId, handle: Option<&str>) -> Result<Self, AwsError> {
        let handle = handle.ok_or_else(|| errors::missing("ReceiptHandle"))?;
        Self::decode(handle)
            .filter(|receipt| receipt.key.0 == queue)
            .ok_or_else(|| errors::receipt_handle(handle))
    }

    /// The message, if it is still there.
    pub(crate) fn find<'a>(&self, tx: &'a Tables) -> Option<&'a Message> {
        tx.messages.get(&self.key).filter(|message| message.contents.id == self.message)
    }

    /// Whether its message has shown again, or was received again, since.
    pub(crate) fn is_over(&self, message: &Message, now: Timestamp) -> bool {
        message.reception != self.reception || message.visible <= now
    }

    fn decode(handle: &str) -> Option<Self> {
        let bytes = STANDARD.decode(handle).ok()?;
        let rest = bytes.strip_prefix(&HEAD)?;
        let (queue, rest) = rest.split_first_chunk()?;
        let (seq, rest) = rest.split_first_chunk()?;
        let (message, rest) = rest.split_first_chunk()?;
        let key = (u64::from_be_bytes(*queue), u64::from_be_bytes(*seq));
        Some(Self { key, message: *message, reception: u64::from_be_bytes(rest.try_into().ok()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_bound_to_its_queue() {
        let receipt = Receipt { key: (7, 1), message: [9; 16], reception: 3 };
        let handle = receipt.handle();
        assert!(handle.starts_with("AQEB"));
        assert_eq!(Receipt::parse(7, Some(&handle)).unwrap(), receipt);
        assert_eq!(Receipt::parse(8, Some(&handle)).unwrap_err().code(), "ReceiptHandleIsInvalid");
        assert_eq!(Receipt::parse(7, Some("junk")).unwrap_err().code(), "ReceiptHandleIsInvalid");
    }
}
