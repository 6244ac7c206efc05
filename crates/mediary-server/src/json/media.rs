use data_encoding::BASE64;
use mediary_core::{
    CompanyId, ConversationId, DownloadStatus, ErrorCode, FileType, Integrity, MediaId, MediaPolicy,
    MessageId, Permission, ScanStatus, Sha256, Timestamp, VariantKind,
};
use mediary_engine::{playable_mime_type, size_for_people};
use mediary_store::DerivationResult;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Reader, Shape, Time, words};

/// Characters of a hash in the URL of a variant.
const VERSION_CHARS: usize = 16;

/// The record of one file of a message, or of the library, whether or not its bytes are here.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MediaFile {
    #[schema(value_type = i64)]
    id: MediaId,
    #[schema(value_type = i64)]
    company_id: CompanyId,
    /// Null of a file in the library, as is `messageId`.
    #[schema(required, value_type = Option<i64>)]
    conversation_id: Option<ConversationId>,
    #[schema(required, value_type = Option<i64>)]
    message_id: Option<MessageId>,
    /// Zero is the message's own media, higher ones are its attachments.
    part: u32,
    /// Under which key the bytes are stored.
    #[schema(required)]
    file_key: Option<String>,
    #[schema(required)]
    file_name: Option<String>,
    /// Where the bytes are stored; only for admins.
    #[schema(required)]
    file_url: Option<String>,
    /// Declared by WhatsApp until the file is stored, then counted.
    #[schema(required)]
    file_size: Option<i64>,
    #[schema(value_type = words::FileType)]
    file_type: FileType,
    /// As WhatsApp declared it.
    #[schema(required)]
    mime_type: Option<String>,
    /// By the first bytes.
    #[schema(required)]
    detected_mime_type: Option<String>,
    /// In hex; declared by WhatsApp until the file is stored, then counted.
    #[schema(required)]
    sha256: Option<String>,
    /// Whether it is a voice note.
    voice: bool,
    animated: bool,
    #[schema(required)]
    width: Option<i64>,
    #[schema(required)]
    height: Option<i64>,
    #[schema(required)]
    duration_ms: Option<i64>,
    /// A tiny blurred preview, in base64.
    #[schema(required)]
    thumbhash: Option<String>,
    #[schema(required, value_type = Option<words::Integrity>)]
    integrity: Option<Integrity>,
    #[schema(value_type = words::ScanStatus)]
    scan_status: ScanStatus,
    /// When it expires at WhatsApp.
    #[schema(value_type = Time)]
    expires_at: Timestamp,
    /// False once it was deleted.
    is_active: bool,
    variants: Vec<Variant>,
    /// Why nothing more could be made of it.
    #[schema(required)]
    variants_error: Option<String>,
    /// Pages of a document.
    #[schema(required)]
    pages: Option<u32>,
    /// The people on a contact card, at most 50.
    names: Vec<String>,
    /// What browsers may be unable to play, like "HEVC".
    #[schema(required)]
    unplayable: Option<String>,
    #[schema(required)]
    provider_media_id: Option<String>,
    /// The policy under which it was stored or, if it is not, waits.
    #[schema(value_type = words::MediaPolicy)]
    policy: MediaPolicy,
    #[schema(value_type = words::DownloadStatus)]
    download_status: DownloadStatus,
    download_attempts: i64,
    #[schema(required)]
    last_error: Option<DownloadError>,
    /// Where the bytes are read.
    url: String,
    #[schema(required, value_type = Option<Time>)]
    stored_at: Option<Timestamp>,
    #[schema(value_type = Time)]
    created_at: Timestamp,
    #[schema(value_type = Time)]
    updated_at: Timestamp,
}

/// Something derived from a file, such as a thumbnail.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Variant {
    kind: String,
    mime_type: String,
    #[schema(required)]
    width: Option<i64>,
    #[schema(required)]
    height: Option<i64>,
    /// Null where it is made while it is served.
    #[schema(required)]
    file_size: Option<i64>,
    url: String,
}

impl Variant {
    /// What can be opened of a stored file besides itself.
    fn all(row: &mediary_store::MediaFile, derived: Option<&DerivationResult>, url: &str) -> Vec<Self> {
        if !row.is_active || row.download_status != DownloadStatus::Completed {
            return Vec::new();
        }
        let stored = derived.into_iter().flat_map(|derived| &derived.variants);
        let is_playable = derived.is_some_and(|derived| {
            // Where nothing is missing: the worker has tried the same that the server does. What would have to be encoded again is
            // stored, or there is none.
            derived.is_finished && derived.error.is_none() && derived.unplayable.is_none()
        });
        let made_while_served =
            row.detected_mime_type.as_deref().filter(|_| is_playable).and_then(playable_mime_type);
        stored
            .map(|variant| Self::stored(variant, url))
            .chain(made_while_served.map(|mime_type| Self::made_while_served(mime_type, url)))
            .collect()
    }

    fn stored(variant: &mediary_store::Variant, url: &str) -> Self {
        Self {
            kind: variant.kind.as_str().to_owned(),
            mime_type: variant.mime_type.clone(),
            width: variant.width,
            height: variant.height,
            file_size: i64::try_from(variant.file_size).ok(),
            // Another variant of this kind has another URL, so that this one can be kept for ever.
            url: format!("{}&v={}", url_of(variant.kind, url), version(&variant.sha256)),
        }
    }

    fn made_while_served(mime_type: &str, url: &str) -> Self {
        Self {
            kind: VariantKind::Playable.as_str().to_owned(),
            mime_type: mime_type.to_owned(),
            width: None,
            height: None,
            file_size: None,
            url: url_of(VariantKind::Playable, url),
        }
    }
}

fn url_of(kind: VariantKind, url: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}variant={kind}")
}

/// What tells variants of one kind of one file apart.
pub(crate) fn version(sha256: &Sha256) -> String {
    sha256.to_string().chars().take(VERSION_CHARS).collect()
}

/// Why the last download of a file did not work. There is none while the file waits or is downloaded.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DownloadError {
    #[schema(value_type = words::ErrorCode)]
    code: ErrorCode,
    message: String,
    retryable: bool,
    /// When it is tried again by itself.
    #[schema(required, value_type = Option<Time>)]
    next_attempt_at: Option<Timestamp>,
}

impl Shape<mediary_store::MediaFile> for MediaFile {
    fn shape(row: mediary_store::MediaFile, reader: &Reader) -> Self {
        let url = match (row.message_id, row.part) {
            (Some(message), 0) => format!("/api/media/messages/{message}"),
            (Some(message), part) => format!("/api/media/messages/{message}?part={part}"),
            (None, _) => format!("/api/media/{}/file", row.id),
        };
        let derived = reader.derived(row.id);
        let variants = Variant::all(&row, derived, &url);
        Self {
            id: row.id,
            company_id: row.company_id,
            conversation_id: row.conversation_id,
            message_id: row.message_id,
            part: row.part,
            last_error: DownloadError::of(&row),
            file_size: size_for_people(&row),
            file_key: row.storage_key,
            file_name: row.file_name,
            file_url: row.file_url.filter(|_| reader.may(Permission::SeeStorageLocation)),
            file_type: row.file_type,
            mime_type: row.mime_type,
            detected_mime_type: row.detected_mime_type,
            sha256: row.sha256.or(row.declared_sha256).map(|hash| hash.to_string()),
            voice: row.voice,
            animated: row.animated,
            width: row.width,
            height: row.height,
            duration_ms: row.duration_ms,
            thumbhash: row.thumbhash.map(|hash| BASE64.encode(&hash)),
            integrity: row.integrity,
            scan_status: row.scan_status,
            expires_at: row.expires_at,
            is_active: row.is_active,
            variants,
            variants_error: derived.and_then(|derived| derived.error.clone()),
            pages: derived.and_then(|derived| derived.pages),
            names: derived.map_or_else(Vec::new, |derived| derived.names.clone()),
            unplayable: derived.and_then(|derived| derived.unplayable.clone()),
            provider_media_id: row.provider_media_id,
            policy: row.policy,
            download_status: row.download_status,
            download_attempts: row.download_attempts,
            url,
            stored_at: row.stored_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl DownloadError {
    fn of(row: &mediary_store::MediaFile) -> Option<Self> {
        let code = row.last_error_code?;
        Some(Self {
            code,
            message: row.last_error.clone().unwrap_or_else(|| code.sentence().to_owned()),
            retryable: row.last_error_retryable,
            next_attempt_at: row.next_attempt_at.filter(|_| row.last_error_retryable),
        })
    }
}

/// How far a download has come.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MediaStatus {
    #[schema(value_type = words::DownloadStatus)]
    status: DownloadStatus,
    /// From 0 to 1; null while the size is not known.
    #[schema(required)]
    progress: Option<f64>,
    bytes_downloaded: u64,
    #[schema(required)]
    file_size: Option<u64>,
    #[schema(required)]
    error: Option<StatusError>,
}

/// Why a download failed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusError {
    #[schema(value_type = words::ErrorCode)]
    code: ErrorCode,
    message: String,
    retryable: bool,
    /// When it is tried again by itself.
    #[schema(required)]
    retry_after_seconds: Option<u64>,
}

impl From<mediary_engine::MediaStatus> for MediaStatus {
    fn from(status: mediary_engine::MediaStatus) -> Self {
        Self {
            status: status.status,
            progress: status.progress,
            bytes_downloaded: status.bytes_downloaded,
            file_size: status.file_size,
            error: status.error.map(|error| StatusError {
                code: error.code,
                message: error.code.sentence().to_owned(),
                retryable: error.retryable,
                retry_after_seconds: error
                    .retry_after
                    .map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0)),
            }),
        }
    }
}
