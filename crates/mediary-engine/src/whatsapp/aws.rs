//! An account at AWS: its number, its key, and the bucket through which media passes.
//!
//! AWS gives no bytes: it writes a file into a bucket of the account's owner, and takes one from there. So each file is an object for a
//! moment, under a key that nothing else has, and is deleted when its reader is done. What a process that dies leaves behind is
//! for the bucket's own lifecycle rule, which the guide asks for: its owner may use the bucket for other things, so nothing of ours
//! sweeps it.

use std::fmt;
use std::io;
use std::time::Duration;

use aws_lc_rs::digest;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use mediary_aws::{AwsAccess, AwsClient, BucketObject};
use mediary_blob::{PresignedHeaders, Reader, S3Settings, Storage, StorageKey};
use mediary_core::StorageBackend;
use mediary_graph::outgoing::{Outgoing, Upload, read_receipt};
use mediary_graph::wire::PhoneNumber;
use mediary_graph::{Error, ErrorKind, MediaInfo, Sent};
use mediary_store::{AwsSettings, provisional_id};
use moka::sync::Cache;
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};

/// Where our objects are in a bucket.
const PREFIX: &str = "mediary";
/// Buckets that are kept open.
const BUCKETS: u64 = 1000;
/// Parts of uploads in memory at once, of one account.
const PARTS_IN_MEMORY: usize = 4;
/// How long AWS may take to fetch a file of ours.
const UPLOAD_READ_WITHIN: Duration = Duration::from_secs(900);

/// AWS as this process asks it. Clones share everything.
#[derive(Clone)]
pub struct AwsProvider {
    client: AwsClient,
    /// Another address of S3 than Amazon's, for a stand-in.
    s3_endpoint: Option<String>,
    buckets: Cache<[u8; 32], Storage>,
}

/// An account at AWS, ready to be asked.
#[derive(Clone)]
pub(crate) struct AwsNumber {
    client: AwsClient,
    access: AwsAccess,
    bucket: Storage,
    bucket_name: String,
}

/// The bytes of a file that AWS wrote into the bucket.
pub(crate) struct ObjectStream {
    /// Never locked: streams are shared between threads by reference, which a reader alone may not be.
    reader: Mutex<Reader>,
    first_byte: u64,
    size: u64,
    _object: TemporaryObject,
}

/// An object that is deleted when this is dropped.
struct TemporaryObject {
    bucket: Storage,
    key: StorageKey,
}

impl AwsProvider {
    pub fn new(client: AwsClient, s3_endpoint: Option<String>) -> Self {
        let buckets = Cache::builder().max_capacity(BUCKETS).time_to_idle(Duration::from_secs(3600)).build();
        Self { client, s3_endpoint, buckets }
    }

    pub(crate) fn client(&self) -> &AwsClient {
        &self.client
    }

    /// The number of an account. Fails where its token is no access key: `ID:SECRET`.
    pub(crate) fn number(&self, settings: &AwsSettings, token: &SecretString) -> Result<AwsNumber, Error> {
        let (id, secret) = token.expose_secret().split_once(':').ok_or_else(|| {
            Error::new(ErrorKind::Unauthorized, "the access token is not an access key of AWS, ID:SECRET")
        })?;
        let access = AwsAccess {
            region: settings.region.clone(),
            access_key_id: id.to_owned(),
            secret_access_key: SecretString::from(secret.to_owned()),
            phone_number_id: settings.phone_number_id.clone(),
        };
        let bucket = self.bucket(settings, &access)?;
        Ok(AwsNumber { client: self.client.clone(), access, bucket, bucket_name: settings.bucket.clone() })
    }

    fn bucket(&self, settings: &AwsSettings, access: &AwsAccess) -> Result<Storage, Error> {
        let secret = access.secret_access_key.expose_secret();
        let name = [settings.region.as_str(), &settings.bucket, &access.access_key_id, secret].join("\n");
        let mut key = [0; 32];
        key.copy_from_slice(digest::digest(&digest::SHA256, name.as_bytes()).as_ref());
        if let Some(bucket) = self.buckets.get(&key) {
            return Ok(bucket);
        }
        let bucket = Storage::open_s3(&S3Settings {
            backend: StorageBackend::S3,
            bucket: settings.bucket.clone(),
            region: settings.region.clone(),
            endpoint: self.s3_endpoint.clone(),
            access_key_id: Some(access.access_key_id.clone()),
            secret_access_key: Some(access.secret_access_key.clone()),
            path_style: self.s3_endpoint.is_some(),
            storage_class: None,
            encryption: None,
            parts_in_memory: PARTS_IN_MEMORY,
        })
        .map_err(|error| of_bucket(error).without_effect())?;
        self.buckets.insert(key, bucket.clone());
        Ok(bucket)
    }
}

impl AwsNumber {
    /// Has a file written into the bucket, and opens it there.
    pub(crate) async fn fetch(
        &self,
        media_id: &str,
        range: Option<(u64, Option<u64>)>,
    ) -> Result<(ObjectStream, MediaInfo), Error> {
        let folder = format!("{PREFIX}/{:032x}", rand::random::<u128>());
        let to = BucketObject { bucket: self.bucket_name.clone(), key: format!("{folder}/") };
        let fetched = self.client.fetch_media(&self.access, media_id, &to).await?;
        // AWS chooses the end of the key.
        let key = self.only_key_below(&folder).await?;
        let object = TemporaryObject { bucket: self.bucket.clone(), key };
        let file = self.bucket.open(&object.key).await.map_err(of_bucket)?;
        let size = file.size();
        let (first, last) = range.unwrap_or((0, None));
        if size > 0 && first >= size {
            return Err(Error::beyond_the_end(size));
        }
        let end = last.map_or(size, |last| size.min(last.saturating_add(1)));
        let info = MediaInfo {
            url: String::new(),
            mime_type: fetched.mime_type,
            sha256: None,
            file_size: Some(size),
        };
        let reader = Mutex::new(file.reader(first..end));
        Ok((ObjectStream { reader, first_byte: first, size, _object: object }, info))
    }

    async fn only_key_below(&self, folder: &str) -> Result<StorageKey, Error> {
        let mut listing = self.bucket.list(folder).map_err(of_bucket)?;
        while let Some(page) = listing.next_page().await.map_err(of_bucket)? {
            if let Some(object) = page.into_iter().next() {
                return Ok(object.key);
            }
        }
        Err(Error::new(
            ErrorKind::Protocol,
            "AWS says that it wrote the file into the bucket, where it is not",
        ))
    }

    /// What AWS says of a file. Of its size it says kilobytes, which declare nothing.
    pub(crate) async fn describe(&self, media_id: &str) -> Result<MediaInfo, Error> {
        let said = self.client.describe_media(&self.access, media_id).await?;
        Ok(MediaInfo { url: String::new(), mime_type: said.mime_type, sha256: None, file_size: None })
    }

    /// Puts a file into the bucket, from where AWS takes it.
    pub(crate) async fn upload(
        &self,
        upload: &Upload,
        file: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<String, Error> {
        let key: StorageKey =
            format!("{PREFIX}/{:032x}/upload", rand::random::<u128>()).parse().map_err(of_bucket)?;
        let mut writing = self.bucket.create(&key).await.map_err(of_bucket)?;
        let mut file = std::pin::pin!(file);
        while let Some(chunk) = file.next().await {
            let chunk = chunk.map_err(|error| {
                Error::new(ErrorKind::UploadSource, "the file could not be read")
                    .caused_by(error)
                    .without_effect()
            })?;
            writing.write(chunk).await.map_err(|error| of_bucket(error).without_effect())?;
        }
        writing.finish().await.map_err(|error| of_bucket(error).without_effect())?;
        let object = TemporaryObject { bucket: self.bucket.clone(), key };
        let stored = self.bucket.open(&object.key).await.map_err(of_bucket)?;
        let served_as = PresignedHeaders {
            content_type: upload.mime().to_owned(),
            content_disposition: "attachment".to_owned(),
            cache_control: "no-store".to_owned(),
        };
        let url = stored.presign(&served_as, UPLOAD_READ_WITHIN).await.map_err(of_bucket)?;
        let url = url.ok_or_else(|| Error::new(ErrorKind::Protocol, "the bucket gives no presigned URLs"))?;
        self.client.post_media(&self.access, &url, upload.mime()).await
    }

    pub(crate) async fn send(&self, message: &Outgoing) -> Result<Sent, Error> {
        let message = message.to_json().map_err(|wrong| {
            Error::new(ErrorKind::BadRequest, wrong.to_string()).without_effect().caused_by(wrong)
        })?;
        // AWS's own id, until a status brings WhatsApp's: it finds the message by its callback data.
        let wamid = provisional_id(&self.client.send(&self.access, &message).await?);
        Ok(Sent { wamid, wa_id: None, user_id: None, message_status: None })
    }

    pub(crate) async fn mark_read(&self, message_id: &str, typing: bool) -> Result<(), Error> {
        self.client.send(&self.access, &read_receipt(message_id, typing)).await.map(drop)
    }

    pub(crate) async fn number(&self) -> Result<PhoneNumber, Error> {
        self.client.number(&self.access).await
    }
}

impl ObjectStream {
    pub(crate) fn first_byte(&self) -> u64 {
        self.first_byte
    }

    pub(crate) fn file_size(&self) -> u64 {
        self.size
    }

    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        self.reader.get_mut().next().await.map_err(of_bucket)
    }
}

impl Drop for TemporaryObject {
    fn drop(&mut self) {
        let (bucket, key) = (self.bucket.clone(), self.key.clone());
        // Without a runtime the process ends, and the bucket's lifecycle rule does this.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Err(error) = bucket.delete(&key).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "an object that media passed through could not be deleted; the bucket's lifecycle rule will"
                );
            }
        });
    }
}

/// A failure of the account's bucket: as if WhatsApp's media host had failed, for it is in its place.
fn of_bucket(error: mediary_blob::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "the account's bucket at AWS cannot be used").caused_by(error)
}

impl fmt::Debug for AwsProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AwsProvider").field(&self.client).finish()
    }
}
