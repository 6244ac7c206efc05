//! The folder as an S3 store, and the unfinished uploads that it does not list by itself.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::{Mutex, MutexGuard};
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput,
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, ETagCondition,
    GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListObjectsV2Input, ListObjectsV2Output, MultipartUpload, PutObjectInput,
    PutObjectOutput, Timestamp, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result};
use s3s_fs::FileSystem;
use tokio::sync::RwLock;

use crate::quirk::Behaviour;

#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
    files: Arc<FileSystem>,
    /// What is neither completed nor aborted.
    unfinished: UnfinishedUploads,
    completing: Gate,
    deleting: Gate,
    behaviour: Behaviour,
}

/// Bucket, key and beginning of uploads, by their ids.
type Uploads = BTreeMap<String, (String, String, SystemTime)>;
pub(crate) type UnfinishedUploads = Arc<Mutex<Uploads>>;
/// A gate that each completion of an upload, and each deletion of a file, passes.
pub(crate) type Gate = Arc<RwLock<()>>;

impl Store {
    pub(crate) fn open(
        folder: &Path,
        unfinished: UnfinishedUploads,
        [completing, deleting]: [Gate; 2],
        behaviour: Behaviour,
    ) -> io::Result<Self> {
        let files = FileSystem::new(folder).map_err(|error| io::Error::other(format!("{error:?}")))?;
        let (folder, files) = (folder.to_owned(), Arc::new(files));
        Ok(Self { folder, files, unfinished, completing, deleting, behaviour })
    }

    /// The library under this makes folders as it needs them.
    fn has_bucket(&self, name: &str) -> S3Result<()> {
        if self.folder.join(name).is_dir() { Ok(()) } else { Err(s3s::s3_error!(NoSuchBucket)) }
    }
}

/// The library under this takes an upload that is over for somebody else's.
fn told(unfinished: &UnfinishedUploads, id: &str, error: s3s::S3Error) -> s3s::S3Error {
    if lock(unfinished).contains_key(id) { error } else { s3s::s3_error!(NoSuchUpload) }
}

fn lock(unfinished: &UnfinishedUploads) -> MutexGuard<'_, Uploads> {
    unfinished.lock()
}

/// A store does what it was asked to, also if who asked is gone before the answer.
async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = S3Result<T>> + Send + 'static,
) -> S3Result<T> {
    tokio::spawn(work).await.unwrap_or_else(|_| Err(s3s::s3_error!(InternalError)))
}

#[async_trait::async_trait]
impl S3 for Store {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        self.has_bucket(&request.input.bucket)?;
        self.behaviour.publish()?;
        self.files.put_object(request).await
    }

    async fn get_object(
        &self,
        mut request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        self.behaviour.get(&mut request.input)?;
        let condition = request.input.if_match.clone();
        let mut response = self.files.get_object(request).await?;
        self.behaviour.got(&mut response.output);
        // The library under this looks at conditions only when it writes.
        match (condition, &response.output.e_tag) {
            (Some(ETagCondition::ETag(wanted)), Some(tag)) if wanted.value() != tag.value() => {
                Err(s3s::s3_error!(PreconditionFailed))
            }
            _ => Ok(response),
        }
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let mut response = self.files.head_object(request).await?;
        self.behaviour.described(&mut response.output);
        Ok(response)
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let (files, deleting) = (self.files.clone(), self.deleting.clone());
        to_its_end(async move {
            let _passed = deleting.read().await;
            files.delete_object(request).await
        })
        .await
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let (files, deleting) = (self.files.clone(), self.deleting.clone());
        to_its_end(async move {
            let _passed = deleting.read().await;
            files.delete_objects(request).await
        })
        .await
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.has_bucket(&request.input.bucket)?;
        self.files.list_objects_v2(request).await
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        self.behaviour.part()?;
        let id = request.input.upload_id.clone();
        let sent = self.files.upload_part(request).await;
        sent.map_err(|error| told(&self.unfinished, &id, error))
    }

    #[expect(clippy::disallowed_methods, reason = "a store has its own clock")]
    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        self.has_bucket(&request.input.bucket)?;
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let (files, unfinished) = (self.files.clone(), self.unfinished.clone());
        to_its_end(async move {
            let response = files.create_multipart_upload(request).await?;
            if let Some(id) = &response.output.upload_id {
                lock(&unfinished).insert(id.clone(), (bucket, key, SystemTime::now()));
            }
            Ok(response)
        })
        .await
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let id = request.input.upload_id.clone();
        let (files, unfinished) = (self.files.clone(), self.unfinished.clone());
        let completing = self.completing.clone();
        self.behaviour.publish()?;
        to_its_end(async move {
            let _passed = completing.read().await;
            let completed = files.complete_multipart_upload(request).await;
            let response = completed.map_err(|error| told(&unfinished, &id, error))?;
            lock(&unfinished).remove(&id);
            Ok(response)
        })
        .await
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let id = request.input.upload_id.clone();
        let (files, unfinished) = (self.files.clone(), self.unfinished.clone());
        // The library under this takes an upload that is over for somebody else's.
        if !lock(&unfinished).contains_key(&id) {
            return Err(s3s::s3_error!(NoSuchUpload));
        }
        to_its_end(async move {
            let response = files.abort_multipart_upload(request).await?;
            lock(&unfinished).remove(&id);
            Ok(response)
        })
        .await
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let uploads = lock(&self.unfinished);
        let of_bucket = uploads.iter().filter(|(_, (bucket, ..))| *bucket == request.input.bucket);
        let uploads = of_bucket
            .map(|(id, (_, key, began))| MultipartUpload {
                key: Some(key.clone()),
                upload_id: Some(id.clone()),
                initiated: Some(Timestamp::from(*began)),
                ..MultipartUpload::default()
            })
            .collect();
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(request.input.bucket),
            is_truncated: Some(false),
            uploads: Some(uploads),
            ..ListMultipartUploadsOutput::default()
        }))
    }
}
