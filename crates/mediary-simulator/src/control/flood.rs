//! Many messages at once, to see what a receiver can take.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::answer::Body;
use crate::error::{Error, ErrorKind};
use crate::messages::{Customer, MessageSpec};
use crate::world::World;

/// Messages in one flood, at most.
const MESSAGES: u64 = 1_000_000;
/// While the outbox is full, the flood looks again after this.
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Flood {
    /// Every message is like this one, with an id and a customer of its own. Media is shared.
    message: MessageSpec,
    count: u64,
    /// From how many customers they come, in turn.
    #[serde(default = "one")]
    customers: u64,
    /// How many a second; as fast as they are taken if not given.
    #[serde(default)]
    per_second: Option<u64>,
}

fn one() -> u64 {
    1
}

/// Sends the first message, so that what is wrong with it is told, and the others in the background.
pub(super) async fn flood(
    State(world): State<Arc<World>>,
    Body(flood): Body<Flood>,
) -> Result<Json<Value>, Error> {
    if !(1..=MESSAGES).contains(&flood.count) || flood.customers == 0 || flood.per_second == Some(0) {
        let limits = format!("count must be from 1 to {MESSAGES}, customers and perSecond at least 1");
        return Err(Error::invalid(limits));
    }
    let Flood { mut message, count, customers, per_second } = flood;
    message.id = None;
    message.customer = customer(0);
    let first = world.send_message(&message).await?;
    message.media = None;
    message.media_id = first.media_id;
    let start = Instant::now();
    let task = Arc::clone(&world);
    world.spawn(async move {
        for number in 1..count {
            if let Some(per_second) = per_second {
                sleep_until(start + Duration::from_secs_f64(number as f64 / per_second as f64)).await;
            }
            message.customer = customer(number % customers);
            while let Err(error) = task.send_message(&message).await {
                if error.kind() != ErrorKind::Full {
                    return tracing::warn!(%error, "the flood ends early");
                }
                tokio::time::sleep(PAUSE).await;
            }
            tokio::task::consume_budget().await;
        }
    });
    Ok(Json(json!({ "count": count })))
}

fn customer(number: u64) -> Customer {
    Customer::new(format!("1555{:07}", 1_000_000 + number), format!("Customer {number}"))
}
