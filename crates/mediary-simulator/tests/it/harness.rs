//! A simulator with everything quick, and a receiver for its webhooks.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use mediary_graph::{Update, Webhook};
use mediary_simulator::{MediaSpec, Simulator, SimulatorConfig};
use mediary_testing::files::{JPEG, content_like};
use mediary_testing::installation::{ACCESS_TOKEN, VERIFY_TOKEN};
use mediary_testing::simulator::quick;
use mediary_testing::{ManualClock, START};
use serde_json::Value;
use tokio::sync::watch;
use url::Url;

/// The moment at which the clock of every test stands still, in seconds as WhatsApp writes it.
pub(crate) const NOW: i64 = START.0 / 1000;
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) fn config() -> SimulatorConfig {
    SimulatorConfig { clock: Arc::new(ManualClock::default()), ..quick() }
}

pub(crate) async fn start() -> Simulator {
    Simulator::start(config()).await.unwrap()
}

/// A simulator and the receiver of its webhooks.
pub(crate) async fn start_with_receiver(change: impl FnOnce(&mut SimulatorConfig)) -> (Simulator, Receiver) {
    let receiver = Receiver::start().await;
    let mut config = SimulatorConfig { webhook_url: Some(receiver.url.clone()), ..config() };
    change(&mut config);
    (Simulator::start(config).await.unwrap(), receiver)
}

pub(crate) async fn image(simulator: &Simulator) -> (String, Vec<u8>) {
    let bytes = content_like(JPEG, 5004);
    let media = simulator.add_media(&MediaSpec::bytes(bytes.clone(), "image/jpeg")).await.unwrap();
    (media.id, bytes)
}

/// A call with the token: its status and JSON.
pub(crate) async fn call(simulator: &Simulator, path: &str) -> (u16, Value) {
    answer(client().get(url(simulator, path)).bearer_auth(ACCESS_TOKEN)).await
}

pub(crate) async fn post(simulator: &Simulator, path: &str, body: &Value) -> (u16, Value) {
    answer(client().post(url(simulator, path)).bearer_auth(ACCESS_TOKEN).json(body)).await
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

pub(crate) fn url(simulator: &Simulator, path: &str) -> Url {
    simulator.base_url().join(path).unwrap()
}

/// One for all tests, since setting one up takes long; it keeps no connections, since each test has its own runtime.
pub(crate) fn client() -> &'static reqwest::Client {
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
        let client = reqwest::Client::builder().user_agent("tests").no_proxy().pool_max_idle_per_host(0);
        client.redirect(reqwest::redirect::Policy::none()).build().unwrap()
    });
    &CLIENT
}

/// The error of a Graph answer: code, subcode.
pub(crate) fn error_of(body: &Value) -> (i64, Option<i64>) {
    assert!(body["error"]["message"].is_string() && body["error"]["fbtrace_id"].is_string(), "{body}");
    (body["error"]["code"].as_i64().unwrap(), body["error"]["error_subcode"].as_i64())
}

/// One POST that came.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedPost {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl ReceivedPost {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn updates(&self) -> Vec<Update> {
        Webhook::parse(&self.body).unwrap().updates()
    }

    pub(crate) fn is_signed(&self, secret: &str) -> bool {
        let header = self.headers["x-hub-signature-256"].to_str().unwrap();
        mediary_graph::signature_matches(header, &self.body, secret.as_bytes())
    }
}

#[derive(Debug, Default)]
struct Inbox {
    /// What to answer next; 200 when empty.
    answers: Mutex<VecDeque<u16>>,
    received: watch::Sender<Vec<ReceivedPost>>,
}

/// Takes webhooks as a program under test would.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) url: Url,
    inbox: Arc<Inbox>,
    server: tokio::task::JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let inbox = Arc::new(Inbox::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/hook", listener.local_addr().unwrap())).unwrap();
        let app = Router::new().route("/hook", get(verify).post(take)).with_state(Arc::clone(&inbox));
        let app = app.layer(axum::extract::DefaultBodyLimit::disable());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, inbox, server }
    }

    /// Answers the next POSTs with these.
    pub(crate) fn answer_with(&self, answers: &[u16]) {
        self.inbox.answers.lock().unwrap().extend(answers);
    }

    /// The first `count` POSTs, once they are there.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<ReceivedPost> {
        let mut received = self.inbox.received.subscribe();
        let there = tokio::time::timeout(DEADLINE, received.wait_for(|all| all.len() >= count)).await;
        there.expect("too few webhooks came").unwrap().clone()
    }

    pub(crate) fn received(&self) -> Vec<ReceivedPost> {
        self.inbox.received.borrow().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let answer = inbox.answers.lock().unwrap().pop_front().unwrap_or(200);
    inbox.received.send_modify(|received| received.push(ReceivedPost { headers, body }));
    StatusCode::from_u16(answer).unwrap()
}

async fn verify(RawQuery(query): RawQuery) -> Result<String, StatusCode> {
    let query = query.unwrap_or_default();
    let pairs: std::collections::HashMap<String, String> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    if pairs["hub.mode"] == "subscribe" && pairs["hub.verify_token"] == VERIFY_TOKEN {
        Ok(pairs["hub.challenge"].clone())
    } else {
        Err(StatusCode::FORBIDDEN)
    }
}
