//! Where the bytes of a file that is sent come from, and its record once they are stored.

use mediary_blob::{ErrorKind, Storage, StorageKey};
use mediary_core::{DownloadStatus, Error, ErrorCode, FileType, MediaId, Result, ScanStatus, Scope};
use mediary_store::{MediaFile, UploadedFile};

use super::content::KeptFile;
use super::draft::{self, FileDraft, FileSource};
use super::upload::{FileUpload, ReceivedFile, SendableFile, StoredUpload};
use super::{Sender, convert, link, partial};
use crate::access::{May, rights};
use crate::context::Context;

/// The file as WhatsApp takes it. A refusal is one of the field that names the file.
pub(super) async fn accepted(
    sender: &Sender,
    received: ReceivedFile,
    file: &FileDraft,
    field: &'static str,
) -> Result<(SendableFile, KeptFile)> {
    convert::accepted(sender, received, file).await.map_err(|error| draft::of_file_in(field, error))
}

/// The record of a stored file.
pub(super) fn described(context: &Context, upload: &StoredUpload, file: &KeptFile) -> Result<UploadedFile> {
    Ok(UploadedFile {
        file_type: file.kind,
        mime_type: file.mime_type.clone(),
        detected_mime_type: upload.content.mime_type.map(str::to_owned),
        file_name: file.file_name.clone(),
        file_size: upload.stored.size,
        sha256: upload.stored.sha256,
        voice: file.voice,
        animated: file.animated,
        storage_backend: upload.backend,
        file_url: context.storages().of(upload.backend)?.location(&upload.key),
        storage_key: upload.key.to_string(),
        scan_status: ScanStatus::Unscanned,
    })
}

/// The bytes of the file: as they were received, or a copy of stored ones.
pub(super) async fn receive(
    sender: &Sender,
    may: &May<rights::Send>,
    source: FileSource,
    file: &mut FileDraft,
) -> Result<ReceivedFile> {
    let (context, scope) = (&sender.context, may.caller().scope());
    let record = match source {
        FileSource::Stored(id) => visible(context, &scope, id).await?,
        FileSource::Library(id) => {
            let record = context.store().library_file(&scope, id).await?;
            record.ok_or_else(|| Error::invalid("libraryId", "is no file of the library"))?
        }
        FileSource::Partial(id) => {
            let (whole, name) = partial::whole(context, may, id).await?;
            if file.file_name.is_none() && file.kind == FileType::Document {
                file.file_name = name;
            }
            return Ok(whole);
        }
        FileSource::Link(link) => return link::fetch(sender, scope.company(), &link, file).await,
        FileSource::Received(received) if received.company == scope.company() => return Ok(received),
        FileSource::Received(_) => {
            return Err(Error::new(ErrorCode::Internal, "send a file that another company uploaded"));
        }
    };
    let copy = copy_of(context, &record).await?;
    if file.file_name.is_none() && file.kind == FileType::Document {
        file.file_name = draft::sendable_name(record.file_name);
    }
    Ok(copy)
}

/// The record of a file that somebody names.
pub(super) async fn visible(context: &Context, scope: &Scope, id: MediaId) -> Result<MediaFile> {
    let record = context.store().media(scope, id).await?;
    record.ok_or_else(|| Error::invalid("mediaId", "is no file that you can see"))
}

/// A copy of a stored file. Each message owns its bytes, so that what is deleted or kept of one does nothing to another.
pub(super) async fn copy_of(context: &Context, record: &MediaFile) -> Result<ReceivedFile> {
    let (key, storage) = stored_at(context, record)?;
    // Deleted since its record was read.
    let stored = storage.open(&key).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::plain(ErrorCode::MediaDeleted),
        _ => error.into(),
    })?;
    let mut upload = FileUpload::begin(context, record.company_id).await?;
    let mut reader = stored.reader(0..stored.size());
    while let Some(bytes) = reader.next().await? {
        upload.write(bytes).await?;
    }
    upload.end().await
}

/// Where the bytes of a file are, if they are here and somebody may have them.
pub(super) fn stored_at<'c>(context: &'c Context, record: &MediaFile) -> Result<(StorageKey, &'c Storage)> {
    if !record.is_active {
        return Err(Error::plain(ErrorCode::MediaDeleted));
    }
    if record.scan_status == ScanStatus::Quarantined {
        return Err(Error::plain(ErrorCode::MediaQuarantined));
    }
    let stored = (record.download_status == DownloadStatus::Completed)
        .then_some(record.storage_backend.zip(record.storage_key.as_deref()))
        .flatten();
    let (backend, key) = stored.ok_or_else(|| {
        Error::refused(ErrorCode::Conflict, "the file is not stored here; download it first")
    })?;
    Ok((key.parse()?, context.storages().of(backend)?))
}
