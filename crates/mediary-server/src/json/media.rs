use data_encoding::BASE64;
use mediary_core::{
    CompanyId, ConversationId, DownloadStatus, ErrorCode, FileType, Integrity, MediaId, MediaPolicy,
    MessageId, Permission, Role, ScanStatus, Timestamp,
};
use mediary_engine::size_for_people;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Shape, Time, words};

/// The record of one file of a message, whether or not its bytes are here.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MediaFile {
    #[schema(value_type = i64)]
    id: MediaId,
    #[schema(value_type = i64)]
    company_id: CompanyId,
    #[schema(value_type = i64)]
    conversation_id: ConversationId,
    #[schema(value_type = i64)]
    message_id: MessageId,
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
    file_size: i64,
    url: String,
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
    fn shape(row: mediary_store::MediaFile, reader: Role) -> Self {
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
            variants: Vec::new(),
            provider_media_id: row.provider_media_id,
            policy: row.policy,
            download_status: row.download_status,
            download_attempts: row.download_attempts,
            url: match row.part {
                0 => format!("/api/media/messages/{}", row.message_id),
                part => format!("/api/media/messages/{}?part={part}", row.message_id),
            },
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
