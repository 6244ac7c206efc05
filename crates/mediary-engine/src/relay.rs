//! Events and calls for work, between the processes on one Postgres database. What is said through the database is heard
//! by all of them, the one that said it included, in one order: so each can go on where a listener of another left off.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mediary_core::{CompanyId, limits};
use mediary_store::{Heard, SIGNAL_BYTES_MAX};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::engine::{Engine, Shutdown};
use crate::events::{EventData, EventName, LiveEvent};
use crate::open::How;

/// After the database did not answer.
const PAUSE: Duration = Duration::from_millis(500);
/// How often each process says something, so that a connection on which nothing is heard can be told from a dead one,
/// and how long that may take.
const SAYS_EVERY: Duration = Duration::from_secs(15);
const DEAD_AFTER: Duration = Duration::from_secs(40);
/// Numbers that the events of one signal may have.
const EVENTS_MAX: usize = 512;

/// What waits to be said.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    due: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Told>,
    ingest: bool,
    fetch: bool,
    accounts: bool,
    /// More happened than could wait.
    gap: bool,
}

/// An event of a company.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Told(CompanyId, String, EventData);

/// What is said at once.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Signal {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<Told>,
    /// There are webhooks to record; there are downloads to begin.
    #[serde(skip_serializing_if = "is_false")]
    ingest: bool,
    #[serde(skip_serializing_if = "is_false")]
    fetch: bool,
    /// What is cached of accounts and their policies may have changed.
    #[serde(skip_serializing_if = "is_false")]
    accounts: bool,
    #[serde(skip_serializing_if = "is_false")]
    gap: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Outbox {
    pub(crate) fn event(&self, company: CompanyId, name: EventName, data: EventData) {
        let mut waiting = self.lock();
        if waiting.events.len() >= limits::EVENT_HISTORY {
            waiting.events.clear();
            waiting.gap = true;
        }
        waiting.events.push_back(Told(company, name.as_str().to_owned(), data));
        drop(waiting);
        self.due.notify_one();
    }

    pub(crate) fn ingest(&self) {
        self.lock().ingest = true;
        self.due.notify_one();
    }

    pub(crate) fn fetch(&self) {
        self.lock().fetch = true;
        self.due.notify_one();
    }

    pub(crate) fn accounts(&self) {
        self.lock().accounts = true;
        self.due.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As much of what waits as goes into one signal; `None` if nothing waits.
    fn take(&self) -> Option<String> {
        let mut waiting = self.lock();
        let mut signal = Signal {
            events: Vec::new(),
            ingest: mem::take(&mut waiting.ingest),
            fetch: mem::take(&mut waiting.fetch),
            accounts: mem::take(&mut waiting.accounts),
            gap: mem::take(&mut waiting.gap),
        };
        let mut room = SIGNAL_BYTES_MAX - text(&signal).len() - r#","events":[]"#.len();
        while let Some(next) = waiting.events.front()
            && signal.events.len() < EVENTS_MAX
        {
            let len = text(next).len() + 1;
            if len > room {
                break;
            }
            room -= len;
            signal.events.extend(waiting.events.pop_front());
        }
        let flags = [signal.ingest, signal.fetch, signal.accounts, signal.gap];
        let nothing = signal.events.is_empty() && !flags.contains(&true);
        (!nothing).then(|| text(&signal))
    }
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("ids and numbers can be written")
}

/// Speaks and listens until `shutdown`. Without other processes there is nothing to do.
pub(crate) async fn run(engine: Engine, shutdown: Shutdown) {
    let Some(outbox) = engine.outbox() else { return };
    let listening = shutdown.soft.run_until_cancelled(listen(&engine));
    tokio::join!(listening, speak(&engine, outbox, &shutdown));
}

async fn speak(engine: &Engine, outbox: &Arc<Outbox>, shutdown: &Shutdown) {
    loop {
        let text = match outbox.take() {
            Some(text) => text,
            None => tokio::select! {
                () = outbox.due.notified() => continue,
                () = shutdown.soft.cancelled() => return,
                () = tokio::time::sleep(SAYS_EVERY) => text(&Signal::default()),
            },
        };
        while let Err(error) = engine.store().signal(&text).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "other processes could not be told");
            if shutdown.soft.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
                return;
            }
        }
    }
}

async fn listen(engine: &Engine) {
    loop {
        match engine.store().signals().await {
            Ok(Some(mut signals)) => {
                // What was said before is not known here.
                engine.events().gap();
                while let Ok(heard) = tokio::time::timeout(DEAD_AFTER, signals.next()).await {
                    match heard {
                        Ok(Heard::Signal { number, text }) => hear(engine, number, &text),
                        Ok(Heard::Gap) => engine.events().gap(),
                        Err(error) => {
                            tracing::warn!(
                                error = &error as &dyn std::error::Error,
                                "other processes cannot be heard"
                            );
                            break;
                        }
                    }
                }
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "other processes cannot be heard");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn hear(engine: &Engine, number: u64, text: &str) {
    // Another version may say what this one does not know.
    let Ok(signal) = serde_json::from_str::<Signal>(text) else { return };
    if signal.gap {
        engine.events().gap();
    }
    let first = number.saturating_mul(EVENTS_MAX as u64 * 2);
    for (seq, Told(company_id, name, data)) in (first..).zip(signal.events) {
        let Some(name) = EventName::parse(&name) else { continue };
        if let (EventName::MediaCompleted, Some(media)) = (name, data.media_id) {
            engine.ended().tell(media, How::Stored);
        }
        if name == EventName::MediaDeleted {
            engine.files().forget_ids(company_id, data.media_id, data.message_id);
        }
        if name == EventName::AccountUpdated {
            engine.accounts().forget();
        }
        engine.events().deliver(LiveEvent { seq, company_id, name, data });
    }
    if signal.ingest {
        engine.wake().ingest_here();
    }
    if signal.accounts {
        engine.accounts().forget();
    }
    if signal.fetch {
        engine.wake().fetch_here();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(outbox: &Outbox, id: i64) {
        outbox.event(CompanyId(1), EventName::MessageCreated, EventData { id, ..EventData::default() });
    }

    fn ids(text: &str) -> Vec<i64> {
        let signal: Signal = serde_json::from_str(text).unwrap();
        signal.events.into_iter().map(|Told(_, _, data)| data.id).collect()
    }

    #[test]
    fn events_go_in_order_in_as_few_signals_as_hold_them() {
        let outbox = Outbox::default();
        assert!(outbox.take().is_none());
        for id in 0..1000 {
            tell(&outbox, id);
        }
        outbox.ingest();
        outbox.ingest();
        let mut heard = Vec::new();
        let mut signals = 0;
        while let Some(text) = outbox.take() {
            assert!(text.len() <= SIGNAL_BYTES_MAX, "{}", text.len());
            assert_eq!(text.contains("ingest"), signals == 0, "said once");
            heard.extend(ids(&text));
            signals += 1;
        }
        assert_eq!(heard, (0..1000).collect::<Vec<_>>());
        assert!(signals < 10, "{signals}");
    }

    #[test]
    fn more_than_can_wait_is_said_to_be_a_gap() {
        let outbox = Outbox::default();
        for id in 0..=i64::try_from(limits::EVENT_HISTORY).unwrap() {
            tell(&outbox, id);
        }
        let text = outbox.take().unwrap();
        assert!(serde_json::from_str::<Signal>(&text).unwrap().gap);
        assert_eq!(ids(&text), [i64::try_from(limits::EVENT_HISTORY).unwrap()]);
    }
}
