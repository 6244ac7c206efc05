//! Reading objects: one request for a part however long it is, taken up where it broke off.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use mediary_core::Timestamp;
use object_store::path::Path;
use object_store::signer::{Method, SignedUrlOptions, Signer as _};
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore as _};

use super::{ObjectStorage, ServedAs};
use crate::CHUNK_BYTES;
use crate::error::{Error, ErrorKind, Result};

/// An object as it was when it was opened: if another one takes its place, reading fails rather than mixing them.
#[derive(Clone)]
pub struct ObjectFile {
    storage: ObjectStorage,
    path: Path,
    meta: ObjectMeta,
}

impl fmt::Debug for ObjectFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl ObjectFile {
    pub(super) fn new(storage: ObjectStorage, path: Path, meta: ObjectMeta) -> Self {
        Self { storage, path, meta }
    }

    pub(crate) fn size(&self) -> u64 {
        self.meta.size
    }

    pub(crate) fn modified(&self) -> Timestamp {
        Timestamp(self.meta.last_modified.timestamp().saturating_mul(1000))
    }

    pub(crate) async fn read_at(&self, offset: u64, len: usize) -> Result<Bytes> {
        let end = offset.saturating_add(len as u64).min(self.size());
        if offset >= end {
            return Ok(Bytes::new());
        }
        let read = async { self.request(offset..end).await?.bytes().await }.await;
        read.map_err(|error| self.failed(offset, error))
    }

    pub(crate) fn reader(&self, part: Range<u64>) -> ObjectReader {
        ObjectReader { file: self.clone(), part, stream: None, left_over: Bytes::new() }
    }

    pub(crate) async fn presign(&self, served_as: &ServedAs, valid_for: Duration) -> Result<Option<String>> {
        let Some(remote) = &self.storage.0.remote else { return Ok(None) };
        let options = SignedUrlOptions::new().with_query([
            ("response-content-type", served_as.content_type.as_str()),
            ("response-content-disposition", served_as.content_disposition.as_str()),
            ("response-cache-control", served_as.cache_control.as_str()),
        ]);
        let signed = remote.s3.signed_url_opts(Method::GET, &self.path, valid_for, &options).await;
        let url = signed.map_err(|error| Error::object(format!("sign a URL for {}", self.path), error))?;
        Ok(Some(url.into()))
    }

    async fn request(&self, part: Range<u64>) -> object_store::Result<object_store::GetResult> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(part)),
            if_match: self.meta.e_tag.clone(),
            ..GetOptions::default()
        };
        self.storage.0.objects.get_opts(&self.path, options).await
    }

    fn failed(&self, offset: u64, error: object_store::Error) -> Error {
        Error::object(format!("read {} at byte {offset}", self.path), error)
    }
}

/// A part of an object on its way here.
pub(crate) struct ObjectReader {
    file: ObjectFile,
    /// What is still to come, without what is left over.
    part: Range<u64>,
    stream: Option<BoxStream<'static, object_store::Result<Bytes>>>,
    /// What came beyond the size of a chunk.
    left_over: Bytes,
}

impl fmt::Debug for ObjectReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectReader")
            .field("file", &self.file)
            .field("part", &self.part)
            .finish_non_exhaustive()
    }
}

impl ObjectReader {
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        while self.left_over.is_empty() {
            if self.part.is_empty() {
                return Ok(None);
            }
            let offset = self.part.start;
            let stream = match &mut self.stream {
                Some(stream) => stream,
                None => {
                    let opened = self.file.request(self.part.clone()).await;
                    let opened = opened.map_err(|error| self.file.failed(offset, error))?;
                    self.stream.insert(opened.into_stream())
                }
            };
            let Some(bytes) = stream.next().await else {
                return Err(Error::new(
                    ErrorKind::Truncated,
                    format!("read {} at byte {offset}", self.file.path),
                ));
            };
            self.left_over = bytes.map_err(|error| self.file.failed(offset, error))?;
            self.part.start += self.left_over.len() as u64;
        }
        let len = self.left_over.len().min(CHUNK_BYTES);
        Ok(Some(self.left_over.split_to(len)))
    }
}
