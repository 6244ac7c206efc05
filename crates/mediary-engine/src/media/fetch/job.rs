//! One claimed download, from its claim to its end, with the signs of life in between.

use std::convert::Infallible;
use std::time::Duration;

use mediary_core::DownloadStatus;
use mediary_store::ClaimedDownload;
use tracing::Instrument as _;

use super::settle;
use super::transfer::{Failure, Fetched, Progress, Viewers, fetch};
use crate::engine::Engine;
use crate::events::bus::{EventData, EventName};
use crate::whatsapp::accounts::KnownAccount;

/// How often a running download renews its lease and tells how far it is; three times a lease, if that is short.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// Runs a claimed download, telling viewers who wait for it where it comes. Its row says how it ended.
pub(super) async fn run(engine: Engine, claim: ClaimedDownload, viewers: Option<Viewers>) {
    // At the level of errors, so that their lines carry the ids whatever else is logged.
    let span = tracing::error_span!(
        "download",
        company.id = claim.company_id.0,
        message.id = claim.message_id.0,
        media.id = claim.media_id.0,
        attempt = claim.attempts
    );
    download(engine, claim, viewers).instrument(span).await;
}

async fn download(engine: Engine, claim: ClaimedDownload, viewers: Option<Viewers>) {
    let began = engine.now();
    engine.meters().started.increment(1);
    tracing::info!("media_download_started");
    let account = match engine.account_of(claim.company_id, claim.account_id).await {
        Ok(account) => account,
        Err(cause) => return end(&engine, &claim, None, cause.into()).await,
    };
    let progress = Progress::default();
    match watched(&engine, &claim, &account, &progress, viewers).await {
        Some(Ok(fetched)) => {
            let keeping = settle::keep(&engine, &claim, fetched, began);
            if let Err(failure) = alive(&engine, &claim, &progress, keeping).await {
                end(&engine, &claim, Some(&account), failure).await;
            }
        }
        Some(Err(failure)) => end(&engine, &claim, Some(&account), failure).await,
        None => tracing::debug!("the download was taken from us"),
    }
}

/// The transfer, with signs of life. `None` once the row is no longer ours: deleted, or taken over.
async fn watched(
    engine: &Engine,
    claim: &ClaimedDownload,
    account: &KnownAccount,
    progress: &Progress,
    viewers: Option<Viewers>,
) -> Option<Result<Fetched, Failure>> {
    tokio::select! {
        fetched = fetch(engine, claim, account, progress, viewers) => Some(fetched),
        () = signs_of_life(engine, claim, progress) => None,
    }
}

/// Work to its end, with signs of life: storage may take longer to publish a file than the lease lasts. Whether the row
/// is still ours by then, its last statement finds out.
async fn alive<T>(
    engine: &Engine,
    claim: &ClaimedDownload,
    progress: &Progress,
    work: impl Future<Output = T>,
) -> T {
    let life = async {
        signs_of_life(engine, claim, progress).await;
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        done = work => done,
        never = life => match never {},
    }
}

/// Renews the lease as long as it is ours, also while nothing arrives: silence has its own limit. When accounts or
/// policies may have changed it is renewed at once, since another policy takes the lease away.
async fn signs_of_life(engine: &Engine, claim: &ClaimedDownload, progress: &Progress) {
    let lease = engine.config().rules.lease;
    let mut told = 0;
    loop {
        let generation = engine.accounts().generation();
        tokio::select! {
            () = tokio::time::sleep(SIGN_OF_LIFE.min(lease / 3)) => {}
            () = engine.accounts().forgotten_since(generation) => {}
        }
        let bytes = progress.bytes();
        let until = engine.now().plus(lease);
        match engine.store().renew_lease(claim, until, bytes, progress.expected()).await {
            Ok(true) => {}
            Ok(false) => return,
            // The lease is longer than a short outage of the database.
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a lease could not be renewed");
                continue;
            }
        }
        if bytes > told {
            told = bytes;
            let data = EventData {
                status: Some(DownloadStatus::Downloading),
                bytes_downloaded: Some(bytes),
                file_size: progress.expected(),
                ..EventData::media(claim)
            };
            engine.events().publish(claim.company_id, EventName::MediaProgress, data);
        }
    }
}

async fn end(engine: &Engine, claim: &ClaimedDownload, account: Option<&KnownAccount>, failure: Failure) {
    if let Err(error) = settle::fail(engine, claim, account, failure).await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the end of a download could not be recorded; its lease will run out"
        );
    }
}
