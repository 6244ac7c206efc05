//! Files that come in several requests, so that a phone can send a large one over a line that breaks.
//!
//! What comes is stored in parts, each durable before it counts, so what a broken line or a process that ends costs is the part that
//! was under way. Every node can take the next part and send the file. A part is stored under a reserved key, which the trash deletes
//! unless a row names it, and in the end all the same: a message gets a copy of the whole.

use std::time::Duration;

use bytes::Bytes;
use mediary_blob::{ErrorKind, StorageKey, Upload};
use mediary_core::{Error, ErrorCode, Result, StorageBackend, UploadId, limits};
use mediary_store::{AddedPart, PartialUpload, UploadPart};

use super::draft;
use super::upload::{FileUpload, MAX_BYTES, ReceivedFile};
use crate::access::{May, rights};
use crate::base::work::Work;
use crate::context::Context;

/// The field of a message that names an upload.
const FIELD: &str = "uploadId";
/// When a company that has begun too many may try again: a message may have used one by then.
const NEXT_UPLOAD_AFTER: Duration = Duration::from_secs(10);

/// Takes the next bytes of an upload. Those of the part under way are lost where this is dropped.
#[derive(Debug)]
pub struct UploadContinuation {
    context: Context,
    upload: PartialUpload,
    pending: Option<PendingPart>,
    /// Who began it.
    by: String,
}

/// A part that is not stored yet.
#[derive(Debug)]
struct PendingPart {
    upload: Upload,
    backend: StorageBackend,
    key: StorageKey,
    bytes: u64,
}

/// Files that come in several requests. Each belongs to who began it.
#[derive(Clone, Debug)]
pub struct PartialUploads {
    context: Context,
}

impl PartialUploads {
    pub(super) fn new(context: Context) -> Self {
        Self { context }
    }

    /// Begins an upload of so many bytes.
    pub async fn begin(
        &self,
        may: &May<rights::Send>,
        size: u64,
        file_name: Option<String>,
    ) -> Result<PartialUpload> {
        if size == 0 {
            return Err(Error::invalid("Upload-Length", "is 0; an empty file cannot be sent"));
        }
        if size > MAX_BYTES {
            let detail = format!(
                "the file has {size} bytes; WhatsApp takes at most {MAX_BYTES}; make it smaller, or split it"
            );
            return Err(Error::refused(ErrorCode::PayloadTooLarge, detail).in_field("Upload-Length"));
        }
        let (company, by, name) =
            (may.caller().company_id, may.caller().label(), draft::sendable_name(file_name));
        let begun = self.context.store().create_partial_upload(company, &by, size, name.as_deref()).await?;
        begun.ok_or_else(|| {
            let most = limits::PARTIAL_UPLOADS_PER_COMPANY;
            let yours = most / limits::MEMBER_SHARE;
            let detail = format!(
                "{yours} uploads of yours, or {most} of your company, have begun and are not used; use them, end them by DELETE, or wait until their day is over"
            );
            Error::refused(ErrorCode::RateLimited, detail).after(Some(NEXT_UPLOAD_AFTER))
        })
    }

    /// An upload as far as it has come.
    pub async fn state(&self, may: &May<rights::Send>, id: UploadId) -> Result<PartialUpload> {
        let caller = may.caller();
        let found = self.context.store().partial_upload(caller.company_id, &caller.label(), id).await?;
        found.ok_or_else(not_found)
    }

    /// Continues an upload at this offset, if it ends there.
    pub async fn resume(
        &self,
        may: &May<rights::Send>,
        id: UploadId,
        offset: u64,
    ) -> Result<UploadContinuation> {
        let upload = self.state(may, id).await?;
        if upload.received != offset {
            return Err(elsewhere(upload.received));
        }
        Ok(UploadContinuation {
            context: self.context.clone(),
            upload,
            pending: None,
            by: may.caller().label(),
        })
    }

    /// Ends an upload, and gives up its bytes.
    pub async fn end(&self, may: &May<rights::Send>, id: UploadId) -> Result<()> {
        let caller = may.caller();
        if !self.context.store().end_partial_upload(caller.company_id, &caller.label(), id).await? {
            return Err(not_found());
        }
        self.context.work().wake(Work::Trash);
        Ok(())
    }
}

/// A copy of a whole upload, and the name that it came with.
pub(super) async fn whole(
    context: &Context,
    may: &May<rights::Send>,
    id: UploadId,
) -> Result<(ReceivedFile, Option<String>)> {
    let (company, by) = (may.caller().company_id, may.caller().label());
    let upload = context.store().partial_upload(company, &by, id).await?;
    let upload = upload.ok_or_else(|| {
        Error::invalid(FIELD, "is no upload of yours, or one that was used or is older than a day")
    })?;
    if upload.received < upload.size {
        let detail =
            format!("{} of the {} bytes have come; send the others first", upload.received, upload.size);
        return Err(Error::refused(ErrorCode::Conflict, detail));
    }
    let mut copy = FileUpload::begin(context, company).await?;
    for part in context.store().upload_parts(company, id).await? {
        let stored = context.storages().of(part.backend)?.open(&part.key.parse()?).await;
        let stored = stored.map_err(|error| match error.kind() {
            ErrorKind::NotFound => used_meanwhile(),
            _ => error.into(),
        })?;
        let mut reader = stored.reader(0..part.size);
        while let Some(bytes) = reader.next().await? {
            copy.write(bytes).await?;
        }
    }
    let copy = copy.end().await?;
    if copy.staged.size() != upload.size {
        return Err(used_meanwhile());
    }
    Ok((copy, upload.file_name))
}

impl UploadContinuation {
    /// Takes bytes. Of what came before an error, whole parts count.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        let pending = self.pending.as_ref().map_or(0, |part| part.bytes);
        let left = self.upload.size - self.upload.received - pending;
        if bytes.len() as u64 > left {
            let detail = format!(
                "the file was announced with {} bytes, and more have come; begin another upload for a larger file",
                self.upload.size
            );
            return Err(Error::refused(ErrorCode::PayloadTooLarge, detail).in_field("body"));
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let part = match &mut self.pending {
            Some(part) => part,
            none => none.insert(begin_part(&self.context, &self.upload).await?),
        };
        part.bytes += bytes.len() as u64;
        part.upload.write(bytes).await?;
        if part.bytes >= limits::UPLOAD_PART_BYTES {
            self.keep().await?;
        }
        Ok(())
    }

    /// Keeps what has come.
    pub async fn end(mut self) -> Result<PartialUpload> {
        self.keep().await?;
        Ok(self.upload)
    }

    async fn keep(&mut self) -> Result<()> {
        let Some(PendingPart { upload, backend, key, .. }) = self.pending.take() else { return Ok(()) };
        let (store, company) = (self.context.store(), self.upload.company_id);
        let staged = upload.stage().await?;
        store.reserve_upload(company, backend, key.as_str()).await?;
        let stored = staged.publish().await?;
        let part = UploadPart {
            starts_at: self.upload.received,
            size: stored.size,
            backend,
            key: key.as_str().to_owned(),
        };
        match store.add_upload_part(&self.upload, &part).await? {
            AddedPart::Added(upload) => {
                self.upload = upload;
                Ok(())
            }
            AddedPart::Refused => {
                store.drop_upload(company, backend, key.as_str()).await?;
                let now = store.partial_upload(company, &self.by, self.upload.id).await?;
                Err(now.map_or_else(not_found, |now| elsewhere(now.received)))
            }
        }
    }
}

async fn begin_part(context: &Context, upload: &PartialUpload) -> Result<PendingPart> {
    if upload.parts >= limits::UPLOAD_PARTS {
        let detail = format!(
            "the upload has come in {} parts, the most that are kept; end it and begin again, with more bytes a request",
            limits::UPLOAD_PARTS
        );
        return Err(Error::refused(ErrorCode::PayloadTooLarge, detail).in_field("body"));
    }
    let storage = context.storages().primary();
    let key = StorageKey::upload(upload.company_id, context.now());
    let (upload, backend) = (storage.create(&key).await?, storage.backend());
    Ok(PendingPart { upload, backend, key, bytes: 0 })
}

fn elsewhere(received: u64) -> Error {
    let detail = format!("the upload goes on at byte {received}; ask for Upload-Offset by HEAD");
    Error::refused(ErrorCode::Conflict, detail)
}

pub(super) fn used_meanwhile() -> Error {
    Error::refused(ErrorCode::Conflict, "the upload was used or ended by another request")
}

fn not_found() -> Error {
    Error::not_found("there is no such upload, or it was used or ended, or is older than a day")
}
