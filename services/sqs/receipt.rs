//! Receipt handles: a queue, a message in it, and which of its receptions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_core::AwsError;

use crate::errors;
use crate::state::{MessageKey, QueueId};

/// AWS's handles begin with `AQEB`, which these three bytes are in base64.
const HEAD: [u8; 3] = [1, 1, 1];

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
