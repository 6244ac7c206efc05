//! The transfer itself: from WhatsApp into storage, a chunk at a time, hashed on the way.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use mediary_blob::{StagedFile, StorageKey};
use mediary_core::{Error, ErrorCode};
use mediary_formats::Sample;
use mediary_graph::{ErrorKind, MediaInfo};
use mediary_store::{ClaimedDownload, DeclaredMedia};
use tokio::sync::oneshot;

use super::Fetcher;
use super::decide::Problem;
use super::judge::DeclaredContent;
use crate::base::fault;
use crate::context::Context;
use crate::transit::inbound_file::{InboundError, InboundFile, Reader};
use crate::transit::upstream::{Origin, Upstream};
use crate::whatsapp::accounts::KnownAccount;
use crate::whatsapp::provider::{self, MediaRequest, OpenStream, ProviderStream};

/// From this size on, people watch a download, so its declared size is recorded at the start.
const WATCHED_FROM_BYTES: u64 = 1024 * 1024;
/// How far a body may pass its declared length before it is cut, where only the end could show its hash.
const OVERRUN_BYTES: u64 = 1024 * 1024;

/// How often the policy of a file on this machine's disk is read, besides after each change that is received.
const POLICY_LOOK: Duration = Duration::from_secs(1);

/// Viewers who wait for a file's first bytes.
pub(super) type Viewers = oneshot::Sender<Arc<InboundFile>>;

/// Why a transfer failed, and its cause for the log.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) problem: Problem,
    pub(super) cause: Option<Error>,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, cause: None }
    }
}

impl From<mediary_graph::Error> for Failure {
    fn from(error: mediary_graph::Error) -> Self {
        Self { problem: Problem::of_whatsapp(&error), cause: Some(error.into()) }
    }
}

impl From<InboundError> for Failure {
    fn from(broken: InboundError) -> Self {
        let problem = match &broken {
            InboundError::WhatsApp(error) => Problem::of_whatsapp(error),
            InboundError::Disk(error) => Problem::of_storage(error),
        };
        Self { problem, cause: Some(broken.into()) }
    }
}

impl Problem {
    fn of_whatsapp(error: &mediary_graph::Error) -> Self {
        match error.kind() {
            ErrorKind::MediaGone => Self::MediaGone,
            ErrorKind::Throttled => Self::Throttled { retry_after: error.retry_after() },
            ErrorKind::Unauthorized => Self::TokenRefused,
            ErrorKind::Permission => Self::NotPermitted,
            ErrorKind::Timeout => Self::Timeout,
            ErrorKind::WrongLength => Self::WrongLength,
            ErrorKind::StaleUrl
            | ErrorKind::Unavailable
            | ErrorKind::CutOff
            | ErrorKind::TooLarge
            | ErrorKind::ForbiddenUrl
            | ErrorKind::RangeNotSatisfiable
            | ErrorKind::BadRequest
            | ErrorKind::UploadSource
            | ErrorKind::Protocol
            | ErrorKind::InvalidOptions
            | ErrorKind::InvalidWebhook
            | ErrorKind::TooManyAddressees
            | ErrorKind::TooManyUpdates => Self::Unavailable,
        }
    }
}

impl Problem {
    /// A failure of one file delays no other.
    fn of_storage(error: &mediary_blob::Error) -> Self {
        match error.kind() {
            mediary_blob::ErrorKind::Full => Self::StorageFull,
            _ if error.is_of_one_file() => Self::OursAlone(error.code()),
            _ => Self::StorageError,
        }
    }
}

impl From<mediary_blob::Error> for Failure {
    fn from(error: mediary_blob::Error) -> Self {
        Self { problem: Problem::of_storage(&error), cause: Some(error.into()) }
    }
}

/// The progress of a transfer, for people who watch it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    bytes: AtomicU64,
    expected: AtomicU64,
}

impl Progress {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The size that the file should get, where that is known.
    pub(super) fn expected(&self) -> Option<u64> {
        Some(self.expected.load(Ordering::Relaxed)).filter(|size| *size > 0)
    }
}

/// A complete body in its temporary file.
#[derive(Debug)]
pub(super) struct FetchedBody {
    pub(super) staged: StagedFile,
    pub(super) key: StorageKey,
    /// The bytes from which its type is detected.
    pub(super) sample: Sample,
    pub(super) declared: DeclaredContent,
}

/// Fetches a claimed file into storage, up to the point where it only needs to be published.
pub(super) async fn fetch(
    fetcher: &Fetcher,
    claim: &ClaimedDownload,
    account: &KnownAccount,
    progress: &Progress,
    viewers: Option<Viewers>,
) -> Result<FetchedBody, Failure> {
    let context = &fetcher.context;
    let media_id = claim.provider_media_id.as_deref().ok_or(Problem::MediaGone)?;
    let carrier = context.whatsapp().carrier(account).map_err(|cause| match cause.code() {
        ErrorCode::ProviderUnauthorized => Failure { problem: Problem::TokenRefused, cause: Some(cause) },
        _ => cause.into(),
    })?;
    // A viewer reads before the hash is known, and can recognize a short body only by a declared size, so Graph is asked for it.
    let url = known_url(context, claim).filter(|_| viewers.is_none() || claim.declared_size.is_some());
    let request = MediaRequest { media_id, url, range: None };
    let limit = context.config().inbound_limits.of(claim.file_type);
    let fits = |size: Option<u64>| match size {
        Some(size) if size > limit => Err(Failure::from(Problem::TooLarge { limit, size })),
        _ => Ok(()),
    };
    let agree = |info: &MediaInfo| fits(info.file_size);
    if viewers.is_none() {
        context.pauses().after_viewers(claim.account_id).await;
    }
    let OpenStream { stream, info } = carrier.open(request, agree).await?;
    fault::point("fetch.resolved");
    let mut declared = DeclaredContent { sha256: claim.sha256, size: claim.declared_size };
    if let Some(info) = info {
        declared = DeclaredContent {
            sha256: info.sha256.or(declared.sha256),
            size: info.file_size.or(declared.size),
        };
        if info.file_size.is_some_and(|size| size >= WATCHED_FROM_BYTES) {
            let told = DeclaredMedia {
                mime_type: info.mime_type,
                sha256: info.sha256,
                file_size: info.file_size,
                provider_url: None,
            };
            context.store().declare_media(claim, &told).await.map_err(Error::from)?;
        }
    }
    let announced = declared.size.max(stream.file_size());
    fits(announced)?;
    progress.expected.store(announced.unwrap_or(0), Ordering::Relaxed);
    if announced.is_some_and(|size| size >= WATCHED_FROM_BYTES) && declared.size.is_none() {
        // Smaller files are complete before anybody looks, or their first renewal records it.
        let until = context.now().plus(context.config().rules.lease);
        let renewed = context.store().renew_lease(claim, until, 0, announced).await;
        renewed.map_err(Error::from)?;
    }
    let body = match viewers {
        None => Body::Alone(Box::new(stream)),
        Some(viewers) => {
            let origin = Origin { carrier, media_id: media_id.to_owned() };
            // If it is too large, the limits below report that first.
            let upstream = Upstream::whole(origin, stream, limit.saturating_add(OVERRUN_BYTES));
            Body::Shared(share(fetcher, claim, upstream, declared.size, viewers).await?)
        }
    };
    let key =
        StorageKey::media(claim.company_id, claim.message_id, media_id).generation(claim.key_generation);
    end_unfinished(context, claim, &key).await;
    let (staged, sample) = receive(context, body, &key, Bounds { limit, declared }, progress).await?;
    fault::point("fetch.staged");
    Ok(FetchedBody { staged, key, sample, declared })
}

/// Lets viewers read what comes, and reads it like one of them.
async fn share(
    fetcher: &Fetcher,
    claim: &ClaimedDownload,
    upstream: Upstream,
    declared: Option<u64>,
    viewers: Viewers,
) -> Result<Reader, Failure> {
    let file = InboundFile::on_disk(upstream, declared, &fetcher.inbound_files.spools).await?;
    tokio::spawn(leave_disk_with_policy(fetcher.context.clone(), Arc::downgrade(&file), claim.clone()));
    let reader = file.reader().ok_or(Problem::Unavailable)?.of_the_copy();
    // The viewer who asked may have gone; others come, and the file is kept in any case.
    let _ = viewers.send(file);
    Ok(reader)
}

/// Removes a file that viewers read from the disk once the policy is to keep nothing, even if its download has ended and only viewers
/// are left. Changes by this process and, over the relay, by others are signalled; a change in the database alone is seen by the next
/// poll. No change is missed: the version is read before the policy, and awaited after it.
async fn leave_disk_with_policy(context: Context, file: Weak<InboundFile>, claim: ClaimedDownload) {
    loop {
        let generation = context.accounts().generation();
        let account = context.whatsapp().account_of(claim.company_id, claim.account_id).await;
        let Some(file) = file.upgrade() else { return };
        // While the database does not answer, no policy can have changed.
        if account.is_ok_and(|account| !account.policy.keeps_bytes()) {
            return file.leave_disk();
        }
        drop(file);
        let changed = context.accounts().forgotten_since(generation);
        let _ = tokio::time::timeout(POLICY_LOOK, changed).await;
    }
}

/// Where a file's bytes come from.
enum Body {
    Alone(Box<ProviderStream>),
    Shared(Reader),
}

impl Body {
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        match self {
            Self::Alone(stream) => Ok(stream.chunk().await?),
            Self::Shared(reader) => Ok(reader.next().await?),
        }
    }
}

impl From<Error> for Failure {
    /// A database that does not answer is our storage's failure, not the file's. A row that cannot be read, or a secret
    /// that cannot be unsealed, is of this file or its account, and holds up nobody else.
    fn from(cause: Error) -> Self {
        let problem = match cause.code() {
            ErrorCode::StorageError => Problem::StorageError,
            code => Problem::OursAlone(code),
        };
        Self { problem, cause: Some(cause) }
    }
}

/// The webhook's own URL is used for the first attempt only: after a failure, Graph's answer about the file counts more. It is used
/// only if the webhook declared a usable hash; without one Graph is asked, so that the file can be verified.
fn known_url(context: &Context, claim: &ClaimedDownload) -> Option<String> {
    let first = claim.attempts <= 1 && claim.mismatch_count == 0 && claim.sha256.is_some();
    let known_at = [claim.provider_url_at, Some(claim.message_timestamp)];
    provider::young_url(claim.provider_url.as_ref(), known_at, context.now()).filter(|_| first)
}

struct Bounds {
    limit: u64,
    declared: DeclaredContent,
}

impl Bounds {
    fn check(&self, received: u64) -> Result<(), Problem> {
        if received > self.limit {
            return Err(Problem::TooLarge { limit: self.limit, size: received });
        }
        match self.declared.size {
            Some(size) if received > size.saturating_add(OVERRUN_BYTES) => Err(Problem::WrongLength),
            _ => Ok(()),
        }
    }
}

/// Ends the unfinished upload of an earlier owner of the lease, which has lost the right to continue it.
async fn end_unfinished(context: &Context, claim: &ClaimedDownload, key: &StorageKey) {
    if claim.lease.number <= 1 {
        return;
    }
    if let Err(error) = context.storages().primary().end_unfinished(key).await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "an earlier upload could not be ended; the hourly sweep tries again"
        );
    }
}

#[tracing::instrument(level = "debug", skip_all)]
async fn receive(
    context: &Context,
    mut body: Body,
    key: &StorageKey,
    bounds: Bounds,
    progress: &Progress,
) -> Result<(StagedFile, Sample), Failure> {
    let half = progress.expected().unwrap_or(0) / 2;
    let mut upload = context.storages().primary().create(key).await?;
    let mut sample = Sample::default();
    let mut received = 0;
    while let Some(chunk) = body.next().await? {
        let before = received;
        received += chunk.len() as u64;
        bounds.check(received)?;
        sample.add(&chunk);
        upload.write(chunk).await?;
        progress.bytes.store(received, Ordering::Relaxed);
        if before <= half && received > half {
            fault::point("fetch.half");
        }
    }
    context.meters().downloaded_bytes.increment(received);
    sample.end();
    Ok((upload.stage().await?, sample))
}
