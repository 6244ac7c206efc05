//! A sequential body from WhatsApp, resumed if its connection breaks.

use std::time::Duration;

use bytes::Bytes;
use mediary_graph::{Error, ErrorKind};

use super::range::ByteRange;
use crate::whatsapp::provider::{Carrier, MediaRequest, OpenStream, ProviderStream};

/// How often a body that breaks off is resumed, and after which wait, times the number of the try.
const RESUMED_MAX: u32 = 3;
const RESUMED_AFTER: Duration = Duration::from_millis(100);

/// Who has a file, and its media id there.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) carrier: Carrier,
    pub(crate) media_id: String,
}

/// A file's bytes as WhatsApp sends them, between two offsets.
pub(crate) struct Upstream {
    origin: Origin,
    /// `None` while the transfer is broken and the rest is not open yet.
    stream: Option<ProviderStream>,
    /// Bytes of the stream before the requested range, to be skipped.
    skip: u64,
    /// The next byte to hand out, and where to stop.
    at: u64,
    end: Option<u64>,
    /// The size of the whole file, where it is known.
    total: Option<u64>,
    /// The most bytes that are accepted.
    max_bytes: u64,
    resumed: u32,
}

impl Upstream {
    /// The whole body of an open response, whatever was declared, up to `max_bytes`.
    pub(crate) fn whole(origin: Origin, stream: ProviderStream, max_bytes: u64) -> Self {
        let (at, total) = (stream.first_byte(), stream.file_size());
        Self { origin, stream: Some(stream), skip: 0, at, end: None, total, max_bytes, resumed: 0 }
    }

    /// The body of an open response, cut to the requested range if WhatsApp sends more. Of a file of unknown size the whole is
    /// returned, up to `max_bytes`. Fails if it is larger, if the range lies beyond the end, or if the size is not the declared one.
    pub(crate) fn new(
        origin: Origin,
        stream: ProviderStream,
        wanted: Option<ByteRange>,
        declared: Option<u64>,
        max_bytes: u64,
    ) -> Result<Self, Error> {
        let (first, told) = (stream.first_byte(), stream.file_size());
        if let (Some(told), Some(declared)) = (told, declared)
            && told != declared
        {
            return Err(Error::wrong_length(declared, told));
        }
        let total = told.or(declared);
        if total == Some(0) {
            return Err(Error::no_bytes());
        }
        if total.is_some_and(|total| total > max_bytes) {
            return Err(Error::too_large(max_bytes));
        }
        let part = match (wanted, total) {
            (Some(range), Some(total)) => Some(range.of(total).ok_or_else(|| Error::beyond_the_end(total))?),
            _ => None,
        };
        let (at, end) = part.map_or((first, None), |part| (part.start, Some(part.end)));
        let skip = at.saturating_sub(first);
        Ok(Self { origin, stream: Some(stream), skip, at, end, total, max_bytes, resumed: 0 })
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(crate) fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    pub(crate) fn total(&self) -> Option<u64> {
        self.total
    }

    /// Whether no bytes have to be skipped first.
    pub(crate) fn begins_at_once(&self) -> bool {
        self.skip == 0
    }

    /// The offset of the next byte, and the end if it is known.
    pub(crate) fn place(&self) -> (u64, Option<u64>) {
        (self.at, self.end.or(self.total))
    }

    /// The next bytes; `None` at the end. May be dropped and called again at any time.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            if self.end.is_some_and(|end| self.at >= end) {
                self.stream = None;
                return Ok(None);
            }
            let chunk = match &mut self.stream {
                Some(stream) => stream.chunk().await,
                None => Err(Error::cut_off()),
            };
            match chunk {
                Ok(Some(chunk)) => {
                    let wanted = self.cut(chunk);
                    self.check_length()?;
                    if !wanted.is_empty() {
                        return Ok(Some(wanted));
                    }
                }
                Ok(None) if self.end.or(self.total).is_none_or(|end| self.at >= end) => return Ok(None),
                Ok(None) => self.resume(Error::cut_off()).await?,
                Err(error) => self.resume(error).await?,
            }
        }
    }

    fn check_length(&mut self) -> Result<(), Error> {
        let error = match self.total {
            Some(total) if self.at > total => Error::wrong_length(total, self.at),
            None if self.at > self.max_bytes => Error::too_large(self.max_bytes),
            _ => return Ok(()),
        };
        self.stream = None;
        self.resumed = RESUMED_MAX;
        Err(error)
    }

    /// The requested part of a chunk.
    fn cut(&mut self, mut chunk: Bytes) -> Bytes {
        let passed = usize::try_from(self.skip).unwrap_or(usize::MAX).min(chunk.len());
        self.skip -= passed as u64;
        let mut wanted = chunk.split_off(passed);
        if let Some(end) = self.end {
            wanted.truncate(usize::try_from(end - self.at).unwrap_or(usize::MAX));
        }
        self.at += wanted.len() as u64;
        wanted
    }

    /// Opens the rest after a temporary failure.
    async fn resume(&mut self, error: Error) -> Result<(), Error> {
        self.stream = None;
        let passes = matches!(error.kind(), ErrorKind::CutOff | ErrorKind::Unavailable | ErrorKind::Timeout);
        if !passes || self.resumed >= RESUMED_MAX {
            return Err(error);
        }
        self.resumed += 1;
        tokio::time::sleep(RESUMED_AFTER * self.resumed).await;
        let Origin { carrier, media_id } = &self.origin;
        let range = Some((self.at, self.end.map(|end| end - 1)));
        let rest: Result<OpenStream, Error> =
            carrier.open(MediaRequest { media_id, url: None, range }, |_| Ok(())).await;
        // What goes wrong now counts as one more break.
        let Ok(OpenStream { stream, .. }) = rest else { return Ok(()) };
        let (first, total) = (stream.first_byte(), stream.file_size());
        let another_file = total.is_some() && self.total.is_some() && total != self.total;
        if first > self.at || another_file {
            return Err(error);
        }
        self.skip = self.at - first;
        self.stream = Some(stream);
        Ok(())
    }
}
