//! One webhook on its way: POST, retries with growing waits, now and then a duplicate. And the handshake that
//! proves a callback URL.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use mediary_core::{Clock, Provider};
use secrecy::ExposeSecret;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::log::{WebhookAttempt, WebhookState};
use crate::accounts::Destination;
use crate::config::WebhookOptions;
use crate::counters::add;
use crate::ids::mix;
use crate::world::World;

/// How much of a callback's answer is read when its challenge is checked.
const CHALLENGE_ANSWER_BYTES: usize = 4096;

/// A body that is signed and logged.
#[derive(Debug)]
pub(crate) struct OutgoingWebhook {
    pub(crate) id: u64,
    pub(crate) updates: usize,
    pub(crate) body: Bytes,
    pub(crate) signature: String,
    pub(crate) destination: Destination,
}

/// Delivers a webhook, or gives it up after the last retry. While it waits for a retry, others go first.
pub(crate) async fn deliver(
    world: &World,
    outgoing: &OutgoingWebhook,
    options: &WebhookOptions,
    slots: &Arc<Semaphore>,
    mut slot: OwnedSemaphorePermit,
) {
    let counters = &world.counters;
    let mut waits = options.retry_waits_ms.iter();
    while !attempt(world, outgoing, options, waits.len() == 0).await {
        drop(slot);
        let Some(wait) = waits.next() else {
            counters.updates_dropped.fetch_add(outgoing.updates as u64, Relaxed);
            tracing::warn!(webhook.id = outgoing.id, updates = outgoing.updates, "gave a webhook up");
            return;
        };
        add(&counters.retries);
        tokio::time::sleep(Duration::from_millis(*wait)).await;
        let Ok(next) = Arc::clone(slots).acquire_owned().await else { return };
        slot = next;
    }
    counters.updates_acknowledged.fetch_add(outgoing.updates as u64, Relaxed);
}

/// Sends a webhook again that was delivered, by chance.
pub(crate) async fn repeat_by_chance(
    world: &World,
    outgoing: &OutgoingWebhook,
    options: &WebhookOptions,
    slots: &Semaphore,
) {
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more precision")]
    let share = mix(&(world.seed, "duplicate", outgoing.id)) as f64 / u64::MAX as f64;
    if share < options.duplicate_rate {
        add(&world.counters.duplicates);
        let _slot = slots.acquire().await;
        attempt(world, outgoing, options, false).await;
    }
}

/// One POST. Only 200 counts, as with Meta.
pub(crate) async fn attempt(
    world: &World,
    outgoing: &OutgoingWebhook,
    options: &WebhookOptions,
    last: bool,
) -> bool {
    add(&world.counters.posts);
    let request = world
        .http
        .post(outgoing.destination.url.clone())
        .header(CONTENT_TYPE, "application/json")
        .timeout(Duration::from_millis(options.timeout_ms))
        .body(outgoing.body.clone());
    // 360dialog signs nothing; it sends the header that its customer configured.
    let request = match outgoing.destination.provider {
        Provider::Meta => request.header("X-Hub-Signature-256", &outgoing.signature),
        Provider::Aws => request.header("x-amz-sns-message-type", "Notification"),
        Provider::Dialog360 => request.bearer_auth(outgoing.destination.secret.expose_secret()),
    };
    let answer = async { Ok(drain(request.send().await?).await) }.await;
    let answer: Result<u16, reqwest::Error> = answer;
    let status = answer.as_ref().ok().copied();
    let acknowledged = status == Some(200);
    add(if acknowledged { &world.counters.acknowledged } else { &world.counters.refused });
    let state = match acknowledged {
        true => WebhookState::Acknowledged,
        false if last => WebhookState::Dropped,
        false => WebhookState::Pending,
    };
    let error = answer.err().map(|error| error.without_url().to_string());
    world.webhook_log.attempted(outgoing.id, WebhookAttempt { at: world.clock.now(), status, error }, state);
    acknowledged
}

/// Reads a short answer to its end, so that the connection can be used again.
async fn drain(mut answer: reqwest::Response) -> u16 {
    let mut left = CHALLENGE_ANSWER_BYTES;
    while let Ok(Some(piece)) = answer.chunk().await
        && piece.len() < left
    {
        left -= piece.len();
    }
    answer.status().as_u16()
}

/// Meta's handshake: the callback must answer 200 with the challenge itself. `Err` says what it did instead.
pub(crate) async fn verify_callback(world: &World, url: &Url, verify_token: &str) -> Result<(), String> {
    let challenge = world.ids.opaque();
    let query =
        [("hub.mode", "subscribe"), ("hub.challenge", &challenge), ("hub.verify_token", verify_token)];
    let timeout = Duration::from_millis(world.options().webhooks.timeout_ms);
    let answer = world.http.get(url.clone()).query(&query).timeout(timeout).send().await;
    let mut answer = answer.map_err(|error| error.without_url().to_string())?;
    if answer.status() != 200 {
        return Err(format!("the callback answered HTTP {}", answer.status().as_u16()));
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| error.without_url().to_string())?
        && body.len() + piece.len() <= CHALLENGE_ANSWER_BYTES
    {
        body.extend_from_slice(&piece);
    }
    if body == challenge.as_bytes() {
        Ok(())
    } else {
        Err("the callback answered another challenge".to_owned())
    }
}
