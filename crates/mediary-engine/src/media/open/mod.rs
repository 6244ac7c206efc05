//! The one way to open a file, from wherever it is: policy, fallback and counting exist once, here.

mod cache;
mod elsewhere;
mod from_whatsapp;
mod keeping;
mod lost;
mod noted;
mod playable;
mod proxied;
mod size;
mod variants;
mod view;

use std::sync::Arc;
use std::time::Duration;

use mediary_blob::{StorageKey, StoredFile};
use mediary_core::{
    AccountId, CompanyId, ConversationId, DownloadStatus, Error, ErrorCode, FileType, MediaId, MessageId,
    Result, ScanStatus, Scope, Sha256, Timestamp, VariantKind, limits,
};
use mediary_formats::{content_disposition, generated_name, name_with_ending, safe_inline};
use mediary_graph::MediaInfo;
use mediary_store::MediaFile;
use metrics::counter;
use moka::sync::Cache;
use tokio::time::Instant;

pub(crate) use self::cache::OpenFiles;
use self::from_whatsapp::{ViewerRequest, forgotten};
use self::keeping::KeptFileView;
pub(crate) use self::lost::found_again;
use self::playable::PlayableFiles;
pub use self::playable::{LentMap, playable_mime_type};
pub use self::proxied::ProxiedBody;
use crate::access::{May, rights};
use crate::base::metrics::STORAGE_READS;
use crate::context::Context;
use crate::media::derive::Deriver;
use crate::media::fetch::Fetcher;
use crate::media::oversized;
use crate::transit::inbound_files::InboundFiles;
use crate::transit::range::ByteRange;

/// The file to open, and how.
#[derive(Clone, Debug)]
pub struct OpenRequest {
    pub target: Target,
    /// A kind of variant from the record; `None` is the file itself.
    pub variant: Option<String>,
    pub wanted: RequestedContent,
}

/// The id by which a file is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A message's own media.
    Message(MessageId),
    /// One of its attachments.
    Attachment(MessageId, u32),
    Media(MediaId),
}

/// What to open of a file that has to come from WhatsApp. A stored file is opened in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestedContent {
    /// Its bytes, or a part of them.
    Bytes { range: Option<ByteRange> },
    /// Only its description; no bytes are fetched.
    Description,
}

/// The description of an opened file.
#[derive(Clone, Debug)]
pub struct FileInfo {
    pub company_id: CompanyId,
    pub media_id: MediaId,
    /// Neither is there of a file in the library.
    pub message_id: Option<MessageId>,
    pub conversation_id: Option<ConversationId>,
    pub file_type: FileType,
    /// To serve it as.
    pub mime_type: String,
    /// For people; never a path.
    pub file_name: String,
    /// Of the stored bytes.
    pub sha256: Option<Sha256>,
    /// Of the stored bytes, or as WhatsApp declares it.
    pub size: Option<u64>,
    pub last_modified: Option<Timestamp>,
    /// Whether the bytes come from our storage. What does not must not be cached by anybody.
    pub stored: bool,
    /// Whether a browser may show it in place.
    pub inline_safe: bool,
    /// Whether it is a variant with bytes of its own in storage, which its hash names for ever. What is made while it is served may be
    /// made in another way by the next version.
    pub is_stored_variant: bool,
}

impl FileInfo {
    /// How a browser shall treat it: shown in place only if that is safe and saving was not requested.
    pub fn content_disposition(&self, save: bool) -> String {
        content_disposition(self.inline_safe && !save, &self.file_name)
    }
}

/// The record of a file that is not stored, as it is when it is looked up for a viewer.
#[derive(Debug)]
struct ViewedFile {
    record: MediaFile,
    info: Arc<FileInfo>,
}

/// An open file.
#[derive(Debug)]
pub struct OpenedMedia {
    pub info: Arc<FileInfo>,
    pub source: Source,
}

/// Where the bytes come from.
#[derive(Debug)]
pub enum Source {
    Stored(StoredFile),
    /// A variant whose bytes are partly those of a stored file.
    Mapped {
        file: StoredFile,
        map: Arc<LentMap>,
    },
    Proxied(Box<ProxiedBody>),
    /// From WhatsApp, but only the description was wanted.
    Described,
    /// A variant that is not there yet.
    BeingMade {
        retry_after: Duration,
    },
}

/// A short-lived cache by account and media id.
type MediaIdCache<T> = Cache<(AccountId, String), T>;

const URLS: u64 = 4096;
const SIZES: u64 = 16_384;
const GONE: u64 = 16_384;
const GONE_TTL: Duration = Duration::from_secs(60);

/// Opens files for people.
#[derive(Debug)]
pub(crate) struct Opener {
    context: Context,
    fetcher: Fetcher,
    inbound_files: Arc<InboundFiles>,
    files: Arc<OpenFiles>,
    /// Graph's latest answers, for viewers who return while the URLs are valid.
    urls: MediaIdCache<MediaInfo>,
    /// Ids that Graph did not know recently, so that it is not asked for each view of an expired file.
    gone: MediaIdCache<()>,
    /// Counted sizes of files without a declared size; `None` for one that is too large to be counted. Cached as long as Graph's
    /// answers: a file that is viewed part by part is counted once.
    sizes: MediaIdCache<Option<u64>>,
    playable: PlayableFiles,
    deriver: Deriver,
}

impl Opener {
    pub(crate) fn new(
        context: Context,
        fetcher: Fetcher,
        inbound_files: Arc<InboundFiles>,
        files: Arc<OpenFiles>,
        deriver: Deriver,
    ) -> Self {
        Self {
            context,
            fetcher,
            deriver,
            inbound_files,
            files,
            urls: remembered(URLS, limits::PROVIDER_URL_TRUST),
            gone: remembered(GONE, GONE_TTL),
            sizes: remembered(SIZES, limits::PROVIDER_URL_TRUST),
            playable: PlayableFiles::default(),
        }
    }

    /// Opens a file for somebody who may see it: from storage, or from WhatsApp as the policy says.
    pub(crate) async fn open(&self, may: &May<rights::Read>, request: OpenRequest) -> Result<OpenedMedia> {
        let Some(kind) = &request.variant else { return self.open_file(may, request).await };
        let kind: VariantKind = kind.parse().map_err(|_| no_such_kind())?;
        let scope = may.caller().scope();
        let target = self.named(&scope, request.target).await?;
        if kind == VariantKind::Playable {
            // A file that is not stored is only described, and so not fetched for nothing.
            let stored = OpenRequest { target, variant: None, wanted: RequestedContent::Description };
            let original = self.open_file(may, stored).await?;
            // A video that browsers cannot play is converted once and stored, as a picture is.
            if playable_mime_type(&original.info.mime_type).is_some()
                && let Some(opened) = self.playable.of(original).await?
            {
                return Ok(opened);
            }
        }
        self.open_derived(&scope, target, kind).await
    }

    async fn open_file(&self, may: &May<rights::Read>, request: OpenRequest) -> Result<OpenedMedia> {
        let began = Instant::now();
        self.context.meters().viewed.increment(1);
        let (company, scope) = (may.caller().company_id, may.caller().scope());
        let target = self.named(&scope, request.target).await?;
        // The cache is per company: whether this caller may see the file is checked each time.
        if let Some(hit) = self.files.recent(company, target) {
            refuse_unseen(&scope, hit.info.conversation_id)?;
            self.context.meters().storage_hit.increment(1);
            return Ok(hit);
        }
        let viewed = match self.files.proxied(company, target, self.context.accounts().generation()) {
            Some(viewed) => viewed,
            None => self.viewed(&scope, target).await?,
        };
        let record = &viewed.record;
        refuse_unseen(&scope, record.conversation_id)?;
        if record.policy.keeps_bytes() || record.download_status != DownloadStatus::Pending {
            return self.open_record(record.clone(), request.wanted, began).await;
        }
        refuse_withheld(record)?;
        let source = match request.wanted {
            RequestedContent::Description => Source::Described,
            RequestedContent::Bytes { range } => {
                let asked = ViewerRequest { range, unshared: false, began };
                Source::Proxied(Box::new(self.proxy(record, asked).await?))
            }
        };
        Ok(OpenedMedia { info: viewed.info.clone(), source })
    }

    /// Attachments are cached by their own ids only, so that the removal of a message's media need not know how many it has.
    async fn named(&self, scope: &Scope, target: Target) -> Result<Target> {
        let Target::Attachment(message, part) = target else { return Ok(target) };
        let record = self.context.store().media_by_part(scope, message, part).await?;
        Ok(Target::Media(record.ok_or_else(no_such_file)?.id))
    }

    /// The record of a file to open, with its current policy.
    async fn viewed(&self, scope: &Scope, target: Target) -> Result<Arc<ViewedFile>> {
        let accounts = self.context.accounts().generation();
        let mut record = self.record_of(scope, target).await?;
        record.policy = self.context.whatsapp().policy_of(&record).await?;
        tracing::info!(
            company.id = record.company_id.0,
            message.id = record.message_id.map(|id| id.0),
            media.id = record.id.0,
            "media_viewed"
        );
        let viewed = Arc::new(ViewedFile { info: Arc::new(describe(&record, false)), record });
        let record = &viewed.record;
        if !record.policy.keeps_bytes() && record.download_status == DownloadStatus::Pending {
            self.files.remember_proxied(target, &viewed, accounts);
        }
        Ok(viewed)
    }

    async fn record_of(&self, scope: &Scope, target: Target) -> Result<MediaFile> {
        let record = match target {
            Target::Media(id) => self.context.store().media(scope, id).await?,
            Target::Message(id) => self.context.store().media_by_message(scope, id).await?,
            Target::Attachment(id, part) => self.context.store().media_by_part(scope, id, part).await?,
        };
        record.ok_or_else(no_such_file)
    }

    /// Opens a file by WhatsApp's id for it, always from WhatsApp, without storing it; with `unshared`, also without sharing the
    /// transfer with other viewers.
    pub(crate) async fn open_from_provider(
        &self,
        may: &May<rights::Read>,
        provider_media_id: &str,
        wanted: RequestedContent,
        unshared: bool,
    ) -> Result<OpenedMedia> {
        let began = Instant::now();
        self.context.meters().viewed.increment(1);
        let record =
            self.context.store().media_by_provider_id(&may.caller().scope(), provider_media_id).await?;
        let record = record.ok_or_else(|| Error::not_found("there is no media file with this id"))?;
        refuse_withheld(&record)?;
        match wanted {
            RequestedContent::Bytes { range } => {
                let asked = ViewerRequest { range, unshared, began };
                Ok(proxied(&record, self.proxy(&record, asked).await?))
            }
            RequestedContent::Description => self.describe_from_whatsapp(&record).await,
        }
    }

    async fn open_record(
        &self,
        mut record: MediaFile,
        wanted: RequestedContent,
        began: Instant,
    ) -> Result<OpenedMedia> {
        refuse_withheld(&record)?;
        if let Some(opened) = self.open_stored(&record).await? {
            return Ok(opened);
        }
        if record.download_status == DownloadStatus::Completed {
            record = self.lost(record).await?;
        } else if let Some(found) = found_again(&self.context, &self.files, &record).await?
            && let Some(opened) = self.open_stored(&found).await?
        {
            return Ok(opened);
        }
        if lost::is_given_up(&record) && oversized::is_allowed_now(&self.context, &record) {
            record = self.allow_oversized(record).await?;
        }
        // It was read again, and may have been deleted meanwhile.
        refuse_withheld(&record)?;
        if lost::is_given_up(&record) {
            return Err(not_to_be_had(&record, self.context.now()));
        }
        let range = match wanted {
            RequestedContent::Description => return Ok(described(&record)),
            RequestedContent::Bytes { range } => range,
        };
        let asked = ViewerRequest { range, unshared: false, began };
        if record.policy.keeps_bytes() {
            let stored = match self.proxy_and_keep(&record, asked).await? {
                KeptFileView::Proxied(opened) => return Ok(opened),
                KeptFileView::Stored(stored) => Some(*stored),
                KeptFileView::Elsewhere => self.wait_for_download(&record).await?,
            };
            if let Some(stored) = stored
                && let Some(opened) = self.open_stored(&stored).await?
            {
                return Ok(opened);
            }
        }
        Ok(proxied(&record, self.proxy(&record, asked).await?))
    }

    /// The record of a file that another limit had refused, after it was queued.
    async fn allow_oversized(&self, record: MediaFile) -> Result<MediaFile> {
        let (company, policy) = (record.company_id, record.policy);
        oversized::allow_one(&self.context, &record).await?;
        let now = self.context.store().media(&Scope::system(company), record.id).await?;
        Ok(MediaFile { policy, ..now.ok_or_else(no_such_file)? })
    }

    /// The stored file of a record; `None` if there is none, or storage no longer has it.
    async fn open_stored(&self, record: &MediaFile) -> Result<Option<OpenedMedia>> {
        let (Some(backend), Some(key), Some(sha256)) =
            (record.storage_backend, &record.storage_key, record.sha256)
        else {
            return Ok(None);
        };
        if record.download_status != DownloadStatus::Completed {
            return Ok(None);
        }
        let storage = match self.context.storages().of(backend) {
            Ok(storage) => storage,
            // The file may still be in storage, so the record stays as it is; meanwhile it can be opened at WhatsApp.
            Err(error) if record.expires_at <= self.context.now() => return Err(error.into()),
            Err(_) => return Ok(None),
        };
        let key: StorageKey = key.parse()?;
        let file = match self.files.kept(record, &key, &sha256) {
            Some(file) => file,
            None => match storage.open(&key).await {
                // An empty file is no file: there is nothing to lose by fetching it again.
                Ok(file) if file.size() == 0 => return Ok(missed()),
                Ok(file) => file,
                Err(error) if error.kind() == mediary_blob::ErrorKind::NotFound => return Ok(missed()),
                Err(error) => return Err(error.into()),
            },
        };
        if i64::try_from(file.size()).ok() != record.stored_size {
            return lost::other_size(record, &file, self.context.now()).map_or(Ok(None), Err);
        }
        if !self.note_view(record).await? {
            return Err(deleted());
        }
        self.context.meters().storage_hit.increment(1);
        let info = Arc::new(FileInfo { size: Some(file.size()), ..describe(record, true) });
        self.files.remember(record, &key, &sha256, &info, &file);
        Ok(Some(OpenedMedia { info, source: Source::Stored(file) }))
    }
}

fn remembered<T: Clone + Send + Sync + 'static>(capacity: u64, ttl: Duration) -> MediaIdCache<T> {
    Cache::builder().max_capacity(capacity).time_to_live(ttl).build()
}

/// The same answer as for a missing file: it must not reveal what exists.
fn refuse_unseen(scope: &Scope, conversation: Option<ConversationId>) -> Result<()> {
    if scope.sees_file_of(conversation) { Ok(()) } else { Err(no_such_file()) }
}

fn no_such_file() -> Error {
    Error::not_found("there is no such media file")
}

fn deleted() -> Error {
    Error::plain(ErrorCode::MediaDeleted)
}

fn missed() -> Option<OpenedMedia> {
    counter!(STORAGE_READS, "result" => "miss").increment(1);
    None
}

fn refuse_withheld(record: &MediaFile) -> Result<()> {
    if !record.is_active {
        return Err(match (record.deletion_reason, &record.last_error) {
            (Some(_), Some(sentence)) => Error::refused(ErrorCode::MediaDeleted, sentence.clone()),
            _ => deleted(),
        });
    }
    if record.scan_status == ScanStatus::Quarantined {
        return Err(Error::plain(ErrorCode::MediaQuarantined));
    }
    Ok(())
}

/// The error for a file that cannot be opened, according to its record.
fn not_to_be_had(record: &MediaFile, now: Timestamp) -> Error {
    let code = record.last_error_code.unwrap_or(ErrorCode::ProviderUnavailable);
    if code == ErrorCode::MediaExpired {
        return Error::refused(code, forgotten(record, now));
    }
    let wait = record.next_attempt_at.map(|next| next.since(now));
    let error = match &record.last_error {
        Some(detail) => Error::refused(code, detail.clone()),
        None => Error::plain(code),
    };
    error.after(wait)
}

fn proxied(record: &MediaFile, passing: ProxiedBody) -> OpenedMedia {
    OpenedMedia { info: Arc::new(describe(record, false)), source: Source::Proxied(Box::new(passing)) }
}

fn described(record: &MediaFile) -> OpenedMedia {
    OpenedMedia { info: Arc::new(describe(record, false)), source: Source::Described }
}

pub(crate) fn describe(record: &MediaFile, stored: bool) -> FileInfo {
    let mime_type = served_type(record);
    let named = record.file_name.clone().filter(|name| !name.trim().is_empty());
    let proved = record.detected_mime_type.is_some();
    let file_name = match named {
        Some(name) => name_with_ending(&name, &mime_type, proved),
        None => generated_name(record.file_type, record.created_at, None, Some(&mime_type)),
    };
    FileInfo {
        company_id: record.company_id,
        media_id: record.id,
        message_id: record.message_id,
        conversation_id: record.conversation_id,
        file_type: record.file_type,
        inline_safe: safe_inline(&mime_type),
        mime_type,
        file_name,
        sha256: record.sha256.filter(|_| stored),
        size: record.file_size.and_then(|size| u64::try_from(size).ok()),
        last_modified: record.stored_at.filter(|_| stored),
        stored,
        is_stored_variant: false,
    }
}

/// The type to serve: the one detected from the bytes; if the declared one agrees, the declared one with its parameters.
fn served_type(record: &MediaFile) -> String {
    let declared = record.mime_type.as_deref();
    let bare = |mime: &str| mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match (&record.detected_mime_type, declared) {
        (Some(detected), Some(declared)) if bare(declared) == *detected => declared.to_owned(),
        (Some(detected), _) => detected.clone(),
        (None, Some(declared)) => declared.to_owned(),
        (None, None) => "application/octet-stream".to_owned(),
    }
}
fn no_such_kind() -> Error {
    let kinds: Vec<_> = VariantKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let kinds = kinds.join(", ");
    Error::refused(ErrorCode::NotFound, format!("there is no such kind of variant; the kinds are {kinds}"))
}
