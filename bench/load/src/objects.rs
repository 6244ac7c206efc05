//! The least that storing files in a bucket takes: read, send, nothing else. What any program that stores as much is
//! measured against.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStoreExt, PutPayload, RetryConfig};
use serde_json::{Value, json};
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Up to this a file goes in one request, beyond it in parts that are as long.
const PART_BYTES: usize = 5 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(long)]
    endpoint: String,
    #[arg(long)]
    bucket: String,
    #[arg(long, env = "AWS_ACCESS_KEY_ID")]
    access_key_id: String,
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    secret_access_key: String,
    /// The file that is sent again and again
    #[arg(long)]
    file: PathBuf,
    /// The names of the objects begin with this
    #[arg(long)]
    prefix: String,
    #[arg(long)]
    files: u64,
    /// Files on their way at once
    #[arg(long, default_value_t = 16)]
    parallel: u64,
}

struct Bucket {
    s3: AmazonS3,
    options: Options,
    next: AtomicU64,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<Value> {
    let s3 = AmazonS3Builder::new()
        .with_endpoint(&options.endpoint)
        .with_bucket_name(&options.bucket)
        .with_region("us-east-1")
        .with_access_key_id(&options.access_key_id)
        .with_secret_access_key(&options.secret_access_key)
        .with_client_options(ClientOptions::new().with_allow_http(true).with_timeout_disabled())
        // What fails shall be seen, not tried again.
        .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
        .build()?;
    let bucket = Arc::new(Bucket { s3, options, next: AtomicU64::new(0) });
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..bucket.options.parallel {
        tasks.spawn(send_some(bucket.clone()));
    }
    while let Some(sent) = tasks.join_next().await {
        sent??;
    }
    let (files, seconds) = (bucket.options.files, started.elapsed().as_secs_f64());
    Ok(json!({ "files": files, "seconds": seconds, "rate": files as f64 / seconds }))
}

async fn send_some(bucket: Arc<Bucket>) -> anyhow::Result<()> {
    loop {
        let number = bucket.next.fetch_add(1, Ordering::Relaxed);
        if number >= bucket.options.files {
            return Ok(());
        }
        let key = Path::from(format!("{}/{number}", bucket.options.prefix));
        bucket.send(&key).await.with_context(|| format!("send {key}"))?;
    }
}

impl Bucket {
    async fn send(&self, key: &Path) -> anyhow::Result<()> {
        let mut file = File::open(&self.options.file).await?;
        let size = file.metadata().await?.len();
        if size <= PART_BYTES as u64 {
            self.s3.put(key, part(&mut file).await?).await?;
            return Ok(());
        }
        let id = self.s3.create_multipart(key).await?;
        let mut parts = Vec::new();
        for number in 0..usize::try_from(size)?.div_ceil(PART_BYTES) {
            parts.push(self.s3.put_part(key, &id, number, part(&mut file).await?).await?);
        }
        self.s3.complete_multipart(key, &id, parts).await?;
        Ok(())
    }
}

async fn part(file: &mut File) -> anyhow::Result<PutPayload> {
    let mut bytes = Vec::new();
    file.take(PART_BYTES as u64).read_to_end(&mut bytes).await?;
    Ok(bytes.into())
}
