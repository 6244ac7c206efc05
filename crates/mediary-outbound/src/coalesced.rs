//! Coalesced reads. TLS returns its records one by one, sixteen kibibytes at most; forwarded like that, a file would take
//! four times the steps, and each record hold a buffer of four times its size.
//!
//! Why no byte and no wake-up is lost:
//! 1. What was read lies in the caller's buffer when a read returns. This stream keeps no bytes of its own, so a read that
//!    is dropped between two polls (its request was cancelled) leaves everything else in the stream below.
//! 2. A failure that follows bytes is kept for the next read, as the bytes go first; the stream below need not repeat it.
//!    Its end it does repeat: a read of nothing is left for the next read to find again.
//! 3. A read that has bytes returns them although the stream below may have more to come: it never waits for a full
//!    buffer. The last poll may have left the task's waker with the stream below; it then wakes the task once for
//!    nothing, which is allowed. A read without bytes is pending only because the stream below is, which then has the
//!    waker.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream of which each read returns all that has arrived, up to the size of the buffer.
#[derive(Debug)]
pub(crate) struct CoalescedReads<S> {
    stream: S,
    /// Occurred after bytes that had to be returned first.
    failed: Option<io::Error>,
}

impl<S> CoalescedReads<S> {
    pub(crate) fn of(stream: S) -> Self {
        Self { stream, failed: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CoalescedReads<S> {
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
                // The end, or nothing for now.
                Poll::Ready(Ok(())) | Poll::Pending => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CoalescedReads<S> {
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

impl<S> Connection for CoalescedReads<S> {
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
    async fn read_returns_what_has_arrived_and_loses_nothing_before_a_failure() {
        let broken = Err(io::Error::from(io::ErrorKind::ConnectionReset));
        let arrived = [Ok(&b"one "[..]), Ok(b"record "), Ok(b"each"), broken];
        let mut reads = CoalescedReads::of(StreamReader::new(futures_util::stream::iter(arrived)));
        let mut buf = [0; 11];
        assert_eq!(reads.read(&mut buf).await.unwrap(), 11);
        assert_eq!(&buf, b"one record ");
        assert_eq!(reads.read(&mut buf).await.unwrap(), 4);
        assert_eq!(reads.read(&mut buf).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn end_is_found_again() {
        let mut reads = CoalescedReads::of(&b"all"[..]);
        let mut buf = [0; 8];
        assert_eq!(reads.read(&mut buf).await.unwrap(), 3);
        assert_eq!(reads.read(&mut buf).await.unwrap(), 0);
    }
}
