//! Writing an object: small ones in one request, others part by part. Until it is published nobody sees it.

use std::fmt;

use aws_lc_rs::digest;
use bytes::Bytes;
use object_store::multipart::PartId;
use object_store::path::Path;
use object_store::{Attribute, Attributes, MultipartId, PutMultipartOptions, PutOptions, PutPayload};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

use super::{ObjectStorage, PART_BYTES};
use crate::error::{Error, Result, words};
use crate::key::StorageKey;
use crate::stored::UploadedFile;

/// An object on its way into the store. Holds one part in memory, and a second one while the first is sent if there
/// is room.
pub(crate) struct ObjectUpload {
    key: StorageKey,
    hash: digest::Context,
    size: u64,
    part: Part,
    target: Target,
}

/// What is not sent yet.
#[derive(Default)]
struct Part {
    pieces: Vec<Bytes>,
    len: usize,
    room: Option<OwnedSemaphorePermit>,
}

impl Part {
    fn payload(&mut self) -> PutPayload {
        PutPayload::from_iter(std::mem::take(&mut self.pieces))
    }
}

/// Where the parts go. Ends an upload that nobody finished when it is dropped, at whatever moment: it is never given up
/// while it begins or while a part is on its way, for then nobody would know what there is to end.
struct Target {
    storage: ObjectStorage,
    path: Path,
    id: Option<MultipartId>,
    parts: Vec<PartId>,
    sending: Option<JoinHandle<Result<PartId>>>,
}

/// A complete object that is not published.
pub(crate) struct ObjectStagedFile {
    key: StorageKey,
    stored: UploadedFile,
    rest: Part,
    target: Target,
}

impl fmt::Debug for ObjectUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectUpload")
            .field("key", &self.key)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ObjectStagedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectStagedFile")
            .field("key", &self.key)
            .field("stored", &self.stored)
            .finish_non_exhaustive()
    }
}

impl ObjectUpload {
    pub(super) fn new(storage: ObjectStorage, key: StorageKey, path: Path) -> Self {
        Self {
            key,
            hash: digest::Context::new(&digest::SHA256),
            size: 0,
            part: Part::default(),
            target: Target::new(storage, path),
        }
    }

    pub(crate) async fn write(&mut self, mut bytes: Bytes) -> Result<()> {
        self.hash.update(&bytes);
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            // A full part waits for the byte after it, so that there is always a last one.
            if self.part.len == PART_BYTES {
                self.send_part().await?;
            }
            if self.part.room.is_none() {
                self.part.room = self.target.storage.0.room.clone().acquire_owned().await.ok();
            }
            let piece = bytes.split_to(bytes.len().min(PART_BYTES - self.part.len));
            self.part.len += piece.len();
            self.part.pieces.push(piece);
        }
        Ok(())
    }

    /// Sends the part that is full: beside the next one if there is room for that, else before it.
    async fn send_part(&mut self) -> Result<()> {
        self.target.sent(&self.key).await?;
        let id = self.target.begin(&self.key).await?;
        let part = std::mem::take(&mut self.part);
        self.part.room = self.target.storage.0.room.clone().try_acquire_owned().ok();
        self.target.send(&self.key, id, part);
        if self.part.room.is_none() {
            self.target.sent(&self.key).await?;
        }
        Ok(())
    }

    pub(crate) async fn stage(mut self) -> Result<ObjectStagedFile> {
        self.target.sent(&self.key).await?;
        let stored = UploadedFile::new(self.size, self.hash);
        Ok(ObjectStagedFile { key: self.key, stored, rest: self.part, target: self.target })
    }

    pub(crate) async fn abort(mut self) -> Result<()> {
        self.target.abort(&self.key).await
    }
}

impl ObjectStagedFile {
    pub(crate) fn stored(&self) -> UploadedFile {
        self.stored
    }

    pub(crate) async fn publish(mut self) -> Result<UploadedFile> {
        let failed = |error| Error::upload(format!("publish {}", self.key), &error);
        let mut rest = std::mem::take(&mut self.rest);
        let Some(upload) = self.target.id.clone() else {
            let Target { storage, path, .. } = &self.target;
            let options = PutOptions { attributes: storage.attributes(), ..PutOptions::default() };
            storage.0.objects.put_opts(path, rest.payload(), options).await.map_err(failed)?;
            return Ok(self.stored);
        };
        self.target.send(&self.key, upload.clone(), rest);
        self.target.sent(&self.key).await?;
        let Target { storage, path, id, parts, .. } = &mut self.target;
        let completed = storage.0.parts.complete_multipart(path, &upload, std::mem::take(parts)).await;
        completed.map_err(failed)?;
        *id = None;
        Ok(self.stored)
    }

    pub(crate) async fn discard(mut self) -> Result<()> {
        self.target.abort(&self.key).await
    }
}

impl ObjectStorage {
    fn attributes(&self) -> Attributes {
        let class = self.0.storage_class.clone();
        class.map(|class| (Attribute::StorageClass, class)).into_iter().collect()
    }
}

impl Target {
    fn new(storage: ObjectStorage, path: Path) -> Self {
        Self { storage, path, id: None, parts: Vec::new(), sending: None }
    }

    async fn begin(&mut self, key: &StorageKey) -> Result<MultipartId> {
        if let Some(id) = &self.id {
            return Ok(id.clone());
        }
        let mut upload = Self::new(self.storage.clone(), self.path.clone());
        let beginning = tokio::spawn(async move {
            let attributes = upload.storage.attributes();
            let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
            upload.id = Some(upload.storage.0.parts.create_multipart_opts(&upload.path, options).await?);
            Ok(upload)
        });
        // Where nobody waits for it, it ends what it has begun.
        let upload = beginning.await.unwrap_or_else(|source| Err(object_store::Error::JoinError { source }));
        let mut upload = upload.map_err(|error| Error::object(format!("begin {key}"), &error))?;
        let id = upload.id.take().expect("it has begun");
        Ok(self.id.insert(id).clone())
    }

    /// Sends the next part. [`Self::sent`] waits for it.
    fn send(&mut self, key: &StorageKey, id: MultipartId, mut part: Part) {
        let (storage, path, key) = (self.storage.clone(), self.path.clone(), key.clone());
        let number = self.parts.len();
        self.sending = Some(tokio::spawn(async move {
            let sent = storage.0.parts.put_part(&path, &id, number, part.payload()).await;
            sent.map_err(|error| Error::upload(format!("write part {number} of {key}"), &error))
        }));
    }

    /// Waits for the part that is being sent.
    async fn sent(&mut self, key: &StorageKey) -> Result<()> {
        if let Some(sending) = &mut self.sending {
            let sent = sending.await;
            self.sending = None;
            let failed = |error| Error::io(format!("write {key}"), std::io::Error::other(error));
            self.parts.push(sent.map_err(failed)??);
        }
        Ok(())
    }

    async fn abort(&mut self, key: &StorageKey) -> Result<()> {
        // A part that arrives after the upload was aborted would stay.
        let _ = self.sent(key).await;
        let Some(id) = self.id.take() else { return Ok(()) };
        match self.storage.0.parts.abort_multipart(&self.path, &id).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::object(format!("abort {key}"), &error)),
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.id.take(), tokio::runtime::Handle::try_current()) else { return };
        let (storage, path, sending) = (self.storage.clone(), self.path.clone(), self.sending.take());
        runtime.spawn(async move {
            if let Some(sending) = sending {
                let _ = sending.await;
            }
            if let Err(error) = storage.0.parts.abort_multipart(&path, &id).await {
                let error = words(&error);
                tracing::warn!(error, "an unfinished upload could not be aborted; a sweep will find it");
            }
        });
    }
}
