//! Messages that a program sends: texts as JSON, or pictures as forms, each of them another file.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::http::{Connection, Target};
use crate::latency::Latencies;

const BOUNDARY: &str = "mediary-bench-boundary";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF";

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(long)]
    url: Target,
    #[arg(long, env = "BENCH_BEARER", hide_env_values = true)]
    bearer: String,
    /// Conversations that the messages go into, in turn
    #[arg(long, value_delimiter = ',', required = true)]
    conversations: Vec<u64>,
    /// Size of each picture; texts unless given
    #[arg(long)]
    bytes: Option<usize>,
    #[arg(long)]
    messages: usize,
    #[arg(long, default_value_t = 16)]
    connections: u32,
}

struct Load {
    options: Options,
    next: AtomicUsize,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<Value> {
    let connections = Connection::open_all(&options.url, options.connections).await?;
    let load = Arc::new(Load { options, next: AtomicUsize::new(0) });
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for connection in connections {
        tasks.spawn(send(connection, load.clone()));
    }
    Ok(Latencies::of(tasks).await?.summary(start.elapsed()))
}

async fn send(mut connection: Connection, load: Arc<Load>) -> Latencies {
    let mut latencies = Latencies::default();
    loop {
        let number = load.next.fetch_add(1, Ordering::Relaxed);
        if number >= load.options.messages {
            return latencies;
        }
        let request = load.request(number);
        let sent = Instant::now();
        match connection.request(&request).await {
            Ok(answer) if answer.status == 201 => latencies.record(sent.elapsed()),
            Ok(_) => latencies.failed += 1,
            Err(_) => {
                latencies.failed += 1;
                return latencies;
            }
        }
    }
}

impl Load {
    fn request(&self, number: usize) -> Vec<u8> {
        let conversation = self.options.conversations[number % self.options.conversations.len()];
        let (content_type, body) = match self.options.bytes {
            None => ("application/json".to_owned(), text(conversation)),
            Some(bytes) => {
                (format!("multipart/form-data; boundary={BOUNDARY}"), picture(conversation, number, bytes))
            }
        };
        let Target { address, path } = &self.options.url;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: {content_type}\r\n\
             Content-Length: {}\r\n\r\n",
            self.options.bearer,
            body.len()
        );
        [head.into_bytes(), body].concat()
    }
}

fn text(conversation: u64) -> Vec<u8> {
    let body = "Your parcel is on its way.";
    json!({ "conversationId": conversation, "type": "text", "text": body }).to_string().into_bytes()
}

/// Every picture has its number in it, so that none is known already.
fn picture(conversation: u64, number: usize, bytes: usize) -> Vec<u8> {
    let field = |name: &str, value: &str| {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\
         Content-Type: image/jpeg\r\n\r\n"
    );
    let mut body =
        (field("conversationId", &conversation.to_string()) + &field("type", "image") + &file).into_bytes();
    body.extend_from_slice(JPEG);
    body.extend_from_slice(format!("{number:020}").as_bytes());
    body.resize(body.len() + bytes.saturating_sub(JPEG.len() + 20), b'x');
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}
