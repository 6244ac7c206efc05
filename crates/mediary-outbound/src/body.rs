//! Bodies as they are received: in chunks, and bounded in time and memory.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Incoming};
use tokio::time::Instant;

use crate::error::{Error, ErrorKind};

/// A host that is waited for sends at least so much in so long. One that sends a byte now and then is never silent, and would hold
/// its call for ever.
const LEAST_BYTES: u64 = 64 * 1024;
const LEAST_BYTES_WITHIN: Duration = Duration::from_secs(30);
/// Small chunks are gathered up to this size as far as they have arrived: a host may send its bytes one by one.
const GATHERED_BYTES: usize = 16 * 1024;
/// A larger chunk is not worth another look at the connection, nor a copy.
const SMALL_BYTES: usize = 2 * 1024;

/// A body in chunks. Dropping it ends the call.
pub struct Body<B = Incoming> {
    inner: B,
    silence_timeout: Duration,
    /// Bytes of the announced length that are still to come.
    missing: Option<u64>,
    pace: Pace,
    /// The end or the failure that was found behind bytes which had to be returned first.
    found_ahead: Option<Result<(), Error>>,
}

impl<B> Body<B>
where
    B: HttpBody<Data = Bytes, Error: StdError + Send + Sync + 'static> + Unpin,
{
    pub(crate) fn new(length: Option<u64>, silence_timeout: Duration, inner: B) -> Self {
        Self { inner, silence_timeout, missing: length, pace: Pace::default(), found_ahead: None }
    }

    /// The next bytes; `None` at the end. Fails when nothing or too little is received for too long, or when the bytes end
    /// before the announced length.
    ///
    /// Nothing is lost when it is dropped before it is ready:
    /// 1. A chunk is taken from hyper in the poll that returns it here, where it is counted as well.
    /// 2. What is gathered behind it has arrived already, so there is nothing to wait for in between.
    /// 3. Gathering leaves no waker with hyper, but the next call polls again before it waits.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(found) = self.found_ahead.take() {
            return found.and_then(|()| self.end());
        }
        let asked = Instant::now();
        let Ok(chunk) = tokio::time::timeout(self.silence_timeout, next(&mut self.inner)).await else {
            let context = format!("the host was silent for {:?}", self.silence_timeout);
            return Err(Error::new(ErrorKind::Timeout, context));
        };
        let Some(chunk) = chunk? else { return self.end() };
        let chunk = if chunk.len() < SMALL_BYTES { self.gathered(chunk) } else { chunk };
        let len = chunk.len() as u64;
        self.missing = self.missing.map(|missing| missing.saturating_sub(len));
        self.pace.note(asked.elapsed(), len)?;
        Ok(Some(chunk))
    }

    fn end(&self) -> Result<Option<Bytes>, Error> {
        match self.missing {
            Some(missing) if missing > 0 => {
                Err(Error::new(ErrorKind::CutOff, format!("the bytes ended {missing} short")))
            }
            _ => Ok(None),
        }
    }

    /// A small chunk with what else has arrived.
    fn gathered(&mut self, chunk: Bytes) -> Bytes {
        let mut gathered: Option<BytesMut> = None;
        while gathered.as_ref().map_or(chunk.len(), BytesMut::len) < GATHERED_BYTES {
            let Some(found) = next(&mut self.inner).now_or_never() else { break };
            match found {
                Ok(Some(more)) => {
                    gathered.get_or_insert_with(|| BytesMut::from(&chunk[..])).extend_from_slice(&more);
                }
                end => {
                    self.found_ahead = Some(end.map(|_| ()));
                    break;
                }
            }
        }
        gathered.map_or(chunk, BytesMut::freeze)
    }
}

/// The next bytes of a body.
pub(crate) async fn next<B>(body: &mut B) -> Result<Option<Bytes>, Error>
where
    B: HttpBody<Data = Bytes, Error: StdError + Send + Sync + 'static> + Unpin,
{
    while let Some(frame) = body.frame().await {
        let broke_off = |error| Error::new(ErrorKind::CutOff, "the answer broke off").caused_by(error);
        // What is no data is a trailer.
        if let Ok(bytes) = frame.map_err(broke_off)?.into_data() {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

/// How fast a host sends while it is waited for: what a slow reader leaves lying is not the host's fault.
#[derive(Default)]
struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Pace {
    fn note(&mut self, waited: Duration, bytes: u64) -> Result<(), Error> {
        self.waited += waited;
        self.bytes += bytes;
        if self.bytes >= LEAST_BYTES {
            *self = Self::default();
        } else if self.waited >= LEAST_BYTES_WITHIN {
            let context = format!("the host sent {} bytes in {:?}", self.bytes, self.waited);
            return Err(Error::new(ErrorKind::Timeout, context));
        }
        Ok(())
    }
}

impl<B> fmt::Debug for Body<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("missing", &self.missing).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use futures_util::{Stream, StreamExt, stream};
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    const SILENCE: Duration = Duration::from_secs(5);

    fn body(
        chunks: impl Stream<Item = io::Result<Bytes>> + Unpin,
    ) -> Body<impl HttpBody<Data = Bytes, Error = io::Error> + Unpin> {
        Body::new(None, SILENCE, StreamBody::new(chunks.map(|chunk| chunk.map(Frame::data))))
    }

    /// So many bytes each second, for ever.
    fn steady(bytes: usize) -> impl Stream<Item = io::Result<Bytes>> + Unpin {
        Box::pin(stream::repeat_with(move || Bytes::from(vec![7; bytes])).then(async |chunk| {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(chunk)
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn host_that_drips_is_given_up_and_slow_one_is_not() {
        let mut drips = body(steady(1));
        let mut received = 0;
        let error = loop {
            match drips.chunk().await {
                Ok(chunk) => received += chunk.unwrap().len(),
                Err(error) => break error,
            }
        };
        assert_eq!((error.kind(), received), (ErrorKind::Timeout, 29));
        let mut slow = body(steady(3000));
        for _ in 0..200 {
            assert_eq!(slow.chunk().await.unwrap().unwrap().len(), 3000);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn time_of_a_slow_reader_does_not_count() {
        let mut sent = body(stream::repeat_with(|| Ok(Bytes::from(vec![7; GATHERED_BYTES]))));
        for _ in 0..10 {
            sent.chunk().await.unwrap().unwrap();
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    }

    #[tokio::test]
    async fn bytes_that_arrive_one_by_one_are_gathered() {
        let ones = |count| stream::iter((0..count).map(|_| Ok(Bytes::from_static(b"x"))));
        let mut all = body(ones(GATHERED_BYTES + 5));
        let sizes = [all.chunk().await.unwrap().unwrap().len(), all.chunk().await.unwrap().unwrap().len()];
        assert_eq!(sizes, [GATHERED_BYTES, 5]);
        assert_eq!(all.chunk().await.unwrap(), None);
        let mut broken = body(ones(3).chain(stream::iter([Err(io::Error::other("gone"))])));
        assert_eq!(
            broken.chunk().await.unwrap().as_deref(),
            Some(&b"xxx"[..]),
            "bytes go before the failure"
        );
        assert_eq!(broken.chunk().await.unwrap_err().kind(), ErrorKind::CutOff);
    }
}
