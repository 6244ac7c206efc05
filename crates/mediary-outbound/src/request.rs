//! Bodies as they are sent: of a known length, from memory or from a stream, and watched on their way.
//!
//! Why a failed call knows whether its host may have received the whole request:
//! 1. hyper takes the body's chunks one by one and asks for the next when it has room, so nothing is on the wire that was not
//!    taken here before. The last byte is noted in the poll that returns it.
//! 2. A call that fails before that note has sent fewer bytes than its `Content-Length` says. No host acts on such a request.
//! 3. After the note nothing is known: the bytes may be in a buffer of ours, under way, or received and acted upon.
//! 4. The only request that the HTTP library repeats by itself is one that it never began to write (the connection was closed while
//!    it waited there): it comes back whole, body and all. So nothing is sent twice.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::Instant;

/// Bytes handed to the HTTP library at once. A host that takes so many in each silence timeout is slow, and not silent.
const CHUNK_BYTES: usize = 64 * 1024;

type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A body to be sent. Its length is announced as `Content-Length`, so it must be exact.
pub struct RequestBody {
    length: u64,
    chunks: Chunks,
}

impl RequestBody {
    pub fn empty() -> Self {
        Self { length: 0, chunks: Box::pin(stream::empty()) }
    }

    /// A body that is in memory.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { length: bytes.len() as u64, chunks: Box::pin(stream::iter([Ok(bytes)])) }
    }

    /// A body that is read while it is sent, of which a few chunks at a time are in memory. One that has more or fewer bytes than
    /// `length` ends the call.
    pub fn stream(length: u64, chunks: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self { length, chunks: Box::pin(chunks) }
    }

    pub(crate) fn watched(self) -> (SentBody, Arc<Progress>) {
        let state = State {
            moved_at: Instant::now(),
            whole: self.length == 0,
            source_pending: false,
            source_failed: false,
        };
        let progress = Arc::new(Progress(Mutex::new(state)));
        let body = SentBody {
            chunks: self.chunks,
            rest: Bytes::new(),
            missing: self.length,
            progress: Arc::clone(&progress),
        };
        (body, progress)
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody").field("length", &self.length).finish_non_exhaustive()
    }
}

/// How far a body has come.
#[derive(Debug)]
pub(crate) struct Progress(Mutex<State>);

#[derive(Debug)]
struct State {
    moved_at: Instant,
    /// The HTTP library has the last byte.
    whole: bool,
    /// The HTTP library waits for the next bytes.
    source_pending: bool,
    source_failed: bool,
}

impl Progress {
    pub(crate) fn is_whole(&self) -> bool {
        self.0.lock().whole
    }

    /// Whether the call ended because of the body's own source: it failed, or nothing came from it.
    pub(crate) fn source_failed(&self) -> bool {
        self.0.lock().source_failed
    }

    /// Ready when nothing has moved for so long.
    pub(crate) async fn stalled(&self, wait: Duration) {
        loop {
            let deadline = self.0.lock().moved_at + wait;
            if Instant::now() >= deadline {
                break;
            }
            tokio::time::sleep_until(deadline).await;
        }
        let mut state = self.0.lock();
        state.source_failed |= state.source_pending;
    }
}

/// A body on its way.
pub(crate) struct SentBody {
    chunks: Chunks,
    /// What is left of a chunk that was too large.
    rest: Bytes,
    missing: u64,
    progress: Arc<Progress>,
}

impl SentBody {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        while self.rest.is_empty() {
            match ready!(self.chunks.as_mut().poll_next(cx)) {
                Some(chunk) => self.rest = chunk?,
                None => {
                    let context = format!("the body ended {} bytes short", self.missing);
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, context)));
                }
            }
        }
        // Looked at before any of the chunk is taken, so that no request is completed by wrong bytes.
        if self.rest.len() as u64 > self.missing {
            let context = "the body has more bytes than announced";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, context)));
        }
        let chunk = self.rest.split_to(CHUNK_BYTES.min(self.rest.len()));
        self.missing -= chunk.len() as u64;
        Poll::Ready(Ok(chunk))
    }
}

impl HttpBody for SentBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.missing == 0 {
            return Poll::Ready(None);
        }
        let chunk = self.poll_chunk(cx);
        let mut state = self.progress.0.lock();
        state.moved_at = Instant::now();
        state.source_pending = chunk.is_pending();
        state.source_failed |= matches!(chunk, Poll::Ready(Err(_)));
        state.whole = self.missing == 0;
        drop(state);
        chunk.map(|chunk| Some(chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.missing == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.missing)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use http_body_util::BodyExt;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn every(wait: Duration, chunks: usize) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        stream::iter(0..chunks).then(move |_| async move {
            tokio::time::sleep(wait).await;
            Ok(Bytes::from_static(b"xyz"))
        })
    }

    #[tokio::test(start_paused = true)]
    async fn body_that_moves_is_not_stalled_however_long_it_takes() {
        let (body, progress) = RequestBody::stream(30, every(PATIENCE * 9 / 10, 10)).watched();
        assert!(!progress.is_whole());
        let whole = tokio::select! {
            whole = body.collect() => whole.unwrap().to_bytes(),
            () = progress.stalled(PATIENCE) => panic!("it moved"),
        };
        assert!(whole.len() == 30 && progress.is_whole() && !progress.source_failed());
    }

    #[tokio::test(start_paused = true)]
    async fn stall_is_the_sources_fault_only_while_it_is_waited_for() {
        let (body, progress) = RequestBody::stream(3, every(PATIENCE * 9, 1)).watched();
        tokio::select! {
            _ = body.collect() => panic!("nothing came"),
            () = progress.stalled(PATIENCE) => assert!(progress.source_failed()),
        }
        let (_body, progress) = RequestBody::bytes("xyz").watched();
        progress.stalled(PATIENCE).await;
        assert!(!progress.source_failed() && !progress.is_whole(), "nobody asked for the body");
    }

    #[tokio::test]
    async fn body_of_another_length_than_announced_is_never_whole() {
        for length in [2, 4] {
            let chunks = stream::iter([Ok(Bytes::from_static(b"x")), Ok(Bytes::from_static(b"yz"))]);
            let (body, progress) = RequestBody::stream(length, chunks).watched();
            assert!(body.collect().await.is_err());
            assert!(progress.source_failed() && !progress.is_whole(), "{length}");
        }
        let (body, progress) = RequestBody::empty().watched();
        assert!(body.is_end_stream() && progress.is_whole());
    }

    #[tokio::test]
    async fn large_chunks_are_handed_over_in_pieces() {
        let (mut body, _) = RequestBody::bytes(vec![7; CHUNK_BYTES * 2 + 1]).watched();
        let mut sizes = Vec::new();
        while let Some(frame) = body.frame().await {
            sizes.push(frame.unwrap().into_data().unwrap().len());
        }
        assert_eq!(sizes, [CHUNK_BYTES, CHUNK_BYTES, 1]);
    }
}
