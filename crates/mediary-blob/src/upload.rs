//! A file on its way into storage, whatever keeps it.

use bytes::Bytes;
use mediary_core::Sha256;

use crate::error::Result;
use crate::local::{LocalStagedFile, LocalUpload};
use crate::s3::{ObjectStagedFile, ObjectUpload};
use crate::stored::UploadedFile;

/// A file on its way into storage, hashed as it comes. Dropping it removes what was written.
#[derive(Debug)]
pub struct Upload(pub(crate) Kind);

#[derive(Debug)]
pub(crate) enum Kind {
    Local(Box<LocalUpload>),
    Object(Box<ObjectUpload>),
}

/// A complete file that nobody can open yet. Dropping it removes it.
#[derive(Debug)]
pub struct StagedFile(StagedKind);

#[derive(Debug)]
enum StagedKind {
    Local(Box<LocalStagedFile>),
    Object(Box<ObjectStagedFile>),
}

impl Upload {
    /// Appends bytes. After an error, or when this is abandoned half-way, the upload can only be dropped.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        match &mut self.0 {
            Kind::Local(upload) => upload.write(bytes).await,
            Kind::Object(upload) => upload.write(bytes).await,
        }
    }

    /// Writes the rest and tells size and hash, so that the caller can decide between
    /// [`StagedFile::publish`] and [`StagedFile::discard`].
    pub async fn stage(self) -> Result<StagedFile> {
        Ok(StagedFile(match self.0 {
            Kind::Local(upload) => StagedKind::Local(Box::new(upload.stage().await?)),
            Kind::Object(upload) => StagedKind::Object(Box::new(upload.stage().await?)),
        }))
    }

    /// Writes the rest and publishes the file whatever its hash is.
    pub async fn finish(self) -> Result<UploadedFile> {
        self.stage().await?.publish().await
    }

    /// Removes what was written.
    pub async fn abort(self) -> Result<()> {
        match self.0 {
            Kind::Local(upload) => upload.abort().await,
            Kind::Object(upload) => upload.abort().await,
        }
    }
}

impl StagedFile {
    /// Bytes in the file.
    pub fn size(&self) -> u64 {
        self.stored().size
    }

    /// SHA-256 of its content.
    pub fn sha256(&self) -> Sha256 {
        self.stored().sha256
    }

    fn stored(&self) -> UploadedFile {
        match &self.0 {
            StagedKind::Local(staged) => staged.stored(),
            StagedKind::Object(staged) => staged.stored(),
        }
    }

    /// Brings its bytes to the disk, where it is written to one, while something else happens: the rest of [`StagedFile::publish`] is short.
    pub async fn sync(self) -> Result<Self> {
        Ok(match self.0 {
            StagedKind::Local(staged) => Self(StagedKind::Local(Box::new(staged.sync().await?))),
            object => Self(object),
        })
    }

    /// Makes the file durable under its key, in place of what was there.
    pub async fn publish(self) -> Result<UploadedFile> {
        match self.0 {
            StagedKind::Local(staged) => staged.publish().await,
            StagedKind::Object(staged) => staged.publish().await,
        }
    }

    /// Removes what was written.
    pub async fn discard(self) -> Result<()> {
        match self.0 {
            StagedKind::Local(staged) => staged.discard().await,
            StagedKind::Object(staged) => staged.discard().await,
        }
    }
}
