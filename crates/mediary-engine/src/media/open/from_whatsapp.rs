//! A file that is not stored: opened at WhatsApp for a viewer, with retries for temporary failures.

use std::sync::Arc;
use std::time::Duration;

use mediary_core::{AccountStatus, Error, ErrorCode, Result, Timestamp};
use mediary_graph::ErrorKind;
use mediary_store::MediaFile;
use tokio::time::Instant;

use super::proxied::ProxiedBody;
use super::view::{Source as From, View};
use super::{FileInfo, OpenedMedia, Opener, Source, describe};
use crate::transit::inbound_file::InboundFile;
use crate::transit::inbound_files::SlotState;
use crate::transit::range::ByteRange;
use crate::transit::upstream::{Origin, Upstream};
use crate::whatsapp::accounts::KnownAccount;
use crate::whatsapp::provider::{self, Carrier, MediaRequest, OpenStream};

/// How often WhatsApp is asked for a viewer while it fails temporarily, and the first wait, which grows fourfold.
pub(super) const TRIES: u32 = 3;
const TRIED_AFTER: Duration = Duration::from_millis(100);
/// How long a viewer waits for an account that WhatsApp throttles.
pub(super) const WAITS_FOR_ACCOUNT: Duration = Duration::from_secs(8);
/// The `Retry-After` of a failure for which WhatsApp gave no time.
const COME_BACK_AFTER: Duration = Duration::from_secs(5);

/// A viewer's request for a file that is not stored.
#[derive(Clone, Copy)]
pub(super) struct ViewerRequest {
    pub(super) range: Option<ByteRange>,
    /// Do not share the transfer of another viewer.
    pub(super) unshared: bool,
    pub(super) began: Instant,
}

impl Opener {
    /// Proxies a file from WhatsApp without storing it. An answer with a part has to name the size of the whole file: if no size was
    /// declared, it is counted first, and if that is impossible the whole file is sent (RFC 9110, section 14.2, allows it). So all
    /// answers about a file name one size.
    pub(super) async fn proxy(&self, record: &MediaFile, asked: ViewerRequest) -> Result<ProxiedBody> {
        let passing = self.proxy_as_declared(record, asked).await?;
        if asked.range.is_none() || passing.total().is_some() {
            return Ok(passing);
        }
        drop(passing);
        let counted = self.counted_size(record).await?;
        let asked = ViewerRequest { range: asked.range.filter(|_| counted.is_some()), ..asked };
        self.proxy_as_declared(record, asked).await
    }

    /// Viewers of the whole file share one transfer, a part is fetched separately.
    async fn proxy_as_declared(&self, record: &MediaFile, asked: ViewerRequest) -> Result<ProxiedBody> {
        if asked.unshared || asked.range.is_some_and(|range| !range.is_whole()) {
            let upstream = self.ask_whatsapp(record, asked.range).await?;
            let view = View::new(record, From::Provider, asked.began);
            return Ok(ProxiedBody::alone(upstream, asked.range.is_some(), view));
        }
        let slot = self.inbound_files.slot(record.company_id, record.id);
        let (mut state, in_line) = slot.enter().await;
        // A file on disk is for downloads that are stored.
        let on_its_way = state.arriving().filter(|file| record.policy.keeps_bytes() || !file.is_on_disk());
        let joined = on_its_way.and_then(|file| Some((file.reader()?, file)));
        let (reader, file, from) = match joined {
            Some((reader, file)) => (reader, file, From::Joined),
            None => {
                if let Some(error) = state.refused_since(asked.began) {
                    return Err(error);
                }
                let upstream = self.ask_whatsapp(record, None).await.inspect_err(|error| {
                    *state = SlotState::Refused(Instant::now(), error.for_another());
                })?;
                let file = InboundFile::in_memory(upstream, &self.inbound_files.held, slot.line());
                *state = SlotState::Inbound(Arc::downgrade(&file));
                let reader =
                    file.reader().ok_or_else(|| Error::new(ErrorCode::Internal, "read a new file"))?;
                (reader, file, From::Provider)
            }
        };
        drop((state, in_line));
        let total = file.total().or_else(|| self.known_size(record));
        let part = asked.range.and_then(|range| range.of(total?));
        let view = View::new(record, from, asked.began);
        Ok(ProxiedBody::shared(reader, slot, part, total, view))
    }

    /// Opens the bytes at WhatsApp, and retries if that may help.
    pub(super) async fn ask_whatsapp(
        &self,
        record: &MediaFile,
        range: Option<ByteRange>,
    ) -> Result<Upstream> {
        provider_id(record)?;
        let account = self.context.whatsapp().account_of_file(record).await?;
        let _asking = self.context.pauses().viewer_asks(account.row.id);
        let until = Instant::now() + WAITS_FOR_ACCOUNT;
        let mut tries = 1;
        loop {
            let account = self.account_for_viewer(record, until).await?;
            let error = match self
                .open_at_whatsapp(record, &account, self.context.whatsapp().carrier(&account)?, range)
                .await
            {
                Ok(upstream) => {
                    self.context.pauses().mark_account_ok(account.row.id);
                    return Ok(upstream);
                }
                Err(error) => error,
            };
            let passes = match error.kind() {
                ErrorKind::Throttled if Instant::now() < until => {
                    self.refused(record, &account, error).await;
                    continue;
                }
                ErrorKind::Unavailable
                | ErrorKind::CutOff
                | ErrorKind::WrongLength
                | ErrorKind::Protocol
                | ErrorKind::StaleUrl => tries < TRIES,
                _ => false,
            };
            if !passes {
                return Err(self.refused(record, &account, error).await);
            }
            tokio::time::sleep(TRIED_AFTER * 4u32.pow(tries - 1)).await;
            tries += 1;
        }
    }

    async fn open_at_whatsapp(
        &self,
        record: &MediaFile,
        account: &KnownAccount,
        carrier: Carrier,
        range: Option<ByteRange>,
    ) -> std::result::Result<Upstream, mediary_graph::Error> {
        let Some(media_id) = record.provider_media_id.as_deref() else {
            return Err(mediary_graph::Error::media_gone());
        };
        let known = (account.row.id, media_id.to_owned());
        if self.gone.contains_key(&known) {
            return Err(mediary_graph::Error::media_gone());
        }
        let remembered = self.urls.get(&known);
        let declared = remembered.as_ref().and_then(|info| info.file_size);
        let declared = declared.or_else(|| expected_size(record)).or_else(|| self.sizes.get(&known)?);
        let known_at = [record.provider_url_at, Some(record.created_at)];
        // Only a declared size shows a short body, so without one Graph is asked.
        let url = match remembered {
            Some(info) => Some(info.url),
            None => provider::young_url(record.provider_url.as_ref(), known_at, self.context.now())
                .filter(|_| declared.is_some()),
        };
        let range_to_ask = range.and_then(|range| range.to_ask(declared));
        let request = MediaRequest { media_id, url, range: range_to_ask };
        let opened: std::result::Result<OpenStream, mediary_graph::Error> =
            carrier.open(request, |_| Ok(())).await;
        let OpenStream { stream, info } = opened.inspect_err(|error| {
            self.urls.invalidate(&known);
            if error.kind() == ErrorKind::MediaGone {
                self.gone.insert(known.clone(), ());
            }
        })?;
        let declared = info.as_ref().and_then(|info| info.file_size).or(declared);
        if let Some(info) = info {
            self.urls.insert(known.clone(), info);
        }
        let origin = Origin { carrier, media_id: media_id.to_owned() };
        let max_bytes = self.context.config().inbound_limits.of(record.file_type);
        Upstream::new(origin, stream, range, declared, max_bytes).inspect_err(|_| {
            self.urls.invalidate(&known);
            self.sizes.invalidate(&known);
        })
    }

    /// Graph's description of a file, without its bytes.
    pub(super) async fn describe_from_whatsapp(&self, record: &MediaFile) -> Result<OpenedMedia> {
        let account = self.account_for_viewer(record, Instant::now() + WAITS_FOR_ACCOUNT).await?;
        let answer = self.context.whatsapp().carrier(&account)?.describe(provider_id(record)?).await;
        let info = match answer {
            Ok(info) => info,
            Err(error) => return Err(self.refused(record, &account, error).await),
        };
        let known = describe(record, false);
        let described = FileInfo {
            size: info.file_size.or(known.size),
            mime_type: info.mime_type.unwrap_or_else(|| known.mime_type.clone()),
            ..known
        };
        Ok(OpenedMedia { info: Arc::new(described), source: Source::Described })
    }

    /// The file's account, once WhatsApp may be asked with it: waits for the end of a pause that is over before `until`.
    pub(super) async fn account_for_viewer(
        &self,
        record: &MediaFile,
        until: Instant,
    ) -> Result<Arc<KnownAccount>> {
        loop {
            let account = self.context.whatsapp().account_of_file(record).await?;
            account.token()?;
            let paused = account.row.paused_until.filter(|until| *until > self.context.now());
            let (Some(ends), AccountStatus::Active) = (paused, account.row.status) else {
                return Ok(account);
            };
            let wait = ends.since(self.context.now());
            if Instant::now() + wait > until {
                let code = ErrorCode::ProviderRateLimited;
                return Err(Error::refused(code, sentence(code)).after(Some(wait)));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// A refusal by WhatsApp to a viewer pauses the account's downloads, too.
    async fn refused(
        &self,
        record: &MediaFile,
        account: &KnownAccount,
        error: mediary_graph::Error,
    ) -> Error {
        let noted = match error.kind() {
            ErrorKind::Unauthorized => self.context.whatsapp().token_refused(account).await,
            ErrorKind::Throttled => self.context.whatsapp().throttled(account, error.retry_after()).await,
            _ => Ok(()),
        };
        if let Err(failed) = noted {
            tracing::error!(
                error = &failed as &dyn std::error::Error,
                "an account's trouble could not be noted"
            );
        }
        match error.kind() {
            ErrorKind::MediaGone => {
                Error::refused(ErrorCode::MediaExpired, forgotten(record, self.context.now())).because(error)
            }
            _ => {
                let wait = error.retry_after().or_else(|| error.retryable().then_some(COME_BACK_AFTER));
                Error::refused(error.code(), sentence(error.code())).after(wait).because(error)
            }
        }
    }
}

/// The error for a viewer of a file that WhatsApp no longer has.
pub(super) fn forgotten(record: &MediaFile, now: Timestamp) -> String {
    let day = record.expires_at.to_offset_date_time().date();
    if record.expires_at <= now {
        format!(
            "WhatsApp kept this file until {day} (UTC) and no longer has it. Ask the sender to send it again."
        )
    } else {
        format!(
            "WhatsApp no longer has this file, though it keeps most until {day} (UTC). Ask the sender to send it again."
        )
    }
}

/// The error for a viewer after a failure, which is not retried for them, unlike that of a download.
fn sentence(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::ProviderUnavailable => {
            "WhatsApp could not be reached or answered with an error. Please try again in a moment."
        }
        ErrorCode::ProviderTimeout => "WhatsApp took too long to answer. Please try again in a moment.",
        ErrorCode::ProviderRateLimited => "WhatsApp asks us to slow down. Please try again a little later.",
        ErrorCode::IntegrityMismatch => {
            "What WhatsApp sent is not the file that it announced. Please try again in a moment."
        }
        ErrorCode::ProviderUnauthorized => {
            "WhatsApp refused the access token. An administrator has to renew it before this file can be seen."
        }
        other => other.sentence(),
    }
}

/// The expected size: for a lost file the one that was counted when it was stored, whatever was declared.
fn expected_size(record: &MediaFile) -> Option<u64> {
    record.file_size.and_then(|size| u64::try_from(size).ok())
}

fn provider_id(record: &MediaFile) -> Result<&str> {
    let id = record.provider_media_id.as_deref();
    id.ok_or_else(|| Error::plain(ErrorCode::MediaExpired))
}
