//! An S3 server with one bucket.

use std::net::SocketAddr;
use std::path::PathBuf;

use mediary_blob::{S3Settings, Storage};
use mediary_core::StorageBackend;
use mediary_test_s3::TestS3;
pub use mediary_test_s3::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use tempfile::TempDir;

pub const BUCKET: &str = "media";

/// It ends with this value.
#[derive(Debug)]
pub struct Bucket {
    folder: TempDir,
    server: Option<TestS3>,
    address: SocketAddr,
}

impl Bucket {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let server = TestS3::start(folder.path()).await.unwrap();
        let address = server.address();
        Self { folder, server: Some(server), address }
    }

    pub fn settings(&self) -> S3Settings {
        S3Settings {
            backend: StorageBackend::S3,
            bucket: BUCKET.to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: Some(self.url()),
            access_key_id: Some(ACCESS_KEY_ID.to_owned()),
            secret_access_key: Some(SECRET_ACCESS_KEY.into()),
            path_style: true,
            storage_class: None,
            encryption: None,
            parts_in_memory: 8,
        }
    }

    pub fn storage(&self) -> Storage {
        Storage::open_s3(&self.settings()).unwrap()
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The server, which has not gone away.
    pub fn server(&self) -> &TestS3 {
        self.server.as_ref().expect("the bucket has not gone away")
    }

    /// As if its machine went away.
    pub fn go_away(&mut self) {
        self.server = None;
    }

    pub async fn come_back(&mut self) {
        self.server = Some(TestS3::start_at(self.folder.path(), self.address).await.unwrap());
    }

    /// Where its objects lie, each as a file.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }

    /// Parts on the server's disk that belong to no object.
    pub fn stray_parts(&self) -> usize {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().contains(".part-")).count()
    }
}
