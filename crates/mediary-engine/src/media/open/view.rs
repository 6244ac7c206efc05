//! Metrics and log lines of every view that comes from WhatsApp.

use bytes::Bytes;
use mediary_core::{CompanyId, Error, MediaId};
use mediary_store::MediaFile;
use metrics::{counter, histogram};
use tokio::time::Instant;

use crate::base::metrics::{PROXY_FIRST_BYTE_SECONDS, VIEW_SECONDS, VIEWS};

/// Where a viewer's bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// WhatsApp, asked for this viewer.
    Provider,
    /// WhatsApp, asked for somebody who came before.
    Joined,
}

impl Source {
    fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Joined => "joined",
        }
    }
}

/// A running view. Its outcome is recorded when it is dropped.
pub(super) struct View {
    company: CompanyId,
    media: MediaId,
    source: Source,
    began: Instant,
    bytes: u64,
    /// How many should come, where that is known.
    expected: Option<u64>,
    ended: Option<&'static str>,
}

impl View {
    pub(super) fn new(record: &MediaFile, source: Source, began: Instant) -> Self {
        Self {
            company: record.company_id,
            media: record.id,
            source,
            began,
            bytes: 0,
            expected: None,
            ended: None,
        }
    }

    pub(super) fn expect(&mut self, bytes: Option<u64>) {
        self.expected = bytes;
    }

    pub(super) fn is_without_bytes(&self) -> bool {
        self.bytes == 0
    }

    pub(super) fn note(&mut self, next: &Result<Option<Bytes>, Error>) {
        match next {
            Ok(Some(bytes)) => {
                if self.bytes == 0 {
                    let source = self.source.as_str();
                    histogram!(PROXY_FIRST_BYTE_SECONDS, "source" => source).record(self.began.elapsed());
                }
                self.bytes += bytes.len() as u64;
                // A reader may stop at the last byte without reading the end.
                if self.expected == Some(self.bytes) {
                    self.ended = Some("whole");
                }
            }
            Ok(None) => self.ended = Some("whole"),
            Err(_) => self.ended = Some("broken"),
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let (source, result) = (self.source.as_str(), self.ended.unwrap_or("left"));
        let took = self.began.elapsed();
        counter!(VIEWS, "source" => source, "result" => result).increment(1);
        histogram!(VIEW_SECONDS, "source" => source).record(took);
        tracing::info!(
            company.id = self.company.0,
            media.id = self.media.0,
            source,
            result,
            size_bytes = self.bytes,
            duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "media_view_ended"
        );
    }
}
