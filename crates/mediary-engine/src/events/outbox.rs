//! Signals that wait to be published to the other processes on one database, and their text form.

use std::collections::VecDeque;
use std::mem;

use mediary_core::{CompanyId, limits};
use mediary_store::SIGNAL_BYTES_MAX;
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::event::{EventData, EventName};
use crate::base::work::{Work, WorkSet};

/// Numbers that the events of one signal may have.
const EVENTS_MAX: usize = 512;
/// Numbers of one signal, and the one that marks missed events before it.
pub(crate) const NUMBERS: u64 = 1024;
pub(crate) const MISSED: u64 = NUMBERS - 1;

/// What waits to be published.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: Mutex<PendingSignals>,
    due: Notify,
}

#[derive(Debug, Default)]
struct PendingSignals {
    events: VecDeque<PublishedEvent>,
    work: WorkSet,
    accounts: bool,
    /// Events were dropped because the outbox was full.
    missed: bool,
}

/// An event of a company.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PublishedEvent(pub(crate) CompanyId, pub(crate) String, pub(crate) EventData);

/// What one signal contains.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Signal {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) events: Vec<PublishedEvent>,
    #[serde(flatten)]
    pub(crate) work: WorkSet,
    /// What is cached of accounts and their policies may have changed.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) accounts: bool,
    /// Events are missing before this.
    #[serde(rename = "gap", skip_serializing_if = "is_false")]
    pub(crate) missed: bool,
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
            waiting.missed = true;
        }
        waiting.events.push_back(PublishedEvent(company, name.as_str().to_owned(), data));
        drop(waiting);
        self.due.notify_one();
    }

    /// There is work for whichever process takes it first.
    pub(crate) fn work(&self, work: Work) {
        if work.on_the_wire().is_some() {
            self.lock().work.insert(work);
            self.due.notify_one();
        }
    }

    pub(crate) fn accounts(&self) {
        self.lock().accounts = true;
        self.due.notify_one();
    }

    /// Waits until there is something to publish.
    pub(crate) async fn due(&self) {
        self.due.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, PendingSignals> {
        self.waiting.lock()
    }

    /// As much of what waits as goes into one signal; `None` if nothing waits.
    pub(crate) fn take(&self) -> Option<String> {
        let mut waiting = self.lock();
        let mut signal = Signal {
            events: Vec::new(),
            work: mem::take(&mut waiting.work),
            accounts: mem::take(&mut waiting.accounts),
            missed: mem::take(&mut waiting.missed),
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
        let nothing =
            signal.events.is_empty() && signal.work.is_empty() && !signal.accounts && !signal.missed;
        (!nothing).then(|| text(&signal))
    }
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("ids and numbers can be written")
}

impl Signal {
    pub(crate) fn text(&self) -> String {
        text(self)
    }
}

/// The signal for a process that has died: events of it are missed, and there may be jobs to start.
pub(crate) fn after_a_death() -> String {
    text(&Signal { missed: true, work: Work::UNDER_LEASE.into_iter().collect(), ..Signal::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(outbox: &Outbox, id: i64) {
        outbox.event(CompanyId(1), EventName::MessageCreated, EventData { id, ..EventData::default() });
    }

    fn ids(text: &str) -> Vec<i64> {
        let signal: Signal = serde_json::from_str(text).unwrap();
        signal.events.into_iter().map(|PublishedEvent(_, _, data)| data.id).collect()
    }

    #[test]
    fn events_go_in_order_in_as_few_signals_as_hold_them() {
        let outbox = Outbox::default();
        assert!(outbox.take().is_none());
        for id in 0..1000 {
            tell(&outbox, id);
        }
        outbox.work(Work::Ingest);
        outbox.work(Work::Ingest);
        let mut received = Vec::new();
        let mut signals = 0;
        while let Some(text) = outbox.take() {
            assert!(text.len() <= SIGNAL_BYTES_MAX, "{}", text.len());
            assert_eq!(text.contains("ingest"), signals == 0, "said once");
            received.extend(ids(&text));
            signals += 1;
        }
        assert_eq!(received, (0..1000).collect::<Vec<_>>());
        assert!(signals < 10, "{signals}");
    }

    #[test]
    fn work_is_one_flag_of_its_name_and_unknown_names_are_skipped() {
        let outbox = Outbox::default();
        outbox.work(Work::Sweep);
        assert!(outbox.take().is_none(), "each process sweeps by itself");
        outbox.work(Work::Fetch);
        let text = outbox.take().unwrap();
        assert_eq!(text, r#"{"fetch":true}"#);
        let newer = r#"{"fetch":true,"ingest":false,"forward":true,"accounts":true,"more":[1]}"#;
        let signal: Signal = serde_json::from_str(newer).unwrap();
        assert_eq!((signal.work, signal.accounts), (WorkSet::from_iter([Work::Fetch]), true));
        let death: Signal = serde_json::from_str(&after_a_death()).unwrap();
        assert_eq!((death.work, death.missed), (Work::UNDER_LEASE.into_iter().collect(), true));
    }

    #[test]
    fn events_beyond_the_bound_are_reported_as_missed() {
        let outbox = Outbox::default();
        for id in 0..=i64::try_from(limits::EVENT_HISTORY).unwrap() {
            tell(&outbox, id);
        }
        let text = outbox.take().unwrap();
        assert!(serde_json::from_str::<Signal>(&text).unwrap().missed);
        assert_eq!(ids(&text), [i64::try_from(limits::EVENT_HISTORY).unwrap()]);
    }
}
