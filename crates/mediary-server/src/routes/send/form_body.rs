//! The body of a form on its way to the parser, which looks for the end of what it reads in all that has come since: of a part's
//! headers without an end it would keep everything, and look through it again with every byte.
//!
//! So it gets a piece after the other, with time to take what is in it, and no more once too much has come of which it could take
//! nothing. Bytes of a file or a field can be taken as they come.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// Bytes that the parser gets at a time, but for the rest of a frame.
const PIECE: usize = 64 * 1024;
/// Bytes that may have come since the parser took something: of the headers of a part, and of what precedes the first one.
const UNTAKEN_MAX: usize = 2 * PIECE;

/// What has come since the parser last took something.
#[derive(Clone, Debug, Default)]
pub(super) struct Untaken(Arc<AtomicUsize>);

impl Untaken {
    /// The parser took something.
    pub(super) fn taken(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// A body that is read a piece at a time.
#[derive(Debug)]
pub(super) struct FormBody {
    body: Body,
    untaken: Untaken,
    /// Bytes that were given without time to take them.
    given: usize,
}

#[derive(Debug)]
struct TooMuchUntaken;

impl std::fmt::Display for TooMuchUntaken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "more than {UNTAKEN_MAX} bytes without the end of a part's headers")
    }
}

impl std::error::Error for TooMuchUntaken {}

impl FormBody {
    pub(super) fn new(body: Body, untaken: Untaken) -> Self {
        Self { body, untaken, given: 0 }
    }
}

impl http_body::Body for FormBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.given >= PIECE {
            self.given = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.untaken.0.load(Ordering::Relaxed) > UNTAKEN_MAX {
            return Poll::Ready(Some(Err(axum::Error::new(TooMuchUntaken))));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            self.untaken.0.fetch_add(bytes, Ordering::Relaxed);
            self.given += bytes;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::extract::{FromRequest as _, Multipart};
    use futures_util::stream;
    use http::Request;

    use super::*;

    const FRAME: usize = 8 * 1024;

    /// Frames of a form: this head, and so many frames of one letter. How many of them were asked for.
    fn form(head: &'static str, frames: usize) -> (Multipart, Untaken, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let rest = (0..frames).map(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; FRAME]))
        });
        let frames = std::iter::once(Ok(Bytes::from_static(head.as_bytes()))).chain(rest);
        let untaken = Untaken::default();
        let body = Body::new(FormBody::new(Body::from_stream(stream::iter(frames)), untaken.clone()));
        let request = Request::builder().header("content-type", "multipart/form-data; boundary=b");
        let form = Multipart::from_request(request.body(body).unwrap(), &());
        let form = futures_util::FutureExt::now_or_never(form).unwrap().unwrap();
        (form, untaken, asked)
    }

    #[tokio::test]
    async fn headers_without_an_end_are_not_read_to_their_end() {
        for head in ["--b\r\nContent-Disposition: form-data; name=\"", "no boundary yet"] {
            let (mut form, _, asked) = form(head, 1000);
            assert!(form.next_field().await.is_err());
            assert!(asked.load(Ordering::Relaxed) <= (UNTAKEN_MAX + PIECE) / FRAME + 2, "{head}");
        }
    }

    #[tokio::test]
    async fn content_is_taken_as_it_comes() {
        let (mut form, untaken, asked) =
            form("--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n", 200);
        let mut field = form.next_field().await.unwrap().unwrap();
        let mut bytes = 0;
        while let Ok(Some(chunk)) = field.chunk().await {
            untaken.taken();
            bytes += chunk.len();
            let asked = asked.load(Ordering::Relaxed) * FRAME;
            assert!(asked - bytes <= PIECE + 2 * FRAME, "no more is kept than was asked for");
        }
        assert!(bytes >= 199 * FRAME);
    }
}
