//! An S3 server for tests: s3s over a folder, with signatures checked, on a free port of the loopback.
//!
//! What it keeps lies in the folder as plain files, so that a test can look at the bytes without asking it. It adds the
//! list of unfinished uploads, which the library under it lacks.

mod quirk;
mod store;

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::sync::OwnedRwLockWriteGuard;
use tokio::task::{JoinHandle, JoinSet};

use quirk::Behaviour;
pub use quirk::Quirk;
use store::{Gate, Store, UnfinishedUploads};

/// What clients sign with.
pub const ACCESS_KEY_ID: &str = "mediary-test";
pub const SECRET_ACCESS_KEY: &str = "mediary-test-secret";

/// A running server. It ends when this is dropped, with every connection.
#[derive(Debug)]
pub struct TestS3 {
    address: SocketAddr,
    server: JoinHandle<()>,
    unfinished: UnfinishedUploads,
    completing: Gate,
    deleting: Gate,
    behaviour: Behaviour,
}

impl TestS3 {
    /// Serves the folder on a free port; each folder in it is a bucket.
    pub async fn start(folder: &Path) -> io::Result<Self> {
        Self::start_at(folder, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// The same at an address, such as the one that a server before it had.
    pub async fn start_at(folder: &Path, address: SocketAddr) -> io::Result<Self> {
        let (unfinished, completing, deleting) =
            (UnfinishedUploads::default(), Gate::default(), Gate::default());
        let behaviour = Behaviour::default();
        let gates = [completing.clone(), deleting.clone()];
        let store = Store::open(folder, unfinished.clone(), gates, behaviour.clone())?;
        let mut builder = S3ServiceBuilder::new(store);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
        let service = builder.build();
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                // Small answers shall not wait for the acknowledgement of the one before.
                let _ = stream.set_nodelay(true);
                connections.spawn(async move {
                    let connection = Builder::new(TokioExecutor::new());
                    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, server, unfinished, completing, deleting, behaviour })
    }

    /// Uploads that were begun here and neither completed nor aborted.
    pub fn unfinished_uploads(&self) -> usize {
        self.unfinished.lock().len()
    }

    /// Misbehaves like that from now on, or no more.
    pub fn behave(&self, quirk: Option<Quirk>) {
        self.behaviour.set(quirk);
    }

    /// Nobody completes an upload until the answer is dropped.
    pub async fn hold_completions(&self) -> OwnedRwLockWriteGuard<()> {
        self.completing.clone().write_owned().await
    }

    /// Nobody deletes a file until the answer is dropped; then everything is deleted that was asked for, also by who has
    /// gone meanwhile.
    pub async fn hold_deletions(&self) -> OwnedRwLockWriteGuard<()> {
        self.deleting.clone().write_owned().await
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as clients want it, without a bucket.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for TestS3 {
    fn drop(&mut self) {
        self.server.abort();
    }
}
