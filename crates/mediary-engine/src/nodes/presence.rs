//! The presence of this process for the others on one Postgres database, and the take-over from those that are gone.

use std::collections::HashMap;
use std::time::Duration;

use mediary_core::Result;
use mediary_store::{GoneNode, Presence};
use tokio::time::Instant;

use crate::context::Context;
use crate::events::outbox::after_a_death;

/// How often a process checks which others are gone.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long a process that lost its connection has to return: after a restart of Postgres all have lost theirs, and the first one to
/// return must not take the work of the others.
const GONE_AFTER: Duration = Duration::from_secs(1);
/// The wait before the next attempt to connect; far less than [`GONE_AFTER`].
const PAUSE: Duration = Duration::from_millis(200);
/// Leases that are released in one transaction.
const BATCH: u32 = 500;

/// Keeps this process present until `published` completes, which it does when the process has no work and no event left. If this is
/// dropped before, the others find the process gone.
pub(crate) async fn keep(context: &Context, published: impl Future<Output = ()>) {
    let mut presence = None;
    tokio::select! {
        () = stay(context, &mut presence) => {}
        () = published => {}
    }
    if let Some(presence) = presence
        && let Err(error) = context.store().leave(presence, &after_a_death(), BATCH).await
    {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "other nodes will look for work of this one"
        );
    }
}

async fn stay(context: &Context, presence: &mut Option<Presence>) {
    let mut gone = HashMap::new();
    loop {
        let pause = match look(context, presence, &mut gone).await {
            Ok(()) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "other nodes cannot be seen");
                // Its connection may be broken; a new one costs little.
                *presence = None;
                PAUSE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// One check. `gone` has the time since which each process has been found gone without interruption.
async fn look(
    context: &Context,
    presence: &mut Option<Presence>,
    gone: &mut HashMap<GoneNode, Instant>,
) -> Result<()> {
    if presence.is_none() {
        gone.clear();
        *presence = context.store().enter(&context.config().node, rand::random()).await?;
    }
    let Some(present) = presence else { return Ok(()) };
    let Some(found) = present.look().await? else {
        tracing::warn!("other nodes took this one for gone; its jobs may run elsewhere now");
        *presence = None;
        return Ok(());
    };
    gone.retain(|node, _| found.contains(node));
    for node in found {
        let since = *gone.entry(node.clone()).or_insert_with(Instant::now);
        if since.elapsed() >= GONE_AFTER {
            take_over(context, &node).await?;
        }
    }
    Ok(())
}

async fn take_over(context: &Context, node: &GoneNode) -> Result<()> {
    let released = context.store().take_over_from(node, &after_a_death(), BATCH).await?;
    if released > 0 {
        tracing::warn!(node = node.name, released, "took over the jobs of a node that is gone");
        context.work().wake_released();
    }
    Ok(())
}
