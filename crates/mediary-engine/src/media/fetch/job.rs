//! One claimed download, from its claim to its end, with the heartbeats in between.

use std::time::Duration;

use mediary_core::{DownloadStatus, Result};
use mediary_store::ClaimedDownload;
use tracing::Instrument as _;

use super::transfer::{Failure, Progress, Viewers, fetch};
use super::{Fetcher, settle};
use crate::base::lease::{Lease, to_the_end, until_lost};
use crate::context::Context;
use crate::events::event::{EventData, EventName};
use crate::whatsapp::accounts::KnownAccount;

/// Runs a claimed download, and hands the inbound file to viewers who wait for it. Its row records how it ended.
pub(super) async fn run(fetcher: Fetcher, claim: ClaimedDownload, viewers: Option<Viewers>) {
    // At the level of errors, so that their lines carry the ids whatever else is logged.
    let span = tracing::error_span!(
        "download",
        company.id = claim.company_id.0,
        message.id = claim.message_id.0,
        media.id = claim.media_id.0,
        attempt = claim.attempts
    );
    download(fetcher, claim, viewers).instrument(span).await;
}

async fn download(fetcher: Fetcher, claim: ClaimedDownload, viewers: Option<Viewers>) {
    let context = &fetcher.context;
    let began = context.now();
    context.meters().started.increment(1);
    tracing::info!("media_download_started");
    let account = match context.whatsapp().account_of(claim.company_id, claim.account_id).await {
        Ok(account) => account,
        Err(cause) => return end(context, &claim, None, cause.into()).await,
    };
    let progress = Progress::default();
    let transfer = fetch(&fetcher, &claim, &account, &progress, viewers);
    let mut lease = DownloadLease::new(context, &claim, &progress);
    match until_lost(&mut lease, transfer).await {
        Some(Ok(fetched)) => {
            // Storage may take longer to publish a file than the lease lasts.
            let keeping = settle::keep(context, &claim, fetched, began);
            if let Err(failure) = to_the_end(&mut lease, keeping).await {
                end(context, &claim, Some(&account), failure).await;
            }
        }
        Some(Err(failure)) => end(context, &claim, Some(&account), failure).await,
        // Deleted, or taken over.
        None => tracing::debug!("the download was taken from us"),
    }
}

/// The lease of a running download; each renewal records the progress. It is renewed even if no bytes arrive, for silence has its own
/// limit. When accounts or policies may have changed, it is renewed at once, since a new policy may have ended it.
struct DownloadLease<'a> {
    context: &'a Context,
    claim: &'a ClaimedDownload,
    progress: &'a Progress,
    published: u64,
}

impl<'a> DownloadLease<'a> {
    fn new(context: &'a Context, claim: &'a ClaimedDownload, progress: &'a Progress) -> Self {
        Self { context, claim, progress, published: 0 }
    }

    fn publish_progress(&mut self, bytes: u64) {
        if bytes <= self.published {
            return;
        }
        self.published = bytes;
        let data = EventData {
            status: Some(DownloadStatus::Downloading),
            bytes_downloaded: Some(bytes),
            file_size: self.progress.expected(),
            ..EventData::media(self.claim)
        };
        self.context.events().publish(self.claim.company_id, EventName::MediaProgress, data);
    }
}

impl Lease for DownloadLease<'_> {
    fn life(&self) -> Duration {
        self.context.config().rules.lease
    }

    async fn renew(&mut self) -> Result<bool> {
        let bytes = self.progress.bytes();
        let until = self.context.now().plus(self.life());
        let expected = self.progress.expected();
        let held = self.context.store().renew_lease(self.claim, until, bytes, expected).await?;
        if held {
            self.publish_progress(bytes);
        }
        Ok(held)
    }

    async fn may_be_lost(&self) {
        let generation = self.context.accounts().generation();
        self.context.accounts().forgotten_since(generation).await;
    }
}

async fn end(context: &Context, claim: &ClaimedDownload, account: Option<&KnownAccount>, failure: Failure) {
    if let Err(error) = settle::fail(context, claim, account, failure).await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the end of a download could not be recorded; its lease will run out"
        );
    }
}
