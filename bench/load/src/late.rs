//! A long way to an upstream that is near: what is sent there arrives later, what it answers comes back at once. So
//! each request takes that much longer, however many are on their way.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    to: SocketAddr,
    #[arg(long)]
    millis: u64,
}

/// Until it is killed.
pub(crate) async fn run(options: Options) -> anyhow::Result<Value> {
    let listener = TcpListener::bind(options.listen).await?;
    let late = Duration::from_millis(options.millis);
    loop {
        let (near, _) = listener.accept().await?;
        tokio::spawn(async move {
            // Either side may leave at any time.
            let _ = relay(near, options.to, late).await;
        });
    }
}

async fn relay(near: TcpStream, to: SocketAddr, late: Duration) -> std::io::Result<()> {
    let far = TcpStream::connect(to).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (requests, mut answers) = near.into_split();
    let (mut answered, asked) = far.into_split();
    let (there, back) = tokio::join!(forward(requests, asked, late), copy(&mut answered, &mut answers));
    there.and(back.map(drop))
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, late: Duration) -> std::io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        sleep(late).await;
        to.write_all(&buffer[..read]).await?;
    }
}
