//! Where a bucket is and how it wants to be spoken to.

use std::time::Duration;

use mediary_core::StorageBackend;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Without a byte from the store. There is no limit to a whole request: viewers may read as slowly as they like.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// For one request with all its repetitions. Only requests that may safely be repeated are.
const RETRY_TIMEOUT: Duration = Duration::from_secs(30);
const RETRIES_MAX: usize = 4;
/// The library's name for that setting; the type behind it is its own secret.
const SERVER_SIDE_ENCRYPTION: &str = "aws_server_side_encryption";

/// A bucket of an S3-compatible store.
#[derive(Clone, Debug)]
pub struct S3Settings {
    /// How records name it: `S3` or `R2`.
    pub backend: StorageBackend,
    pub bucket: String,
    /// Where the bucket is; `auto` for R2.
    pub region: String,
    /// The store's address without the bucket, such as `https://s3.example.com`; `None` is Amazon.
    pub endpoint: Option<String>,
    /// Without a key pair the machine's own role is asked for one.
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<SecretString>,
    /// Whether the bucket stands in the path (`endpoint/bucket/key`) instead of the host name.
    pub path_style: bool,
    /// Such as `STANDARD_IA`; `None` is the bucket's own.
    pub storage_class: Option<String>,
    pub encryption: Option<Encryption>,
    /// Parts of 5 MiB that uploads may hold in memory at once, over all uploads.
    pub parts_in_memory: usize,
}

/// How the store is asked to encrypt what it keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// With the store's own key (`AES256`).
    Aes256,
    /// With a key of the key management service.
    Kms { key_id: String },
}

impl S3Settings {
    pub(super) fn client(&self) -> Result<AmazonS3> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_virtual_hosted_style_request(!self.path_style)
            .with_client_options(self.client_options())
            .with_retry(RetryConfig {
                backoff: BackoffConfig::default(),
                max_retries: RETRIES_MAX,
                retry_timeout: RETRY_TIMEOUT,
            })
            // Tags and checksum headers are what R2 and others refuse; without them all say yes.
            .with_disable_tagging(true)
            // TLS protects the bytes on their way already, and hashing them again costs as much as sending them.
            .with_unsigned_payload(!self.is_plain_http());
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(self.bucket_endpoint(endpoint));
        }
        if let (Some(id), Some(secret)) = (&self.access_key_id, &self.secret_access_key) {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret.expose_secret());
        }
        builder = match &self.encryption {
            None => builder,
            Some(Encryption::Aes256) => match SERVER_SIDE_ENCRYPTION.parse::<AmazonS3ConfigKey>() {
                Ok(key) => builder.with_config(key, "AES256"),
                Err(error) => return Err(Error::object("ask for encryption", &error)),
            },
            Some(Encryption::Kms { key_id }) => builder.with_sse_kms_encryption(key_id),
        };
        builder
            .build()
            .map_err(|error| Error::object(format!("prepare the way to bucket {}", self.bucket), &error))
    }

    pub(super) fn client_options(&self) -> ClientOptions {
        ClientOptions::new()
            .with_allow_http(self.is_plain_http())
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_timeout_disabled()
            .with_read_timeout(SILENCE_TIMEOUT)
    }

    /// The library wants the bucket in the host name put there already, and only adds it to paths.
    fn bucket_endpoint(&self, endpoint: &str) -> String {
        let endpoint = endpoint.trim_end_matches('/');
        match endpoint.split_once("://") {
            Some((scheme, host)) if !self.path_style => format!("{scheme}://{}.{host}", self.bucket),
            _ => endpoint.to_owned(),
        }
    }

    /// Scheme and host of what viewers are sent to.
    pub fn origin(&self) -> String {
        match &self.endpoint {
            Some(endpoint) => self.bucket_endpoint(endpoint),
            None if self.path_style => format!("https://s3.{}.amazonaws.com", self.region),
            None => format!("https://{}.s3.{}.amazonaws.com", self.bucket, self.region),
        }
    }

    fn is_plain_http(&self) -> bool {
        self.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"))
    }
}
