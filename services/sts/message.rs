//! `DecodeAuthorizationMessage`.

use cumulet_core::{AwsError, Cx, authorization_message};

use crate::api::{DecodeAuthorizationMessageResponse, input, output};
use crate::{Sts, errors};

pub(crate) fn decode_authorization_message(
    _: &Sts,
    _: &Cx,
    input: input::DecodeAuthorizationMessage,
) -> Result<output::DecodeAuthorizationMessage, AwsError> {
    let encoded = input.encoded_message.unwrap_or_default();
    let message = authorization_message::decode(&encoded).ok_or_else(errors::invalid_message)?;
    Ok(DecodeAuthorizationMessageResponse { decoded_message: Some(message) })
}
