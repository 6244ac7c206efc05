//! What is there in the end, read through the API, and the wait until it is what must be.

use std::fmt::Display;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use tokio::time::Instant;

use crate::harness::Api;

const LOOK_EVERY: Duration = Duration::from_millis(300);
/// Differences that are printed.
const SHOWN: usize = 20;

/// A conversation as the API shows it, with its messages.
pub(super) struct Thread {
    pub(super) conversation: Value,
    pub(super) messages: Vec<Value>,
}

/// Everything that the API shows of a company.
pub(super) async fn threads(api: &Api) -> Vec<Thread> {
    // Nobody has more than a page of messages here. A thread that was joined to another since the list was read is
    // not found, and the next look is the one that counts.
    let read = |conversation: Value| async move {
        let path = format!("/api/conversations/{}/messages?limit=100", conversation["id"]);
        let page: Value = api.get(&path).await.json().await.unwrap();
        let messages = page["items"].as_array().cloned().unwrap_or_default();
        Thread { conversation, messages }
    };
    stream::iter(api.all("/api/conversations").await).map(read).buffer_unordered(8).collect().await
}

/// Looks until nothing is wrong, for as long as it gets less; what is wrong then.
pub(super) async fn settles(
    stuck_after: Duration,
    mut look: impl AsyncFnMut() -> Vec<String>,
) -> Vec<String> {
    let (mut fewest, mut since) = (usize::MAX, Instant::now());
    loop {
        let wrong = look().await;
        if wrong.is_empty() {
            return wrong;
        }
        if wrong.len() < fewest {
            (fewest, since) = (wrong.len(), Instant::now());
        }
        if since.elapsed() > stuck_after {
            return wrong;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Only what cannot be recorded is parked, and it says why.
pub(super) fn compare_reasons<'a>(reasons: impl Iterator<Item = &'a str>, wrong: &mut Vec<String>) {
    let known = |reason: &&str| {
        reason.starts_with("neither a sender nor a recipient is named")
            || reason.ends_with("is longer than 1024 bytes")
    };
    wrong.extend(
        reasons.filter(|reason| !known(reason)).map(|reason| format!("an item was parked: {reason}")),
    );
}

/// What each message says, in the order of their ids: what a second delivery of everything must not change.
pub(super) fn contents(threads: &[Thread]) -> Vec<Value> {
    let mut messages: Vec<&Value> = threads.iter().flat_map(|thread| &thread.messages).collect();
    messages.sort_by_key(|message| message["id"].as_i64());
    let files = |message: &Value| -> Vec<Value> {
        let attachments = message["attachments"].as_array().into_iter().flatten();
        std::iter::once(&message["media"]).chain(attachments).map(|file| file["sha256"].clone()).collect()
    };
    let said = |message: &Value| {
        let fields = [
            "id",
            "type",
            "text",
            "caption",
            "status",
            "error",
            "revoked",
            "edited",
            "reactions",
            "providerMediaId",
        ];
        fields.iter().map(|field| message[*field].clone()).chain(files(message)).collect()
    };
    messages.into_iter().map(said).collect()
}

/// Panics unless nothing is wrong, with what replays it.
pub(super) fn require(wrong: &[String], seed: u64, summary: &impl Display) {
    if !wrong.is_empty() {
        let first: Vec<_> = wrong.iter().take(SHOWN).collect();
        panic!("{} differences; {summary}\nMEDIARY_CAMPAIGN_SEED={seed} replays it: {first:#?}", wrong.len());
    }
}
