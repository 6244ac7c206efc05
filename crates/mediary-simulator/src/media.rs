//! The media that exists: what it is, whose it is, and until when WhatsApp would keep it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use mediary_core::{Sha256, Timestamp};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use crate::content::{Content, GeneratedContent, head_of};
use crate::counters::MediaCounters;
use crate::error::{Error, ErrorKind};
use crate::samples;

/// Media files, at most.
const MEDIA: usize = 1_000_000;
/// Bytes of media in memory, at most. Made-up content and files take none.
const MEDIA_BYTES_IN_MEMORY: u64 = 2 * 1024 * 1024 * 1024;
/// How long WhatsApp keeps what a webhook announced.
pub const WEBHOOK_MEDIA_LIFE: Duration = mediary_core::limits::PROVIDER_MEDIA_LIFE;
/// Where media came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Customer,
    /// By the business. What is misnamed ends like a file of another kind, which WhatsApp minds only when it is sent.
    Uploaded {
        file_name: Option<String>,
        misnamed: bool,
    },
}

impl Origin {
    pub(crate) fn is_misnamed(&self) -> bool {
        matches!(self, Self::Uploaded { misnamed: true, .. })
    }
}

/// How long WhatsApp keeps what was uploaded.
pub const UPLOADED_MEDIA_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a temporary URL works; two real ones were measured at 302 and 303 seconds.
pub const URL_LIFE: Duration = Duration::from_secs(302);

/// Media to make: one of `bytes`, `text`, `generate`, `file` and `sample`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MediaSpec {
    /// The content in base64.
    #[serde(with = "base64_bytes", skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Bytes>,
    /// The content as a text.
    pub text: Option<String>,
    /// Made-up content of any size, which takes no memory.
    pub generate: Option<Generate>,
    /// A file on the simulator's machine.
    pub file: Option<PathBuf>,
    /// One of the built-in samples.
    pub sample: Option<String>,
    /// A sample knows its own; else `application/octet-stream`.
    pub mime_type: Option<String>,
    /// The account it belongs to; the first one if not given.
    pub phone_number_id: Option<String>,
}

/// Content that follows from a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Generate {
    pub size: u64,
    #[serde(default)]
    pub seed: u64,
}

impl MediaSpec {
    pub fn bytes(bytes: impl Into<Bytes>, mime_type: impl Into<String>) -> Self {
        Self { bytes: Some(bytes.into()), mime_type: Some(mime_type.into()), ..Self::default() }
    }

    pub fn generated(size: u64, seed: u64, mime_type: impl Into<String>) -> Self {
        let generate = Some(Generate { size, seed });
        Self { generate, mime_type: Some(mime_type.into()), ..Self::default() }
    }

    pub fn sample(name: impl Into<String>) -> Self {
        Self { sample: Some(name.into()), ..Self::default() }
    }

    #[must_use]
    pub fn of(mut self, phone_number_id: impl Into<String>) -> Self {
        self.phone_number_id = Some(phone_number_id.into());
        self
    }

    /// The content and its type.
    pub(crate) async fn content(&self) -> Result<(Content, String), Error> {
        let given = [
            self.bytes.is_some(),
            self.text.is_some(),
            self.generate.is_some(),
            self.file.is_some(),
            self.sample.is_some(),
        ];
        if given.into_iter().filter(|given| *given).count() != 1 {
            return Err(Error::invalid("media needs exactly one of bytes, text, generate, file and sample"));
        }
        let mime = self.mime_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
        if let Some(name) = &self.sample {
            let sample = samples::find(name)?;
            return Ok((Content::Sample(sample.content), self.mime_type.clone().unwrap_or(sample.mime_type)));
        }
        if let Some(path) = &self.file {
            let found = tokio::fs::metadata(path).await;
            let found = found.map_err(|error| Error::io(format!("cannot read {}", path.display()), error))?;
            return Ok((Content::File { path: path.clone(), size: found.len() }, mime));
        }
        if let Some(Generate { size, seed }) = self.generate {
            return Ok((Content::Generated(GeneratedContent { size, seed, head: head_of(&mime) }), mime));
        }
        let text = || Bytes::from(self.text.clone().unwrap_or_default());
        Ok((Content::Memory(self.bytes.clone().unwrap_or_else(text)), mime))
    }
}

/// Media as the control API and the library show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaRecord {
    pub id: String,
    pub phone_number_id: String,
    pub mime_type: String,
    pub file_size: u64,
    /// Hexadecimal, as Graph answers it.
    pub sha256: String,
    pub expires_at: Timestamp,
    /// Uploaded by a business rather than sent by a customer.
    pub uploaded: bool,
    /// The name of the upload's part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    pub deleted: bool,
}

/// One media file.
#[derive(Debug)]
pub(crate) struct Media {
    pub(crate) id: String,
    pub(crate) phone_number_id: String,
    pub(crate) mime_type: String,
    pub(crate) sha256: Sha256,
    pub(crate) content: Content,
    pub(crate) expires_at: Timestamp,
    pub(crate) origin: Origin,
    pub(crate) deleted: AtomicBool,
    pub(crate) counters: MediaCounters,
}

impl Media {
    pub(crate) fn size(&self) -> u64 {
        self.content.size()
    }

    /// Whether WhatsApp still has it.
    pub(crate) fn is_there(&self, now: Timestamp) -> bool {
        !self.deleted.load(Ordering::Acquire) && now < self.expires_at
    }

    pub(crate) fn record(&self) -> MediaRecord {
        MediaRecord {
            id: self.id.clone(),
            phone_number_id: self.phone_number_id.clone(),
            mime_type: self.mime_type.clone(),
            file_size: self.size(),
            sha256: self.sha256.to_string(),
            expires_at: self.expires_at,
            uploaded: matches!(self.origin, Origin::Uploaded { .. }),
            file_name: match &self.origin {
                Origin::Uploaded { file_name, .. } => file_name.clone(),
                Origin::Customer => None,
            },
            deleted: self.deleted.load(Ordering::Acquire),
        }
    }
}

#[derive(Debug, Default)]
struct Shelves {
    media: HashMap<String, Arc<Media>>,
    bytes_in_memory: u64,
}

/// All media of a simulator.
#[derive(Debug, Default)]
pub(crate) struct MediaShelf(RwLock<Shelves>);

impl MediaShelf {
    pub(crate) fn add(&self, media: Media) -> Result<Arc<Media>, Error> {
        let mut shelves = self.0.write();
        let held = shelves.bytes_in_memory + media.content.held();
        if shelves.media.len() >= MEDIA || held > MEDIA_BYTES_IN_MEMORY {
            let room = format!("no room: at most {MEDIA} media and {MEDIA_BYTES_IN_MEMORY} bytes in memory");
            return Err(Error::new(ErrorKind::Full, room));
        }
        let media = Arc::new(media);
        shelves.bytes_in_memory = held;
        shelves.media.insert(media.id.clone(), Arc::clone(&media));
        Ok(media)
    }

    pub(crate) fn find(&self, id: &str) -> Option<Arc<Media>> {
        self.0.read().media.get(id).cloned()
    }

    /// Every media file, oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Media>> {
        let shelves = self.0.read();
        let mut all: Vec<_> = shelves.media.values().cloned().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }
}

mod base64_bytes {
    use bytes::Bytes;
    use data_encoding::BASE64;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &Option<Bytes>, serializer: S) -> Result<S::Ok, S::Error> {
        bytes.as_ref().map(|bytes| BASE64.encode(bytes)).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let decode = |text: String| BASE64.decode(text.as_bytes()).map(Bytes::from);
        text.map(decode).transpose().map_err(|_| de::Error::custom("bytes must be base64"))
    }
}
