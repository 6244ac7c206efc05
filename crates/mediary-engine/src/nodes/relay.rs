//! Events and calls for work, between the processes on one Postgres database. What is published through the database is
//! received by all of them, the one that published it included, in one order: so each can resume where a listener of another
//! left off. Why a listener misses nothing without a `resync`:
//!
//! 1. An event is published after its rows are committed, so a client that reads everything on `resync` reads what every event
//!    before it was about.
//! 2. In the outbox events may be dropped when it is full; the next signal then says so. A signal leaves the outbox before
//!    it is sent, and is sent until Postgres has committed it. One whose answer was lost is sent twice: harmless, for
//!    events only name what has changed.
//! 3. The outbox is emptied once more after all work has ended, which is later than the soft stop: downloads and requests
//!    under way still cause events. Only then does the process leave. One that ends before (killed, hard stop, Postgres
//!    away) is found gone by the others (`presence`), and the transaction that takes over from it publishes that events
//!    are missing. What its last statements did after that is covered by the same word a minute later.
//! 4. A process that only hangs sends what is in its outbox when it resumes.
//! 5. While a process does not listen, it receives nothing: its listeners get `resync` once it listens again, not before.
//! 6. An event's number is its transaction's number and its place in the signal, so it means the same place in every process,
//!    and so does that of missed events that were published. Those that only one process missed get a random number that
//!    no transaction reaches: it is known to nobody else, and never comes again. A number is only compared, not ordered.
//!    In a process's history every event stands behind all that were published before it and after the last `resync`.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mediary_core::{CompanyId, limits};
use mediary_store::{Heard, SIGNAL_BYTES_MAX};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, Shutdown};
use crate::events::bus::{EventData, EventName, LiveEvent, private_number};
use crate::nodes::presence;
use crate::transit::outcome::How;

/// After the database did not answer.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the last events may take to be published where no hard stop ends it.
const PUBLISHES_WITHIN: Duration = Duration::from_secs(10);
/// How often each process publishes something, so that a connection on which nothing is received can be told from a dead
/// one, and how long that may take.
const HEARTBEAT: Duration = Duration::from_secs(15);
const DEAD_AFTER: Duration = Duration::from_secs(40);
/// Numbers that the events of one signal may have.
const EVENTS_MAX: usize = 512;
/// Numbers of one signal, and which of them says that events are missing before it.
const NUMBERS: u64 = 1024;
const GAP: u64 = NUMBERS - 1;

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

/// What is published when a process has died: events of it are missing, and there may be downloads to begin.
pub(crate) fn after_a_death() -> String {
    text(&Signal { gap: true, fetch: true, ..Signal::default() })
}

/// Publishes and receives until `shutdown`, whose soft part is here the end of all other work: what waits then is still
/// published. Without other processes there is nothing to do.
pub(crate) async fn run(engine: Engine, shutdown: Shutdown) {
    let Some(outbox) = engine.outbox() else { return };
    let relaying = async {
        let listening = shutdown.soft.run_until_cancelled(listen(&engine));
        let published = async { tokio::join!(publish(&engine, outbox, &shutdown.soft), listening).0 };
        Box::pin(presence::keep(&engine, published)).await;
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

async fn publish(engine: &Engine, outbox: &Outbox, work_ended: &CancellationToken) {
    loop {
        let text = match outbox.take() {
            Some(text) => text,
            None if work_ended.is_cancelled() => return,
            None => tokio::select! {
                () = outbox.due.notified() => continue,
                () = work_ended.cancelled() => continue,
                () = tokio::time::sleep(HEARTBEAT) => text(&Signal::default()),
            },
        };
        while let Err(error) = engine.store().signal(&text).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "events could not be published");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn listen(engine: &Engine) {
    loop {
        match engine.store().signals().await {
            Ok(Some(mut signals)) => {
                // What was published before is not known here.
                engine.events().gap(private_number());
                while let Ok(heard) = tokio::time::timeout(DEAD_AFTER, signals.next()).await {
                    match heard {
                        Ok(Heard::Signal { number, text }) => hear(engine, number, &text),
                        Ok(Heard::Gap) => engine.events().gap(private_number()),
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
    let first = number.saturating_mul(NUMBERS);
    if signal.gap {
        engine.events().gap(first.saturating_add(GAP));
    }
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
    use std::sync::Arc;

    use mediary_blob::Storage;
    use mediary_core::{Clock, ManualClock, Timestamp};
    use mediary_graph::{GraphClient, GraphOptions};
    use mediary_store::{Store, StoreOptions};

    use super::*;
    use crate::base::vault::Vault;
    use crate::engine::{EngineConfig, EngineParts};

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

    async fn engine(folder: &std::path::Path) -> Engine {
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp(1_700_000_000_000)));
        let url = format!("sqlite://{}", folder.join("mediary.db").display());
        let store = Store::open(&StoreOptions { url, max_connections: 1 }, clock.clone()).await.unwrap();
        let graph = GraphOptions {
            graph_url: "http://127.0.0.1:9".parse().unwrap(),
            version: "v27.0".to_owned(),
            media_hosts: Vec::new(),
            connect_timeout: PAUSE,
            silence_timeout: PAUSE,
            user_agent: "test".to_owned(),
        };
        Engine::new(EngineParts {
            store,
            storages: Storage::open_local(folder).await.unwrap().into(),
            graph: GraphClient::new(graph).unwrap(),
            vault: Vault::new([1; 32]),
            clock,
            config: EngineConfig::default(),
        })
    }

    #[tokio::test]
    async fn other_processes_forget_what_they_know_of_accounts_when_a_policy_changes() {
        let folder = tempfile::tempdir().unwrap();
        let engine = engine(folder.path()).await;
        let outbox = Outbox::default();
        outbox.accounts();
        let text = outbox.take().unwrap();
        let known = engine.accounts().generation();
        hear(&engine, 1, &super::text(&Signal { ingest: true, fetch: true, ..Signal::default() }));
        assert_eq!(engine.accounts().generation(), known, "other words change nothing");
        hear(&engine, 2, &text);
        assert_ne!(engine.accounts().generation(), known);
        assert!(outbox.take().is_none(), "said once");
        engine.store().close().await;
    }
}
