//! Events and wake-ups between the processes on one Postgres database. A signal that is published through the database is received by
//! all of them, including the publisher, in one order: so each process can resume a listener that was connected to another. Why a
//! listener misses nothing without a `resync`:
//!
//! 1. An event is published after its rows are committed, so a client that reads everything on `resync` also reads the rows of every
//!    earlier event.
//! 2. In the outbox events may be dropped when it is full; the next signal then says so. A signal leaves the outbox before
//!    it is sent, and is sent until Postgres has committed it. One whose answer was lost is sent twice: harmless, for
//!    events only name what has changed.
//! 3. The outbox is emptied once more after all work has ended, which is later than the soft stop: downloads and requests
//!    under way still cause events. Only then does the process leave. One that ends before (killed, hard stop, Postgres
//!    away) is found gone by the others (`presence`), and the transaction that takes over from it publishes that events
//!    are missing. A minute later the same is published again, which covers its last statements.
//! 4. A process that only hangs sends what is in its outbox when it resumes.
//! 5. While a process does not listen, it receives nothing: its listeners get `resync` once it listens again, not before.
//! 6. An event's number is its transaction's number and its index in the signal, so it means the same position in every process, and
//!    so does the number of a published `resync`. A `resync` of one process alone gets a random number that no transaction reaches:
//!    it is unknown to other processes, and is never used again. Numbers are only compared for equality. In the history of a process
//!    every event follows all that were published before it and after the last `resync`.

use std::time::Duration;

use mediary_store::ReceivedSignal;
use tokio_util::sync::CancellationToken;

use crate::base::shutdown::Shutdown;
use crate::context::Context;
use crate::events::bus::private_number;
use crate::events::event::{EventName, LiveEvent};
use crate::events::outbox::{MISSED, NUMBERS, Outbox, PublishedEvent, Signal};
use crate::events::outcomes::DownloadOutcome;
use crate::nodes::presence;

/// The pause after the database did not answer.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the publication of the last events may take, unless a hard stop ends it.
const PUBLISHES_WITHIN: Duration = Duration::from_secs(10);
/// How often each process publishes a signal, so that a silent connection can be distinguished from a dead one, and how long that may
/// take.
const HEARTBEAT: Duration = Duration::from_secs(15);
const DEAD_AFTER: Duration = Duration::from_secs(40);

/// Publishes and receives until `shutdown`, whose soft part is here the end of all other work: waiting events are still published
/// then. Does nothing if there are no other processes.
pub(crate) async fn run(context: &Context, shutdown: Shutdown) {
    let Some(outbox) = context.outbox() else { return };
    let relaying = async {
        let listening = shutdown.soft.run_until_cancelled(listen(context));
        let published = async { tokio::join!(publish(context, outbox, &shutdown.soft), listening).0 };
        Box::pin(presence::keep(context, published)).await;
    };
    let too_late = async {
        shutdown.soft.cancelled().await;
        tokio::time::sleep(PUBLISHES_WITHIN).await;
    };
    tokio::select! {
        () = relaying => {}
        () = shutdown.hard.cancelled() => {}
        () = too_late => tracing::warn!("the last events could not be published"),
    }
}

async fn publish(context: &Context, outbox: &Outbox, work_ended: &CancellationToken) {
    loop {
        let text = match outbox.take() {
            Some(text) => text,
            None if work_ended.is_cancelled() => return,
            None => tokio::select! {
                () = outbox.due() => continue,
                () = work_ended.cancelled() => continue,
                () = tokio::time::sleep(HEARTBEAT) => Signal::default().text(),
            },
        };
        while let Err(error) = context.store().signal(&text).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "events could not be published");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn listen(context: &Context) {
    loop {
        match context.store().signals().await {
            Ok(Some(mut signals)) => {
                // What was published before is not known here.
                context.events().missed(private_number());
                while let Ok(received) = tokio::time::timeout(DEAD_AFTER, signals.next()).await {
                    match received {
                        Ok(ReceivedSignal::Signal { number, text }) => receive(context, number, &text),
                        Ok(ReceivedSignal::Missed) => context.events().missed(private_number()),
                        Err(error) => {
                            tracing::warn!(
                                error = &error as &dyn std::error::Error,
                                "nothing can be received from other processes"
                            );
                            break;
                        }
                    }
                }
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "nothing can be received from other processes"
                );
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn receive(context: &Context, number: u64, text: &str) {
    // Another version may say what this one does not know.
    let Ok(signal) = serde_json::from_str::<Signal>(text) else { return };
    let first = number.saturating_mul(NUMBERS);
    if signal.missed {
        context.events().missed(first.saturating_add(MISSED));
    }
    for (seq, PublishedEvent(company_id, name, data)) in (first..).zip(signal.events) {
        let Ok(name) = name.parse::<EventName>() else { continue };
        if let (EventName::MediaCompleted, Some(media)) = (name, data.media_id) {
            context.ended_downloads().publish(media, DownloadOutcome::Stored);
        }
        if name == EventName::AccountUpdated {
            context.accounts().forget();
        }
        context.events().deliver(LiveEvent { seq, company_id, name, data });
    }
    if signal.accounts {
        context.accounts().forget();
    }
    signal.work.iter().for_each(|work| context.work().wake_here(work));
}

#[cfg(test)]
mod tests {
    use mediary_testing::ManualClock;

    use super::*;
    use crate::base::work::Work;

    #[tokio::test]
    async fn account_caches_of_other_processes_are_cleared_when_a_policy_changes() {
        let folder = tempfile::tempdir().unwrap();
        let context = Context::for_test(folder.path(), &ManualClock::default()).await;
        let outbox = Outbox::default();
        outbox.accounts();
        let text = outbox.take().unwrap();
        let known = context.accounts().generation();
        receive(
            &context,
            1,
            &Signal { work: [Work::Fetch].into_iter().collect(), ..Signal::default() }.text(),
        );
        assert_eq!(context.accounts().generation(), known, "other words change nothing");
        receive(&context, 2, &text);
        assert_ne!(context.accounts().generation(), known);
        assert!(outbox.take().is_none(), "said once");
        context.store().close().await;
    }
}
