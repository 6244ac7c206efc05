//! Live events as a browser hears them.

use std::time::Duration;

use futures_util::StreamExt;
use mediary_simulator::{MediaSpec, MessageSpec};
use serde_json::Value;
use tokio::time::timeout;

use crate::harness::{Api, World};

const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// A stream of events, opened before anything happens.
pub(crate) struct Listener {
    body: futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    text: String,
}

impl Listener {
    pub(crate) async fn open(api: &Api, last_event_id: Option<&str>) -> Self {
        let mut request = api.request(reqwest::Method::GET, "/api/events");
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        Self { body: response.bytes_stream().boxed(), text: String::new() }
    }

    /// The next event of that name, with all that came before it.
    pub(crate) async fn until(&mut self, name: &str) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            while let Some((block, rest)) =
                self.text.split_once("\n\n").map(|(b, r)| (b.to_owned(), r.to_owned()))
            {
                self.text = rest;
                let Some(event) = parse(&block) else { continue };
                let found = event.name == name;
                events.push(event);
                if found {
                    return events;
                }
            }
            let chunk = timeout(PATIENCE, self.body.next()).await;
            let chunk = chunk.unwrap_or_else(|_| panic!("no {name} came; so far: {events:?}"));
            self.text.push_str(std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap());
        }
    }
}

fn parse(block: &str) -> Option<Event> {
    let field = |name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name).map(|rest| rest.trim().to_owned()))
    };
    let data = field("data:")?;
    let data = serde_json::from_str(&data).unwrap_or(Value::Null);
    Some(Event { id: field("id:").unwrap_or_default(), name: field("event:")?, data })
}

async fn send_picture(world: &World) -> String {
    let media = world.simulator.add_media(&MediaSpec::generated(50_000, 1, "image/jpeg")).await.unwrap();
    world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap().id
}

#[tokio::test(flavor = "multi_thread")]
async fn message_and_its_media_are_received_live_and_only_by_their_company() {
    let world = World::sqlite().await;
    world.add_company("rival");
    let rival = world.api_as(&world.add_key("rival", "viewer"));
    let mut ours = Listener::open(&world.api(), None).await;
    let mut theirs = Listener::open(&rival, None).await;
    let wamid = send_picture(&world).await;
    let events = ours.until("media.completed").await;
    assert!(events.iter().any(|event| event.name == "message.created"), "{events:?}");
    let completed = &events.last().unwrap().data;
    let message = world.api().message_by_wamid(&wamid).await.unwrap();
    assert_eq!(completed["mediaId"], message["media"]["id"]);
    assert_eq!(completed["messageId"], message["id"]);
    assert_eq!(completed["conversationId"], message["conversationId"]);
    assert!(timeout(Duration::from_millis(300), theirs.until("media.completed")).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn listener_that_returns_receives_missed_events_or_a_resync() {
    let world = World::sqlite().await;
    let mut first = Listener::open(&world.api(), None).await;
    send_picture(&world).await;
    let received = first.until("media.completed").await;
    drop(first);
    let missed = send_picture(&world).await;
    world.api().completed(&missed).await;

    let mut again = Listener::open(&world.api(), Some(&received.last().unwrap().id)).await;
    let replayed = again.until("media.completed").await;
    let message = world.api().message_by_wamid(&missed).await.unwrap();
    assert_eq!(replayed.last().unwrap().data["messageId"], message["id"]);
    assert!(
        replayed.iter().all(|event| received.iter().all(|old| old.id != event.id)),
        "nothing is received twice"
    );

    let mut lost = Listener::open(&world.api(), Some("1")).await;
    lost.until("resync").await;
}
