//! An S3 server with one bucket, for worlds that keep their files there.

use std::path::PathBuf;

use mediary_test_s3::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, TestS3};
use tempfile::TempDir;

const NAME: &str = "media";

pub(crate) struct Bucket {
    folder: TempDir,
    server: Option<TestS3>,
    address: std::net::SocketAddr,
}

impl Bucket {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(NAME)).unwrap();
        let server = TestS3::start(folder.path()).await.unwrap();
        let address = server.address();
        Self { folder, server: Some(server), address }
    }

    /// The settings of a program that keeps its files here.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("MEDIA_STORAGE_BACKEND", "s3".to_owned()),
            ("AWS_S3_BUCKET", NAME.to_owned()),
            ("AWS_ENDPOINT_URL", self.url()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
        ]
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// As if its machine went away.
    pub(crate) fn go_away(&mut self) {
        self.server = None;
    }

    pub(crate) async fn come_back(&mut self) {
        self.server = Some(TestS3::start_at(self.folder.path(), self.address).await.unwrap());
    }

    /// Uploads that are neither completed nor aborted.
    pub(crate) fn unfinished_uploads(&self) -> usize {
        self.server.as_ref().map_or(0, TestS3::unfinished_uploads)
    }

    /// Nobody completes an upload until the answer is dropped.
    pub(crate) async fn hold_completions(&self) -> impl Drop + use<> {
        self.server.as_ref().unwrap().hold_completions().await
    }

    /// Every object, with its bytes.
    pub(crate) fn objects(&self) -> Vec<(PathBuf, Vec<u8>)> {
        super::with_bytes(mediary_testing::files::files_below(&self.folder.path().join(NAME)))
    }
}
