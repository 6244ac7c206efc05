//! A file that somebody sends, on its way into storage: hashed and looked at while it comes, whole or not there at all.
//!
//! What a client breaks off is in a temporary file, which goes with it or with the next sweep. Before a whole file gets its name, its key
//! is reserved in the trash, and the message that names it takes the reservation away: so whatever a process leaves behind between the
//! two has an entry that deletes it.

use bytes::Bytes;
use mediary_blob::{StagedFile, StorageKey, Upload, UploadedFile};
use mediary_core::{CompanyId, Error, ErrorCode, FileType, Result, StorageBackend, limits};
use mediary_formats::{ProvedContent, Sample};
use mediary_graph::outgoing::accepted_type;

use super::conversions::kind_once_converted;
use crate::base::fault;
use crate::base::work::Work;
use crate::context::Context;

/// The largest file that WhatsApp takes of any kind.
pub(super) const MAX_BYTES: u64 = limits::outbound_file_bytes(FileType::Document, false);

/// Takes the bytes of a file.
#[derive(Debug)]
pub struct FileUpload {
    context: Context,
    company: CompanyId,
    upload: Upload,
    key: StorageKey,
    sample: Sample,
    received: u64,
}

/// A whole file that no message names yet. Dropping it removes it.
#[derive(Debug)]
pub struct ReceivedFile {
    pub(super) staged: StagedFile,
    pub(super) company: CompanyId,
    pub(super) backend: StorageBackend,
    pub(super) key: StorageKey,
    pub(super) content: ProvedContent,
}

/// A whole file under its key, which is reserved until a message names it. Dropping it gives the key up, unless one does by then.
#[derive(Debug)]
pub(super) struct StoredUpload {
    context: Context,
    pub(super) company: CompanyId,
    pub(super) backend: StorageBackend,
    pub(super) key: StorageKey,
    pub(super) content: ProvedContent,
    pub(super) stored: UploadedFile,
    is_named: bool,
}

/// A file that WhatsApp takes, wherever it is by now.
#[derive(Debug)]
pub(super) enum SendableFile {
    Received(ReceivedFile),
    Stored(StoredUpload),
}

impl FileUpload {
    pub(crate) async fn begin(context: &Context, company: CompanyId) -> Result<Self> {
        let storage = context.storages().primary();
        let key = StorageKey::upload(company, context.now());
        let upload = storage.create(&key).await?;
        let context = context.clone();
        Ok(Self { context, company, upload, key, sample: Sample::default(), received: 0 })
    }

    /// Takes the next bytes of the file.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.received += bytes.len() as u64;
        if self.received > MAX_BYTES {
            return Err(Error::refused(
                ErrorCode::PayloadTooLarge,
                format!("the file has more than {MAX_BYTES} bytes, the most that WhatsApp takes of any kind"),
            )
            .in_field("file"));
        }
        self.sample.add(&bytes);
        Ok(self.upload.write(bytes).await?)
    }

    /// Ends the file: all its bytes were written.
    pub async fn end(self) -> Result<ReceivedFile> {
        let Self { context, company, upload, key, mut sample, .. } = self;
        sample.end();
        let backend = context.storages().primary().backend();
        let (staged, content) = (upload.stage().await?, ProvedContent::of(&sample));
        Ok(ReceivedFile { staged, company, backend, key, content })
    }
}

impl ReceivedFile {
    /// As what WhatsApp takes it, if nobody says: as a document where it takes it as nothing else, or is too large for that. What it takes only
    /// once it is converted is of the kind that it is converted into.
    pub fn usual_kind(&self) -> FileType {
        let Some(mime_type) = self.content.mime_type else { return FileType::Document };
        [FileType::Image, FileType::Video, FileType::Audio, FileType::Sticker]
            .into_iter()
            .find(|kind| accepted_type(*kind, mime_type).is_some())
            .filter(|kind| self.staged.size() <= limits::outbound_file_bytes(*kind, self.content.animated))
            .or_else(|| match accepted_type(FileType::Document, mime_type) {
                None => kind_once_converted(mime_type),
                Some(_) => None,
            })
            .unwrap_or(FileType::Document)
    }

    /// Makes it durable under its key.
    pub(super) async fn store(self, context: &Context) -> Result<StoredUpload> {
        let Self { staged, company, backend, key, content } = self;
        // The bytes reach the disk while their key is reserved, and are not under it before it is.
        let reserved = context.store().reserve_upload(company, backend, key.as_str());
        let (reserved, synced) = tokio::join!(reserved, staged.sync());
        reserved?;
        // Of one that is abandoned in here nobody knows whether its bytes get there; the reservation deletes them in an hour.
        let stored = synced?.publish().await?;
        fault::point("send.stored");
        let context = context.clone();
        Ok(StoredUpload { context, company, backend, key, content, stored, is_named: false })
    }
}

impl SendableFile {
    pub(super) async fn store(self, context: &Context) -> Result<StoredUpload> {
        match self {
            Self::Received(received) => received.store(context).await,
            Self::Stored(stored) => Ok(stored),
        }
    }
}

impl StoredUpload {
    /// Says that the key is not to be given up here: a message names it, or the store has given it up.
    pub(super) fn settled(mut self) {
        self.is_named = true;
    }
}

impl Drop for StoredUpload {
    fn drop(&mut self) {
        if self.is_named {
            return;
        }
        let (context, company, backend) = (self.context.clone(), self.company, self.backend);
        let key = self.key.clone();
        // Without a runtime the process ends, and the reservation does this in an hour.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            match context.store().drop_upload(company, backend, key.as_str()).await {
                Ok(()) => context.work().wake(Work::Trash),
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the key of an upload could not be given up; its reservation will run out"
                ),
            }
        });
    }
}
