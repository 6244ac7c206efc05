//! Signed webhooks as Meta sends them: bodies of about a kilobyte with one message each, or larger ones with many.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::http::{Connection, Target};
use crate::latency::Latencies;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(long)]
    url: Target,
    #[arg(long, env = "BENCH_APP_SECRET", hide_env_values = true)]
    app_secret: String,
    #[arg(long)]
    phone_number_id: String,
    #[arg(long, default_value = "102290129340398")]
    waba_id: String,
    #[arg(long, default_value_t = 64)]
    connections: u32,
    /// Ends after this long
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Ends after this many bodies
    #[arg(long, default_value_t = u64::MAX)]
    bodies: u64,
    /// Bodies a second in all; as many as are acknowledged unless given
    #[arg(long)]
    rate: Option<u32>,
    #[arg(long, default_value_t = 1)]
    messages_per_body: u64,
    /// Messages carry images with this SHA-256 (base64); texts unless given
    #[arg(long)]
    image_sha256: Option<String>,
    /// Those files are documents of this type instead
    #[arg(long)]
    document_type: Option<String>,
    /// The ids of those files begin with this
    #[arg(long, default_value = "")]
    media_id_prefix: String,
    /// Different senders
    #[arg(long, default_value_t = 500)]
    senders: u64,
}

struct Load {
    options: Options,
    key: hmac::Key,
    next: AtomicU64,
    start: Instant,
    end: Instant,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<Value> {
    let connections = Connection::open_all(&options.url, options.connections).await?;
    let start = Instant::now();
    let load = Arc::new(Load {
        key: hmac::Key::new(hmac::HMAC_SHA256, options.app_secret.as_bytes()),
        next: AtomicU64::new(0),
        start,
        end: start + Duration::from_secs(options.seconds),
        options,
    });
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
        if number >= load.options.bodies {
            return latencies;
        }
        if let Some(rate) = load.options.rate {
            sleep_until(load.start + Duration::from_secs(number) / rate).await;
        }
        if Instant::now() >= load.end {
            return latencies;
        }
        let request = load.request(number);
        let sent = Instant::now();
        match connection.request(&request).await {
            Ok(answer) if answer.status == 200 => latencies.record(sent.elapsed()),
            Ok(_) => latencies.failed += 1,
            Err(_) => {
                latencies.failed += 1;
                return latencies;
            }
        }
    }
}

impl Load {
    fn request(&self, number: u64) -> Vec<u8> {
        let body = self.body(number);
        let signature = hmac::sign(&self.key, body.as_bytes());
        let hex: String = signature.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let Target { address, path } = &self.options.url;
        format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             X-Hub-Signature-256: sha256={hex}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    fn body(&self, number: u64) -> String {
        let per_body = self.options.messages_per_body;
        let messages: Vec<Value> =
            (number * per_body..(number + 1) * per_body).map(|number| self.message(number)).collect();
        let contacts: Vec<Value> = messages
            .iter()
            .map(|message| json!({ "profile": { "name": "Load" }, "wa_id": message["from"] }))
            .collect();
        json!({
            "object": "whatsapp_business_account",
            "entry": [{ "id": self.options.waba_id, "changes": [{ "field": "messages", "value": {
                "messaging_product": "whatsapp",
                "metadata": { "display_phone_number": "15550783881", "phone_number_id": self.options.phone_number_id },
                "contacts": contacts,
                "messages": messages,
            }}]}],
        })
        .to_string()
    }

    fn message(&self, number: u64) -> Value {
        let now = now();
        let mut message = json!({
            "from": format!("1555{:07}", number % self.options.senders),
            // The moment of sending is in the id, so that the reader of the stored message knows how long that took.
            "id": format!("wamid.{:016}{number:010}", now.as_micros()),
            "timestamp": now.as_secs().to_string(),
        });
        if let Some(sha256) = &self.options.image_sha256 {
            let document_type = self.options.document_type.as_deref();
            let kind = if document_type.is_some() { "document" } else { "image" };
            message["type"] = json!(kind);
            message[kind] = json!({
                "id": format!("{}{number}", self.options.media_id_prefix),
                "mime_type": document_type.unwrap_or("image/jpeg"),
                "sha256": sha256,
                "caption": "x".repeat(300),
            });
        } else {
            message["type"] = json!("text");
            message["text"] = json!({ "body": "The parcel has not come yet. ".repeat(18) });
        }
        message
    }
}

#[expect(clippy::disallowed_methods, reason = "other processes compare it with the machine's clock")]
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
