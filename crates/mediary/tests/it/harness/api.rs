//! The HTTP API as a program uses it.

use mediary_testing::eventually;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    url: String,
    key: String,
}

impl Api {
    pub(crate) fn new(url: String, key: &str) -> Self {
        let client = Client::builder().no_proxy().build().unwrap();
        Self { client, url, key: key.to_owned() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.key)
    }

    /// Without any key.
    pub(crate) fn stranger(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        self.request(Method::POST, path).json(body).send().await.unwrap()
    }

    /// The answer's JSON, which must have come with 200.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "GET {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Every item of a paged list.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page = self.json(&format!("{path}{joint}limit=100{next}")).await;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["nextCursor"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => return items,
            }
        }
    }

    /// Every message of every conversation, newest first within each.
    pub(crate) async fn messages(&self) -> Vec<Value> {
        let mut messages = Vec::new();
        for conversation in self.all("/api/conversations").await {
            messages.extend(self.all(&format!("/api/conversations/{}/messages", conversation["id"])).await);
        }
        messages
    }

    /// The message with this WhatsApp id, if it is there.
    pub(crate) async fn message_by_wamid(&self, wamid: &str) -> Option<Value> {
        self.messages().await.into_iter().find(|message| message["providerMessageId"] == wamid)
    }

    /// Waits until the message with this WhatsApp id has media for which `ready` holds, and returns the message.
    pub(crate) async fn media_of(&self, wamid: &str, what: &str, ready: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("{what} of {wamid}"), async || {
            let message = self.message_by_wamid(wamid).await.ok_or_else(|| "no such message".to_owned())?;
            if ready(&message["media"]) { Ok(message) } else { Err(message["media"].to_string()) }
        })
        .await
    }

    /// Waits until the media of this message is completed.
    pub(crate) async fn completed(&self, wamid: &str) -> Value {
        self.media_of(wamid, "completion", |media| media["downloadStatus"] == "completed").await
    }

    /// The bytes of a message's media.
    pub(crate) async fn bytes(&self, message: &Value) -> Vec<u8> {
        let path = message["media"]["url"].as_str().unwrap();
        let response = self.get(path).await;
        assert!(response.status().is_success(), "GET {path}: {}", response.status());
        response.bytes().await.unwrap().to_vec()
    }
}
