//! A connection, in the clear or not: one type, so that HTTP is compiled once for both.

use tokio::net::TcpStream;

#[cfg(not(feature = "tls"))]
pub(crate) type Stream = TcpStream;

/// A connection in the clear.
pub(crate) fn plain(stream: TcpStream) -> Stream {
    #[cfg(feature = "tls")]
    return Stream::Plain(stream);
    #[cfg(not(feature = "tls"))]
    stream
}

#[cfg(feature = "tls")]
pub(crate) use secure::Stream;

#[cfg(feature = "tls")]
mod secure {
    use std::io::{self, IoSlice};
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
    use tokio_rustls::TlsStream;

    use super::TcpStream;

    /// The two kinds of connection.
    #[derive(Debug)]
    pub(crate) enum Stream {
        Plain(TcpStream),
        Secure(Box<TlsStream<TcpStream>>),
    }

    macro_rules! either {
        ($stream:expr, $inner:ident => $act:expr) => {
            match $stream.get_mut() {
                Self::Plain(stream) => {
                    let $inner = Pin::new(stream);
                    $act
                }
                Self::Secure(stream) => {
                    let $inner = Pin::new(&mut **stream);
                    $act
                }
            }
        };
    }

    impl AsyncRead for Stream {
        fn poll_read(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            into: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            either!(self, inner => inner.poll_read(cx, into))
        }
    }

    impl AsyncWrite for Stream {
        fn poll_write(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            either!(self, inner => inner.poll_write(cx, bytes))
        }

        fn poll_write_vectored(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            parts: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            either!(self, inner => inner.poll_write_vectored(cx, parts))
        }

        fn is_write_vectored(&self) -> bool {
            match self {
                Self::Plain(stream) => stream.is_write_vectored(),
                Self::Secure(stream) => stream.is_write_vectored(),
            }
        }

        fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            either!(self, inner => inner.poll_flush(cx))
        }

        fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            either!(self, inner => inner.poll_shutdown(cx))
        }
    }
}
