//! As much of an HTTP/1.1 client as a load generator needs: one connection, one request at a time, bodies of a
//! known length that are counted and thrown away.

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The head of an answer is never longer.
const HEAD_BYTES: usize = 16 * 1024;

/// Where requests go: `http://host:port/path`, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: String,
    pub(crate) path: String,
}

impl std::str::FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> anyhow::Result<Self> {
        let rest = url.strip_prefix("http://").context("only http:// addresses")?;
        let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
        Ok(Self { address: address.to_owned(), path: format!("/{path}") })
    }
}

#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body_bytes: usize,
}

impl Connection {
    pub(crate) async fn open_all(target: &Target, connections: u32) -> anyhow::Result<Vec<Self>> {
        let mut open = Vec::new();
        for _ in 0..connections {
            open.push(Self::open(target).await?);
        }
        Ok(open)
    }

    pub(crate) async fn open(target: &Target) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(&target.address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 64 * 1024], filled: 0 })
    }

    /// Sends a whole request and takes the whole answer.
    pub(crate) async fn request(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.stream.write_all(request).await?;
        let head = self.read_head().await?;
        let answer = parse_head(&self.buffer[..head])?;
        let mut left =
            (head + answer.body_bytes).checked_sub(self.filled).context("more than was asked for")?;
        self.filled = 0;
        while left > 0 {
            let room = left.min(self.buffer.len());
            let read = self.stream.read(&mut self.buffer[..room]).await?;
            ensure!(read > 0, "the connection ended within an answer");
            left -= read;
        }
        Ok(answer)
    }

    async fn read_head(&mut self) -> anyhow::Result<usize> {
        loop {
            if let Some(at) = self.buffer[..self.filled].windows(4).position(|window| window == b"\r\n\r\n") {
                return Ok(at + 4);
            }
            ensure!(self.filled < HEAD_BYTES, "an answer with an endless head");
            let read = self.stream.read(&mut self.buffer[self.filled..]).await?;
            ensure!(read > 0, "the connection ended before an answer");
            self.filled += read;
        }
    }
}

fn parse_head(head: &[u8]) -> anyhow::Result<Answer> {
    let head = std::str::from_utf8(head)?;
    let mut lines = head.split("\r\n");
    let status =
        lines.next().and_then(|line| line.split(' ').nth(1)).context("an answer without a status")?;
    for line in lines {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            return Ok(Answer { status: status.parse()?, body_bytes: value.trim().parse()? });
        }
    }
    bail!("an answer without a length: {head}")
}

/// A `GET` with an optional `Authorization`.
pub(crate) fn get(target: &Target, bearer: Option<&str>) -> Vec<u8> {
    let authorization = bearer.map_or(String::new(), |token| format!("Authorization: Bearer {token}\r\n"));
    format!("GET {} HTTP/1.1\r\nHost: {}\r\n{authorization}\r\n", target.path, target.address).into_bytes()
}
