//! A body that decodes an aws-chunked one as it is read, and errors on their way to the caller.

use crate::chunked::Decoder;
use crate::errors::Shape;
use bytes::Bytes;
use cumulet_core::{AwsError, Body};
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// `body` without its aws-chunked framing. Its trailers are the framing's; an error, also one that
/// only shows at the end, is the last thing that comes out of it.
pub fn decoded(body: Body, decoder: Decoder) -> Body {
    let length = decoder.decoded_length();
    Body::stream(Decoded { body, decoder: Some(decoder), input: Bytes::new(), length })
}

struct Decoded {
    body: Body,
    /// `None` at the end.
    decoder: Option<Decoder>,
    /// What has arrived and is not decoded yet.
    input: Bytes,
    /// Bytes still to come out.
    length: Option<u64>,
}

impl Decoded {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AwsError>>> {
        while let Some(decoder) = &mut self.decoder {
            if let Some(data) = decoder.decode(&mut self.input).map_err(|e| e.shape())? {
                self.length = self.length.map(|length| length.saturating_sub(data.len() as u64));
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx)).transpose()?;
            if let Some(frame) = frame {
                self.input = frame.into_data().unwrap_or_default();
                continue;
            }
            let trailers = self.decoder.take().map(Decoder::finish).transpose();
            let trailers = trailers.map_err(|e| e.shape())?.unwrap_or_default();
            if !trailers.is_empty() {
                return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
            }
        }
        Poll::Ready(None)
    }
}

impl HttpBody for Decoded {
    type Data = Bytes;
    type Error = AwsError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AwsError>>> {
        let polled = self.poll(cx);
        if matches!(polled, Poll::Ready(Some(Err(_)))) {
            self.decoder = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.decoder.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl From<Shape> for AwsError {
    fn from(shape: Shape) -> Self {
        let error = Self::new(shape.code, shape.status, shape.message);
        shape.members.into_iter().fold(error, |error, (name, value)| error.with(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn body(chunked: &'static str) -> Body {
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-amz-content-sha256",
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER".try_into().unwrap(),
        );
        headers.insert("x-amz-decoded-content-length", "5".try_into().unwrap());
        headers.insert("x-amz-trailer", "x-a".try_into().unwrap());
        decoded(chunked.into(), Decoder::new(&headers, None).unwrap().unwrap())
    }

    #[tokio::test]
    async fn data_and_trailers_come_out() {
        let mut body = body("2\r\nhe\r\n3\r\nllo\r\n0\r\nx-a:1\r\n\r\n");
        assert_eq!(body.len(), Some(5));
        let too_large = || AwsError::new("EntityTooLarge", 400, "");
        assert_eq!(body.collect(5, too_large).await.unwrap(), "hello");
        assert_eq!(body.trailers().unwrap()["x-a"], "1");
    }

    #[tokio::test]
    async fn an_error_is_the_last_thing() {
        let mut body = body("5\r\nhello\r\n0\r\n\r\n");
        assert_eq!(body.next().await.unwrap().unwrap(), "hello");
        assert_eq!(body.next().await.unwrap().unwrap_err().code(), "MalformedTrailerError");
        assert!(body.next().await.is_none());
    }
}
