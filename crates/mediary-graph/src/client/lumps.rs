//! Reading in lumps. TLS hands out its records one by one, sixteen kibibytes at most; passed on like that, a file would take
//! four times the steps, and each record hold a buffer of four times its size.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream of which each read takes all that has come, up to what there is room for.
#[derive(Debug)]
pub(super) struct Lumps<S> {
    stream: S,
    /// Met after bytes that had to be handed out first.
    failed: Option<io::Error>,
}

impl<S> Lumps<S> {
    pub(super) fn of(stream: S) -> Self {
        Self { stream, failed: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lumps<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Err(error));
        }
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        while buf.remaining() > 0 {
            let before = buf.filled().len();
            match Pin::new(&mut self.stream).poll_read(cx, buf) {
                Poll::Ready(Ok(())) if buf.filled().len() > before => {}
                Poll::Ready(Err(error)) => {
                    self.failed = Some(error);
                    break;
                }
                // The end, which the next read meets again, or nothing for now.
                Poll::Ready(Ok(())) | Poll::Pending => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Lumps<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl<S> Connection for Lumps<S> {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio_util::io::StreamReader;

    use super::*;

    #[tokio::test]
    async fn a_read_takes_what_has_come_and_loses_nothing_that_came_before_a_failure() {
        let broken = Err(io::Error::from(io::ErrorKind::ConnectionReset));
        let came = [Ok(&b"one "[..]), Ok(b"record "), Ok(b"each"), broken];
        let mut lumps = Lumps::of(StreamReader::new(futures_util::stream::iter(came)));
        let mut buf = [0; 11];
        assert_eq!(lumps.read(&mut buf).await.unwrap(), 11);
        assert_eq!(&buf, b"one record ");
        assert_eq!(lumps.read(&mut buf).await.unwrap(), 4);
        assert_eq!(lumps.read(&mut buf).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn the_end_is_met_again() {
        let mut lumps = Lumps::of(&b"all"[..]);
        let mut buf = [0; 8];
        assert_eq!(lumps.read(&mut buf).await.unwrap(), 3);
        assert_eq!(lumps.read(&mut buf).await.unwrap(), 0);
    }
}
