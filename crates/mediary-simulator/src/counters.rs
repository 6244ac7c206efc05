//! The counters of downloads, for one media file and for all.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

/// What was asked of one media file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaStats {
    pub resolves: u64,
    pub downloads: u64,
    /// Downloads whose last byte went out.
    pub downloads_completed: u64,
    pub bytes_sent: u64,
    pub in_flight: u64,
    pub in_flight_max: u64,
}

#[derive(Debug, Default)]
pub(crate) struct DownloadCounters {
    pub(crate) bytes: AtomicU64,
    pub(crate) in_flight: AtomicU64,
    pub(crate) in_flight_max: AtomicU64,
}

#[derive(Debug, Default)]
pub(crate) struct MediaCounters {
    pub(crate) resolves: AtomicU64,
    pub(crate) downloads: AtomicU64,
    pub(crate) completed: AtomicU64,
    pub(crate) flight: DownloadCounters,
}

impl MediaCounters {
    pub(crate) fn snapshot(&self) -> MediaStats {
        MediaStats {
            resolves: self.resolves.load(Relaxed),
            downloads: self.downloads.load(Relaxed),
            downloads_completed: self.completed.load(Relaxed),
            bytes_sent: self.flight.bytes.load(Relaxed),
            in_flight: self.flight.in_flight.load(Relaxed),
            in_flight_max: self.flight.in_flight_max.load(Relaxed),
        }
    }
}

impl DownloadCounters {
    pub(crate) fn enter(&self) {
        let now = self.in_flight.fetch_add(1, Relaxed) + 1;
        self.in_flight_max.fetch_max(now, Relaxed);
    }

    pub(crate) fn reset(&self) {
        self.bytes.store(0, Relaxed);
        self.in_flight_max.store(self.in_flight.load(Relaxed), Relaxed);
    }
}

pub(crate) fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}
