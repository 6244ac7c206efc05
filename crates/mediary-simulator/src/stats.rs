//! What was asked of the simulator, counted so that a test can say "one download, not two".

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

use crate::counters::{DownloadCounters, MediaStats, add};
use crate::media::Media;

/// The calls that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Route {
    ResolveMedia,
    DownloadMedia,
    UploadMedia,
    DeleteMedia,
    /// `POST /{phone-number-id}/messages`, read receipts included.
    SendMessage,
    /// Those of them that were read receipts.
    MarkRead,
    Account,
    Templates,
    SubscribedApps,
    ResumableUpload,
    /// What the Graph API does not know.
    Unknown,
}

const ROUTES: usize = Route::Unknown as usize + 1;

/// All counters at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Calls per route, also those that were refused or struck by a fault.
    pub requests: BTreeMap<Route, u64>,
    /// Calls that a fault struck.
    pub faults: u64,
    pub bytes_sent: u64,
    /// Downloads under way now, and the most there ever were at once.
    pub downloads_in_flight: u64,
    pub downloads_in_flight_max: u64,
    /// Media that were asked for at least once.
    pub media: BTreeMap<String, MediaStats>,
    pub webhooks: WebhookStats,
}

impl Stats {
    /// Calls of one route.
    pub fn requests(&self, route: Route) -> u64 {
        self.requests.get(&route).copied().unwrap_or_default()
    }
}

/// What became of updates and the webhooks that carried them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookStats {
    /// Updates that wait or are under way.
    pub updates_pending: u64,
    pub updates_acknowledged: u64,
    /// Updates given up after the last retry.
    pub updates_dropped: u64,
    /// POSTs made, with retries and duplicates.
    pub posts: u64,
    pub acknowledged: u64,
    pub refused: u64,
    pub retries: u64,
    pub duplicates: u64,
}

/// The counters themselves.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    requests: [AtomicU64; ROUTES],
    pub(crate) faults: AtomicU64,
    pub(crate) downloads: DownloadCounters,
    pub(crate) updates_acknowledged: AtomicU64,
    pub(crate) updates_dropped: AtomicU64,
    pub(crate) posts: AtomicU64,
    pub(crate) acknowledged: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) duplicates: AtomicU64,
}

impl Counters {
    pub(crate) fn count(&self, route: Route) {
        add(&self.requests[route as usize]);
    }

    pub(crate) fn snapshot(&self, media: &[Arc<Media>], updates_pending: u64) -> Stats {
        use Route as R;
        let routes = [
            R::ResolveMedia,
            R::DownloadMedia,
            R::UploadMedia,
            R::DeleteMedia,
            R::SendMessage,
            R::MarkRead,
            R::Account,
            R::Templates,
            R::SubscribedApps,
            R::ResumableUpload,
            R::Unknown,
        ];
        let of_media = |media: &Arc<Media>| (media.id.clone(), media.counters.snapshot());
        Stats {
            requests: routes.map(|route| (route, self.requests[route as usize].load(Relaxed))).into(),
            faults: self.faults.load(Relaxed),
            bytes_sent: self.downloads.bytes.load(Relaxed),
            downloads_in_flight: self.downloads.in_flight.load(Relaxed),
            downloads_in_flight_max: self.downloads.in_flight_max.load(Relaxed),
            media: media
                .iter()
                .map(of_media)
                .filter(|(_, stats)| stats.resolves > 0 || stats.downloads > 0)
                .collect(),
            webhooks: WebhookStats {
                updates_pending,
                updates_acknowledged: self.updates_acknowledged.load(Relaxed),
                updates_dropped: self.updates_dropped.load(Relaxed),
                posts: self.posts.load(Relaxed),
                acknowledged: self.acknowledged.load(Relaxed),
                refused: self.refused.load(Relaxed),
                retries: self.retries.load(Relaxed),
                duplicates: self.duplicates.load(Relaxed),
            },
        }
    }

    /// Starts again from zero; what is under way stays counted as such.
    pub(crate) fn reset(&self, media: &[Arc<Media>]) {
        let own = [&self.faults, &self.updates_acknowledged, &self.updates_dropped, &self.posts];
        let posts = [&self.acknowledged, &self.refused, &self.retries, &self.duplicates];
        for counter in self.requests.iter().chain(own).chain(posts) {
            counter.store(0, Relaxed);
        }
        self.downloads.reset();
        for media in media {
            let counters = &media.counters;
            for counter in [&counters.resolves, &counters.downloads, &counters.completed] {
                counter.store(0, Relaxed);
            }
            counters.flight.reset();
        }
    }
}

/// A download that is under way, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Flight {
    counters: Arc<Counters>,
    media: Arc<Media>,
}

impl Flight {
    pub(crate) fn new(counters: Arc<Counters>, media: Arc<Media>) -> Self {
        add(&media.counters.downloads);
        counters.downloads.enter();
        media.counters.flight.enter();
        Self { counters, media }
    }

    pub(crate) fn sent(&self, bytes: u64) {
        self.counters.downloads.bytes.fetch_add(bytes, Relaxed);
        self.media.counters.flight.bytes.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn completed(&self) {
        add(&self.media.counters.completed);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.counters.downloads.in_flight.fetch_sub(1, Relaxed);
        self.media.counters.flight.in_flight.fetch_sub(1, Relaxed);
    }
}
