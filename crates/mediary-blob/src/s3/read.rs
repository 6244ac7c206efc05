//! Reading objects: one request for a part however long it is, taken up where it broke off.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use mediary_core::Timestamp;
use object_store::path::Path;
use object_store::signer::{Method, SignedUrlOptions, Signer as _};
use object_store::{
    Attribute, GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore as _, ObjectStoreExt as _,
};

use super::ObjectStorage;
use crate::CHUNK_BYTES;
use crate::error::{Error, ErrorKind, Result, words};
use crate::stored::PresignedHeaders;

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
        let mut reader = self.reader(offset..end);
        let Some(first) = reader.next().await? else { return Ok(Bytes::new()) };
        if reader.part.is_empty() && reader.left_over.is_empty() {
            return Ok(first);
        }
        let mut read = BytesMut::with_capacity(len);
        read.extend_from_slice(&first);
        while let Some(more) = reader.next().await? {
            read.extend_from_slice(&more);
        }
        Ok(read.freeze())
    }

    pub(crate) fn reader(&self, part: Range<u64>) -> ObjectReader {
        ObjectReader { file: self.clone(), part, stream: None, left_over: Bytes::new() }
    }

    pub(crate) async fn presign(
        &self,
        served_as: &PresignedHeaders,
        valid_for: Duration,
    ) -> Result<Option<String>> {
        let Some(remote) = &self.storage.0.remote else { return Ok(None) };
        let options = SignedUrlOptions::new().with_query([
            ("response-content-type", served_as.content_type.as_str()),
            ("response-content-disposition", served_as.content_disposition.as_str()),
            ("response-cache-control", served_as.cache_control.as_str()),
        ]);
        let signed = remote.s3.signed_url_opts(Method::GET, &self.path, valid_for, &options).await;
        let url = signed.map_err(|error| Error::object(format!("sign a URL for {}", self.path), &error))?;
        Ok(Some(url.into()))
    }

    /// Asks for a part of the object that was opened, and looks whether the answer is of it.
    async fn request(&self, part: Range<u64>) -> Result<GetResult> {
        let offset = part.start;
        let condition = self.condition();
        let answer = match self.get(part.clone(), condition.clone()).await {
            Err(error) if condition.is_some() && refuses_condition(&error) && self.is_still_there().await => {
                if !self.storage.0.refuses_if_match.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        error = words(&error),
                        "the object store refuses If-Match; from now on only the ETag of what it sends is compared"
                    );
                }
                self.get(part, None).await
            }
            answer => answer,
        };
        let answer = answer.map_err(|error| self.failed(offset, &error))?;
        refuse_encoded(&self.path, &answer)?;
        if !same_object(&self.meta, &answer.meta) {
            let context = format!("read {}, in whose place there is another object now", self.path);
            return Err(Error::new(ErrorKind::Truncated, context));
        }
        Ok(answer)
    }

    /// What `If-Match` may say: it compares strongly (RFC 9110, 13.1.1), so a weak tag would never fit.
    fn condition(&self) -> Option<String> {
        let strong = self.meta.e_tag.clone().filter(|tag| !tag.starts_with("W/"));
        strong.filter(|_| !self.storage.refuses_if_match())
    }

    async fn get(&self, part: Range<u64>, if_match: Option<String>) -> object_store::Result<GetResult> {
        let options = GetOptions { range: Some(GetRange::Bounded(part)), if_match, ..GetOptions::default() };
        self.storage.0.objects.get_opts(&self.path, options).await
    }

    async fn is_still_there(&self) -> bool {
        let now = self.storage.0.objects.head(&self.path).await;
        now.is_ok_and(|now| same_object(&self.meta, &now))
    }

    fn failed(&self, offset: u64, error: &object_store::Error) -> Error {
        Error::object(format!("read {} at byte {offset}", self.path), error)
    }
}

/// Whether it is `If-Match` that the store refuses, or says not to know.
fn refuses_condition(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::Precondition { .. })
        || error.to_string().contains("501 Not Implemented")
}

/// Whether two answers are of one object. Proxies weaken tags, and some stores leave their quotes out.
fn same_object(opened: &ObjectMeta, now: &ObjectMeta) -> bool {
    let opaque = |tag: &String| tag.trim_start_matches("W/").trim_matches('"').to_owned();
    let same = match (&opened.e_tag, &now.e_tag) {
        (Some(opened), Some(now)) => opaque(opened) == opaque(now),
        _ => opened.last_modified == now.last_modified,
    };
    same && opened.size == now.size
}

/// What was stored as it is comes as it is: a store or proxy that compresses it sends other bytes of another length.
pub(super) fn refuse_encoded(path: &Path, answer: &GetResult) -> Result<()> {
    match answer.attributes.get(&Attribute::ContentEncoding) {
        Some(encoding) if !encoding.is_empty() && encoding.as_ref() != "identity" => {
            let context = format!("read {path}, which came with Content-Encoding {encoding:?}");
            Err(Error::new(ErrorKind::OtherAnswer, context))
        }
        _ => Ok(()),
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
                    let opened = self.file.request(self.part.clone()).await?;
                    self.stream.insert(opened.into_stream())
                }
            };
            let Some(bytes) = stream.next().await else {
                return Err(Error::new(
                    ErrorKind::Truncated,
                    format!("read {} at byte {offset}", self.file.path),
                ));
            };
            self.left_over = bytes.map_err(|error| self.file.failed(offset, &error))?;
            let received = self.left_over.len() as u64;
            if received > self.part.end - offset {
                let context =
                    format!("read {} at byte {offset}: more came than was asked for", self.file.path);
                self.left_over.clear();
                return Err(Error::new(ErrorKind::OtherAnswer, context));
            }
            self.part.start += received;
        }
        let len = self.left_over.len().min(CHUNK_BYTES);
        Ok(Some(self.left_over.split_to(len)))
    }
}
