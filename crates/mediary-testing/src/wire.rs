//! A server on the wire: it reads requests, answers with bytes as told, and remembers what it was asked.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What happens on the wire, in this order; afterwards the connection stays open for the next request.
#[derive(Debug)]
pub enum Wire {
    Send(Vec<u8>),
    /// The same bytes again and again, for as long as the other side reads.
    Endless(Vec<u8>),
    /// Nothing more, with the connection open.
    Silence,
    /// As the first step: the body of the request is left where it is.
    Unread,
    Close,
}

/// It ends with this value.
#[derive(Debug)]
pub struct Server {
    pub address: std::net::SocketAddr,
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Seen {
    requests: Vec<String>,
    bodies: Vec<Vec<u8>>,
    connections: usize,
}

impl Server {
    pub async fn start(answer: impl Fn(&str) -> Vec<Wire> + Send + Sync + 'static) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), answer).await
    }

    pub async fn start_at(ip: IpAddr, answer: impl Fn(&str) -> Vec<Wire> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, answer) = (Arc::new(Mutex::new(Seen::default())), Arc::new(answer));
        let shared = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                shared.lock().unwrap().connections += 1;
                connections.spawn(serve(connection, Arc::clone(&shared), Arc::clone(&answer)));
            }
        });
        Self { address, seen, task }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The heads of all requests so far, headers in lower case.
    pub fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().requests.clone()
    }

    /// The bodies of all requests that came whole.
    pub fn bodies(&self) -> Vec<Vec<u8>> {
        self.seen.lock().unwrap().bodies.clone()
    }

    pub fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut connection: TcpStream,
    seen: Arc<Mutex<Seen>>,
    answer: Arc<impl Fn(&str) -> Vec<Wire> + Send + Sync>,
) -> std::io::Result<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(connection.read_u8().await?);
        }
        let head = String::from_utf8(head).unwrap();
        let (line, headers) = head.split_once("\r\n").unwrap();
        let request = format!("{line}\n{}", headers.to_lowercase());
        let length =
            request.split_once("\ncontent-length: ").and_then(|(_, rest)| rest.lines().next()?.parse().ok());
        seen.lock().unwrap().requests.push(request);
        let steps = answer(line);
        if !matches!(steps.first(), Some(Wire::Unread)) {
            let mut body = vec![0; length.unwrap_or(0)];
            connection.read_exact(&mut body).await?;
            seen.lock().unwrap().bodies.push(body);
        }
        for step in steps {
            match step {
                Wire::Unread => {}
                Wire::Send(bytes) => connection.write_all(&bytes).await?,
                Wire::Endless(bytes) => loop {
                    connection.write_all(&bytes).await?;
                },
                Wire::Silence => std::future::pending().await,
                Wire::Close => return Ok(()),
            }
        }
    }
}

/// A whole answer with these extra header lines.
pub fn answer(status: u16, headers: &str, body: &str) -> Vec<Wire> {
    let length = body.len();
    let extra = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
    vec![Wire::Send(
        format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n{extra}\r\n{body}").into_bytes(),
    )]
}

/// Ports below those that Linux gives to outgoing connections (`ip_local_port_range`, from 32768): a connection of
/// another test can take none of them while a server that had one is down.
const SERVER_PORTS: std::ops::Range<u16> = 16_000..32_000;

/// A port of this machine that was free a moment ago, for a server that is to have the same one when it is started again.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let width = SERVER_PORTS.end - SERVER_PORTS.start;
    // Processes beside each other begin at places of their own; within one, no port is given twice in a row.
    let first = u16::try_from(std::process::id() * 97 % u32::from(width)).unwrap();
    (0..width)
        .map(|_| SERVER_PORTS.start + (first + NEXT.fetch_add(1, Ordering::Relaxed) % width) % width)
        .find(|&port| std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
        .expect("one of 16,000 ports is free")
}
