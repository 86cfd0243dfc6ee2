//! The stream beside a message's members: a request's or an answer's body, of bytes or of events.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::codec::Encode;
use crate::error::AwsError;
use crate::world::BoxFuture;

type Stream = Pin<Box<dyn HttpBody<Data = Bytes, Error = AwsError> + Send>>;

/// An event of an event stream: the stream's union, with one member set.
pub type Event = Box<dyn Encode + Send>;

/// Events yet to come. `protocol` alone makes bytes of them.
///
/// Awaiting it gives the next event and those behind it; an error is an event and ends the stream.
pub struct Events(BoxFuture<Option<(Result<Event, AwsError>, Self)>>);

impl Events {
    /// The events that `next` draws from `source`, until it gives none.
    pub fn from_source<S, F>(source: S, next: fn(S) -> F) -> Self
    where
        S: Send + 'static,
        F: Future<Output = Option<(Result<Event, AwsError>, S)>> + Send + 'static,
    {
        Self(Box::pin(async move {
            let (event, source) = next(source).await?;
            Some((event, Self::from_source(source, next)))
        }))
    }
}

impl Future for Events {
    type Output = Option<(Result<Event, AwsError>, Self)>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

/// A body: nothing, bytes at hand, or a stream that is read once.
///
/// Errors of a stream are already AWS's: a broken chunk or a vanished client ends the reading
/// with what the caller should be told. Nothing comes after an error.
#[derive(Default)]
pub struct Body {
    inner: Inner,
    trailers: Option<HeaderMap>,
}

#[derive(Default)]
enum Inner {
    #[default]
    Empty,
    Bytes(Bytes),
    Stream(Stream),
    Events(Events),
}

impl Body {
    /// A body without a byte.
    pub fn empty() -> Self {
        Self::default()
    }

    /// A body that arrives piece by piece. Its length is what `size_hint` says exactly, if it does.
    pub fn stream(body: impl HttpBody<Data = Bytes, Error = AwsError> + Send + 'static) -> Self {
        Self { inner: Inner::Stream(Box::pin(body)), trailers: None }
    }

    /// The body of an answer that is an event stream.
    pub fn events(events: Events) -> Self {
        Self { inner: Inner::Events(events), trailers: None }
    }

    /// Takes the events out, if it is made of such.
    pub fn take_events(&mut self) -> Option<Events> {
        match std::mem::take(&mut self.inner) {
            Inner::Events(events) => Some(events),
            inner => {
                self.inner = inner;
                None
            }
        }
    }

    /// The length in bytes, where it is known before reading.
    pub fn len(&self) -> Option<u64> {
        HttpBody::size_hint(self).exact()
    }

    /// True if there surely is no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// All of its bytes, where they are at hand.
    pub fn held(&self) -> Option<&[u8]> {
        match &self.inner {
            Inner::Empty => Some(&[]),
            Inner::Bytes(bytes) => Some(bytes),
            Inner::Stream(_) | Inner::Events(_) => None,
        }
    }

    /// The next piece; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, AwsError>> {
        loop {
            let frame = poll_fn(|cx| Pin::new(&mut *self).poll_frame(cx)).await?;
            match frame.map(Frame::into_data) {
                Err(error) => return Some(Err(error)),
                Ok(Ok(data)) if data.is_empty() => {}
                Ok(Ok(data)) => return Some(Ok(data)),
                Ok(Err(frame)) => self.trailers = frame.into_trailers().ok(),
            }
        }
    }

    /// The trailers, once `next` has come to the end.
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_ref()
    }

    /// Everything, if it is at most `limit` bytes; else `too_large`'s error.
    pub async fn collect(
        &mut self,
        limit: usize,
        too_large: impl Fn() -> AwsError,
    ) -> Result<Bytes, AwsError> {
        if self.len().is_some_and(|len| len > limit as u64) {
            return Err(too_large());
        }
        let Some(first) = self.next().await.transpose()? else { return Ok(Bytes::new()) };
        let mut all = BytesMut::new();
        while let Some(more) = self.next().await.transpose()? {
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            if all.len() + more.len() > limit {
                return Err(too_large());
            }
            all.extend_from_slice(&more);
        }
        let all = if all.is_empty() { first } else { all.freeze() };
        if all.len() > limit { Err(too_large()) } else { Ok(all) }
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        let bytes = bytes.into();
        let inner = if bytes.is_empty() { Inner::Empty } else { Inner::Bytes(bytes) };
        Self { inner, trailers: None }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({:?})", self.len())
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = AwsError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AwsError>>> {
        match &mut self.inner {
            Inner::Empty => Poll::Ready(None),
            Inner::Stream(stream) => {
                let polled = stream.as_mut().poll_frame(cx);
                if matches!(polled, Poll::Ready(Some(Err(_)))) {
                    self.inner = Inner::Empty;
                }
                polled
            }
            Inner::Events(_) => {
                self.inner = Inner::Empty;
                let error = AwsError::internal("events are read as bytes");
                Poll::Ready(Some(Err(error)))
            }
            Inner::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                self.inner = Inner::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Empty => true,
            Inner::Bytes(_) | Inner::Events(_) => false,
            Inner::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Empty => SizeHint::with_exact(0),
            Inner::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Inner::Stream(stream) => stream.size_hint(),
            Inner::Events(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails whenever it is asked.
    struct Broken;

    impl HttpBody for Broken {
        type Data = Bytes;
        type Error = AwsError;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, AwsError>>> {
            Poll::Ready(Some(Err(AwsError::internal("broken"))))
        }
    }

    #[tokio::test]
    async fn an_error_is_the_last_thing() {
        let mut body = Body::stream(Broken);
        assert!(body.next().await.unwrap().is_err());
        assert!(body.next().await.is_none());
    }

    #[tokio::test]
    async fn collect_keeps_its_bound() {
        let too_large = || AwsError::new("EntityTooLarge", 400, "");
        let all = Body::from("abc").collect(3, too_large).await.unwrap();
        assert_eq!(all, "abc");
        let error = Body::from("abcd").collect(3, too_large).await.unwrap_err();
        assert_eq!(error.code(), "EntityTooLarge");
    }
}
