//! The outbox: what left for phones, devices, mailboxes and services that are not here. Nobody is
//! there to take it; `/_aws/sns/…` shows it.

use std::sync::Arc;

use cumulet_core::{AwsError, Cx};

use crate::Sns;
use crate::message::Message;
use crate::state::{Sent, Subscription};

/// Keeps what goes to a subscription, in the caller's scope.
pub(crate) fn put(
    sns: &Sns,
    cx: &Cx,
    protocol: &str,
    subscription: &Subscription,
    body: String,
    message: Option<Arc<Message>>,
) {
    keep(
        sns,
        cx,
        Sent {
            protocol: protocol.to_owned(),
            endpoint: subscription.endpoint.clone(),
            subscription: Some(subscription.arn.clone()),
            body,
            message,
        },
    );
}

/// Keeps something that leaves.
pub(crate) fn keep(sns: &Sns, cx: &Cx, sent: Sent) {
    let kept: Result<(), AwsError> = sns.store.write_here(cx, |tx| {
        tx.send(sent);
        Ok(())
    });
    if let Err(error) = kept {
        log::error!("sns: {error}");
    }
}
