//! `manifest.json`: what is in an archive, and what is missing and why.

use bytes::Bytes;
use mediary_core::{DownloadStatus, ErrorCode, MediaId, MediaPolicy, MessageId, ScanStatus, Timestamp};
use mediary_store::MediaFile;
use serde::Serialize;

use super::PlannedFile;

#[derive(Debug, Default, Serialize)]
pub(super) struct Manifest {
    pub(super) files: Vec<WrittenFile>,
    pub(super) missing: Vec<MissingFile>,
}

impl Manifest {
    /// The same for the same content, for the archive's tag is made of it.
    pub(super) fn to_bytes(&self) -> Bytes {
        let mut bytes = serde_json::to_vec_pretty(self).expect("words and numbers are JSON");
        bytes.push(b'\n');
        bytes.into()
    }
}

/// A file of the archive.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrittenFile {
    name: String,
    size: u64,
    sha256: String,
    media_id: MediaId,
    message_id: Option<MessageId>,
    part: u32,
    time: Timestamp,
}

impl WrittenFile {
    pub(super) fn of(record: &MediaFile, planned: &PlannedFile, name: String, at: Timestamp) -> Self {
        Self {
            name,
            size: planned.size,
            sha256: planned.sha256.to_string(),
            media_id: record.id,
            message_id: record.message_id,
            part: record.part,
            time: at,
        }
    }
}

/// A file that is not in the archive.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MissingFile {
    /// With the size none of a deleted file: a link to the archive may be in anybody's hands.
    name: Option<String>,
    size: Option<i64>,
    media_id: MediaId,
    message_id: Option<MessageId>,
    part: u32,
    time: Timestamp,
    reason: Reason,
}

#[derive(Debug, Serialize)]
struct Reason {
    /// That of an answer for the file, or `not_kept` or `not_here_yet`.
    code: &'static str,
    message: String,
}

impl MissingFile {
    pub(super) fn of(record: &MediaFile, name: String, at: Timestamp) -> Self {
        Self {
            name: record.is_active.then_some(name),
            size: record.file_size.filter(|_| record.is_active),
            media_id: record.id,
            message_id: record.message_id,
            part: record.part,
            time: at,
            reason: Reason::of(record),
        }
    }
}

impl Reason {
    fn of(record: &MediaFile) -> Self {
        let of_code = |code: ErrorCode, words: Option<&String>| Self {
            code: code.as_str(),
            message: words.map_or_else(|| code.sentence().to_owned(), Clone::clone),
        };
        if !record.is_active {
            let why = record.last_error.as_ref().filter(|_| record.deletion_reason.is_some());
            return of_code(ErrorCode::MediaDeleted, why);
        }
        if record.scan_status == ScanStatus::Quarantined {
            return of_code(ErrorCode::MediaQuarantined, None);
        }
        if let Some(code) = record.last_error_code {
            return of_code(code, record.last_error.as_ref());
        }
        let (code, message) = match (record.download_status, record.policy) {
            (DownloadStatus::Pending, MediaPolicy::Stream) => {
                ("not_kept", "The policy `stream` keeps no files; open it to see it.")
            }
            (DownloadStatus::Pending, MediaPolicy::OnView) => {
                ("not_kept", "The policy `on_view` keeps a file once somebody has looked at it.")
            }
            _ => ("not_here_yet", "Its download has not ended; try again later."),
        };
        Self { code, message: message.to_owned() }
    }
}
