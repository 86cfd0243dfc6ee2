//! Encoded authorization messages: why a call was refused, in a form that STS's
//! `DecodeAuthorizationMessage` alone makes readable again. They hide nothing here; only what was
//! encoded here is decoded.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Begins every message, so that other base64 is none.
const MARK: &str = "cumulet/1\n";

/// The encoded form of a message, which is a JSON document.
pub fn encode(message: &str) -> String {
    URL_SAFE_NO_PAD.encode([MARK, message].concat())
}

/// The message, if it was encoded by [`encode`].
pub fn decode(encoded: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()?;
    text.strip_prefix(MARK).map(str::to_owned)
}
