//! The S3 server by itself, for benchmarks: `mediary-test-s3 FOLDER ADDRESS`, until it is killed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::{env, io};

use mediary_test_s3::TestS3;

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut arguments = env::args_os().skip(1);
    let folder = arguments.next().map(PathBuf::from);
    let address = arguments.next().and_then(|text| text.to_str()?.parse::<SocketAddr>().ok());
    let (Some(folder), Some(address)) = (folder, address) else {
        return Err(io::Error::other("mediary-test-s3 FOLDER ADDRESS"));
    };
    let _server = TestS3::start_at(&folder, address).await?;
    std::future::pending().await
}
