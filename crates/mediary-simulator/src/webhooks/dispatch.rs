//! From queued updates to webhooks under way: updates gather until a body is full or has waited long enough.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rand::seq::SliceRandom;
use rand::{SeedableRng, rngs::StdRng};
use secrecy::ExposeSecret;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use super::body::{Update, encode};
use super::delivery::{OutgoingWebhook, attempt, deliver, repeat_by_chance};
use super::log::{WebhookRecord, WebhookState};
use crate::accounts::Destination;
use crate::config::{BatchShape, WebhookOptions};
use crate::error::Error;
use crate::ids::mix;
use crate::world::World;

/// Meta's bodies are no larger than this.
const BODY_BYTES: usize = mediary_core::limits::WEBHOOK_BODY_BYTES;

/// Makes webhooks of updates until the simulator stops.
pub(crate) async fn run(world: Arc<World>, mut queue: mpsc::UnboundedReceiver<Update>) {
    let mut rng = StdRng::seed_from_u64(mix(&(world.seed, "outbox")));
    let mut slots = Arc::new(Semaphore::new(0));
    let mut concurrency = 0;
    loop {
        let Some(first) = queue.recv().await else { return };
        let options = Arc::new(world.options().webhooks.clone());
        if options.concurrency != concurrency {
            concurrency = options.concurrency;
            slots = Arc::new(Semaphore::new(concurrency));
        }
        let updates = gather(first, &mut queue, &options, &mut rng).await;
        for (destination, updates) in by_destination(&world, updates) {
            for batch in updates.chunks(options.batch_size) {
                let shape = shape(&options, &mut rng);
                for outgoing in sign(&world, &destination, batch, shape) {
                    start(&world, outgoing, &options, &slots).await;
                }
            }
        }
    }
}

async fn gather(
    first: Update,
    queue: &mut mpsc::UnboundedReceiver<Update>,
    options: &WebhookOptions,
    rng: &mut StdRng,
) -> Vec<Update> {
    let max_updates = options.batch_size.max(options.reorder_window);
    let until = Instant::now() + Duration::from_millis(options.batch_wait_ms);
    let mut updates = vec![first];
    while updates.len() < max_updates {
        let room = max_updates - updates.len();
        let more = queue.recv_many(&mut updates, room);
        if !matches!(tokio::time::timeout_at(until, more).await, Ok(1..)) {
            break;
        }
    }
    for window in updates.chunks_mut(options.reorder_window) {
        window.shuffle(rng);
    }
    updates
}

/// Sorts updates by where they go. Those of accounts that no longer have a webhook are dropped.
fn by_destination(world: &World, updates: Vec<Update>) -> Vec<(Destination, Vec<Update>)> {
    let mut groups: Vec<(Destination, Vec<Update>)> = Vec::new();
    for update in updates {
        let Some(destination) = world.accounts.destination(&update.account) else {
            world.outbox.done(1);
            continue;
        };
        let same = |known: &Destination| {
            known.provider == destination.provider
                && known.url == destination.url
                && known.secret.expose_secret() == destination.secret.expose_secret()
        };
        match groups.iter_mut().find(|(known, _)| same(known)) {
            Some((_, group)) => group.push(update),
            None => groups.push((destination, vec![update])),
        }
    }
    groups
}

fn shape(options: &WebhookOptions, rng: &mut StdRng) -> BatchShape {
    match options.shape {
        BatchShape::Mixed => {
            let mut shapes = [BatchShape::Compact, BatchShape::Changes, BatchShape::Entries];
            shapes.shuffle(rng);
            shapes[0]
        }
        shape => shape,
    }
}

/// Signs and logs these updates: as one body, or as several where one would be larger than Meta's.
fn sign(
    world: &World,
    destination: &Destination,
    updates: &[Update],
    shape: BatchShape,
) -> Vec<OutgoingWebhook> {
    let body = Bytes::from(encode(updates, shape));
    if body.len() > BODY_BYTES && updates.len() > 1 {
        let (first, second) = updates.split_at(updates.len() / 2);
        let mut outgoing = sign(world, destination, first, shape);
        outgoing.extend(sign(world, destination, second, shape));
        return outgoing;
    }
    let Some(aws) = updates.first().and_then(|update| update.account.aws.as_ref()) else {
        return vec![log(world, destination, body, updates.len())];
    };
    // Each entry is a message of its topic. The updates are counted with the last of them.
    let mut messages = crate::aws::notifications(world, aws, &body);
    let last = messages.pop().map(|last| log(world, destination, last, updates.len()));
    messages.into_iter().map(|message| log(world, destination, message, 0)).chain(last).collect()
}

fn log(world: &World, destination: &Destination, body: Bytes, updates: usize) -> OutgoingWebhook {
    let signature = mediary_graph::sign(&body, destination.secret.expose_secret().as_bytes());
    let id = world.webhook_log.add(WebhookRecord {
        id: 0,
        updates,
        bytes: body.len(),
        state: WebhookState::Pending,
        attempts: Vec::new(),
        body: body.clone(),
        signature: signature.clone(),
        destination: destination.clone(),
    });
    OutgoingWebhook { id, updates, body, signature, destination: destination.clone() }
}

/// Waits for a free slot, so that the queue and not many tasks holds what cannot be sent yet.
async fn start(
    world: &Arc<World>,
    outgoing: OutgoingWebhook,
    options: &Arc<WebhookOptions>,
    slots: &Arc<Semaphore>,
) {
    let Ok(slot) = Arc::clone(slots).acquire_owned().await else { return };
    let (task, options, slots) = (Arc::clone(world), Arc::clone(options), Arc::clone(slots));
    world.spawn(async move {
        deliver(&task, &outgoing, &options, &slots, slot).await;
        task.outbox.done(outgoing.updates);
        repeat_by_chance(&task, &outgoing, &options, &slots).await;
    });
}

/// Signs any body for the first account and posts it once.
pub(crate) async fn post(world: &World, body: Bytes) -> Result<Option<u16>, Error> {
    let account = world.accounts.meant(None)?;
    let nowhere = || Error::invalid("there is no webhook URL");
    let destination = world.accounts.destination(&account).ok_or_else(nowhere)?;
    let outgoing = log(world, &destination, body, 0);
    attempt(world, &outgoing, &world.options().webhooks, true).await;
    Ok(last_status(world, outgoing.id))
}

/// Posts a webhook again that is still remembered.
pub(crate) async fn resend(world: &World, id: u64) -> Result<Option<u16>, Error> {
    let unknown = || Error::not_found(format!("there is no webhook {id}, or it was long ago"));
    let WebhookRecord { updates, body, signature, destination, .. } =
        world.webhook_log.find(id).ok_or_else(unknown)?;
    let outgoing = OutgoingWebhook { id, updates, body, signature, destination };
    attempt(world, &outgoing, &world.options().webhooks, true).await;
    Ok(last_status(world, id))
}

fn last_status(world: &World, id: u64) -> Option<u16> {
    world.webhook_log.find(id)?.attempts.last()?.status
}
