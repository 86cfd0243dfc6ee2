//! A request's body on its way from the connection to core's [`Body`]; and what is done with the
//! rest of a body that nobody wanted.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use cumulet_core::{AwsError, Body};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::timeout;

/// So much of an unwanted body is read, so that the connection stays good for the next request.
/// A longer one costs the connection.
const DRAIN_MAX: usize = 8 << 20;
/// And for no longer than this.
const DRAIN_TIME: Duration = Duration::from_secs(10);

/// A body as it comes from the connection. When dropped early, it leaves what was not read to its
/// [`Rest`].
struct Upload {
    incoming: Option<Incoming>,
    rest: Arc<Mutex<Option<Incoming>>>,
}

/// What is left of a body once its reader is done.
pub(crate) struct Rest(Option<Arc<Mutex<Option<Incoming>>>>);

/// Turns the connection's body into core's.
pub(crate) fn receive(incoming: Incoming) -> (Body, Rest) {
    if incoming.is_end_stream() {
        return (Body::empty(), Rest(None));
    }
    let rest = Arc::default();
    let upload = Upload { incoming: Some(incoming), rest: Arc::clone(&rest) };
    (Body::stream(upload), Rest(Some(rest)))
}

impl Rest {
    /// Reads what is left, within bounds; whether that was all.
    pub(crate) async fn drain(self) -> bool {
        let Some(rest) = self.0 else { return true };
        let taken = rest.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(incoming) = taken.filter(|incoming| !incoming.is_end_stream()) else {
            return true;
        };
        if incoming.size_hint().lower() > DRAIN_MAX as u64 {
            return false;
        }
        let (mut body, _) = receive(incoming);
        let all = timeout(DRAIN_TIME, async {
            let mut read = 0;
            while let Some(Ok(piece)) = body.next().await {
                read += piece.len();
                if read > DRAIN_MAX {
                    return false;
                }
            }
            true
        });
        all.await.unwrap_or(false)
    }
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = AwsError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AwsError>>> {
        let Some(incoming) = &mut self.incoming else { return Poll::Ready(None) };
        let frame = std::task::ready!(Pin::new(incoming).poll_frame(cx));
        Poll::Ready(frame.map(|frame| {
            frame.map_err(|error| {
                log::debug!("a request's body broke off: {error}");
                self.incoming = None;
                AwsError::new("IncompleteBody", 400, "The request body terminated unexpectedly")
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or_else(SizeHint::new, HttpBody::size_hint)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let left = self.incoming.take().filter(|incoming| !incoming.is_end_stream());
        if left.is_some() {
            *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = left;
        }
    }
}
