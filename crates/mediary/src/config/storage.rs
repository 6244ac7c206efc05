//! Where files are kept, and how viewers get them.

use mediary_blob::{Encryption, S3Settings};
use mediary_core::StorageBackend;
use mediary_server::Delivery;

use super::checks::site_address;
use super::source::Values;

/// Where Amazon's own tools look if nobody says where.
const DEFAULT_REGION: &str = "us-east-1";
/// Parts in memory beyond one for each download: the next one of a file while the one before it is sent.
const SPARE_PARTS: usize = 4;

/// Every storage that has settings, and which of them takes new files.
#[derive(Clone, Debug)]
pub(crate) struct StorageConfig {
    pub(crate) backend: StorageBackend,
    pub(crate) buckets: Vec<S3Settings>,
    /// Where files go whose retention says to archive them.
    pub(crate) archive: Option<StorageBackend>,
    pub(crate) delivery: Delivery,
    /// A part of its endpoint, and shown as it was given.
    r2_account_id: Option<String>,
}

impl StorageConfig {
    pub(super) fn read(values: &mut Values, workers: usize) -> Self {
        let backend = values.parsed("media_storage_backend").unwrap_or(StorageBackend::Local);
        let parts = workers + SPARE_PARTS;
        let buckets: Vec<S3Settings> =
            [amazon(values, parts), cloudflare(values, parts)].into_iter().flatten().collect();
        let archive = values.parsed("media_archive_backend");
        let used = [("MEDIA_STORAGE_BACKEND", Some(backend)), ("MEDIA_ARCHIVE_BACKEND", archive)];
        for (setting, backend) in used.into_iter().filter_map(|(setting, used)| Some((setting, used?))) {
            if let Some(needed) = missing_bucket(&buckets, backend) {
                values.problem(format!("{needed} is needed with {setting}={backend}"));
            }
        }
        if archive == Some(backend) {
            values.problem(
                "MEDIA_ARCHIVE_BACKEND must be another storage than MEDIA_STORAGE_BACKEND".to_owned(),
            );
        }
        let delivery = values.checked("media_delivery", delivery).unwrap_or(Delivery::Proxy);
        if delivery == Delivery::Redirect && backend == StorageBackend::Local {
            values.problem("MEDIA_DELIVERY=redirect needs MEDIA_STORAGE_BACKEND=s3 or r2: nobody can be sent to a folder".to_owned());
        }
        let r2_account_id = values.text("r2_account_id").map(str::to_owned);
        Self { backend, buckets, archive, delivery, r2_account_id }
    }

    /// The effective value of a setting of storage.
    pub(super) fn shown(&self, key: &str) -> String {
        let bucket =
            self.bucket(if key.starts_with("r2_") { StorageBackend::R2 } else { StorageBackend::S3 });
        let of_bucket = |value: fn(&S3Settings) -> Option<String>| {
            bucket.and_then(value).unwrap_or_else(|| "not set".to_owned())
        };
        match key {
            "media_storage_backend" => self.backend.to_string(),
            "media_archive_backend" => {
                self.archive.map_or_else(|| "not set".to_owned(), |archive| archive.to_string())
            }
            "media_delivery" => format!("{:?}", self.delivery).to_lowercase(),
            "aws_s3_bucket" | "r2_bucket" => of_bucket(|bucket| Some(bucket.bucket.clone())),
            "aws_region" => of_bucket(|bucket| Some(bucket.region.clone())),
            "aws_access_key_id" | "r2_access_key_id" => of_bucket(|bucket| bucket.access_key_id.clone()),
            "aws_endpoint_url" | "r2_endpoint" => of_bucket(|bucket| bucket.endpoint.clone()),
            "aws_s3_path_style" => of_bucket(|bucket| Some(bucket.path_style.to_string())),
            "aws_s3_storage_class" => of_bucket(|bucket| bucket.storage_class.clone()),
            "aws_s3_encryption" => of_bucket(|bucket| bucket.encryption.as_ref().map(shown_encryption)),
            "aws_secret_access_key" | "r2_secret_access_key" => {
                of_bucket(|bucket| bucket.secret_access_key.as_ref().map(|_| "set (hidden)".to_owned()))
            }
            "r2_account_id" => self.r2_account_id.clone().unwrap_or_else(|| "not set".to_owned()),
            _ => String::new(),
        }
    }

    /// The store that viewers are sent to, if they are.
    pub(crate) fn viewers_go_to(&self) -> Option<String> {
        let bucket = self.bucket(self.backend).filter(|_| self.delivery == Delivery::Redirect);
        bucket.map(S3Settings::origin)
    }

    /// The bucket of a kind of storage.
    pub(crate) fn bucket(&self, backend: StorageBackend) -> Option<&S3Settings> {
        self.buckets.iter().find(|bucket| bucket.backend == backend)
    }
}

/// The setting without which a storage cannot be used, if it is not given.
fn missing_bucket(buckets: &[S3Settings], backend: StorageBackend) -> Option<&'static str> {
    let needed = match backend {
        StorageBackend::Local => None,
        StorageBackend::S3 => Some("AWS_S3_BUCKET"),
        StorageBackend::R2 => Some("R2_BUCKET"),
    };
    needed.filter(|_| !buckets.iter().any(|bucket| bucket.backend == backend))
}

fn amazon(values: &mut Values, parts_in_memory: usize) -> Option<S3Settings> {
    let endpoint = values.checked("aws_endpoint_url", endpoint);
    let path_style = values.checked("aws_s3_path_style", |text| match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    });
    let encryption = values.checked("aws_s3_encryption", encryption);
    let (id, secret) = key_pair(values, "aws_access_key_id", "aws_secret_access_key");
    Some(S3Settings {
        backend: StorageBackend::S3,
        bucket: values.text("aws_s3_bucket")?.to_owned(),
        region: values.text("aws_region").unwrap_or(DEFAULT_REGION).to_owned(),
        // Stores of one's own rarely have a host name for each bucket.
        path_style: path_style.unwrap_or(endpoint.is_some()),
        endpoint,
        access_key_id: id,
        secret_access_key: secret.map(Into::into),
        storage_class: values.text("aws_s3_storage_class").map(str::to_owned),
        encryption,
        parts_in_memory,
    })
}

fn cloudflare(values: &mut Values, parts_in_memory: usize) -> Option<S3Settings> {
    let given = values.checked("r2_endpoint", endpoint);
    let (id, secret) = key_pair(values, "r2_access_key_id", "r2_secret_access_key");
    let bucket = values.text("r2_bucket")?.to_owned();
    let of_account = values.text("r2_account_id").map(|id| format!("https://{id}.r2.cloudflarestorage.com"));
    let endpoint = given.or(of_account);
    if endpoint.is_none() {
        values.problem("R2_ACCOUNT_ID (or R2_ENDPOINT) is needed with R2_BUCKET".to_owned());
    }
    if id.is_none() {
        values.problem("R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY are needed with R2_BUCKET".to_owned());
    }
    Some(S3Settings {
        backend: StorageBackend::R2,
        bucket,
        region: "auto".to_owned(),
        endpoint,
        access_key_id: id,
        secret_access_key: secret.map(Into::into),
        path_style: true,
        storage_class: None,
        encryption: None,
        parts_in_memory,
    })
}

/// Both halves, or neither.
fn key_pair(values: &mut Values, id: &'static str, secret: &'static str) -> (Option<String>, Option<String>) {
    let pair = (values.text(id).map(str::to_owned), values.text(secret).map(str::to_owned));
    if pair.0.is_some() != pair.1.is_some() {
        let (id, secret) = (id.to_uppercase(), secret.to_uppercase());
        values.problem(format!("{id} and {secret} belong together: give both or neither"));
    }
    pair
}

fn endpoint(text: &str) -> Result<String, String> {
    let url = site_address(text)?;
    if url.path() != "/" {
        return Err("must be the address of the store alone, without the bucket or any other path".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn encryption(text: &str) -> Result<Encryption, String> {
    match text.strip_prefix("aws:kms:") {
        Some(key) if !key.is_empty() => Ok(Encryption::Kms { key_id: key.to_owned() }),
        None if text == "AES256" => Ok(Encryption::Aes256),
        _ => Err("must be AES256, or aws:kms: with the id of a key".to_owned()),
    }
}

fn shown_encryption(encryption: &Encryption) -> String {
    match encryption {
        Encryption::Aes256 => "AES256".to_owned(),
        Encryption::Kms { key_id } => format!("aws:kms:{key_id}"),
    }
}

fn delivery(text: &str) -> Result<Delivery, String> {
    match text {
        "proxy" => Ok(Delivery::Proxy),
        "redirect" => Ok(Delivery::Redirect),
        _ => Err("must be proxy or redirect".to_owned()),
    }
}
