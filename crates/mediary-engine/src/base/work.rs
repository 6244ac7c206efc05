//! Wake-ups for the workers of each kind of work, so that they need not poll the database all the time.
//!
//! A wake-up is a hint and may be lost: every worker polls as well. Why none is lost while the worker runs: [`Notify`] keeps one
//! permit, so a wake-up during a step causes another step.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::sync::Notify;

/// A kind of work that is found in rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Webhooks to record.
    Ingest,
    /// Downloads to begin.
    Fetch,
    /// Variants to make.
    Derive,
    /// Variants that take minutes.
    DeriveLong,
    /// Messages to send.
    Send,
    /// Tasks that change many files.
    Sweep,
    /// Bytes to delete.
    Trash,
}

impl Work {
    pub(crate) const ALL: [Self; 7] =
        [Self::Ingest, Self::Fetch, Self::Derive, Self::DeriveLong, Self::Send, Self::Sweep, Self::Trash];
    /// The kinds whose rows are held under leases: what a node that is gone held, or a lease that ran out, is work for others.
    pub(crate) const UNDER_LEASE: [Self; 3] = [Self::Fetch, Self::Derive, Self::Send];

    /// Its name in the signals between processes. `None` if polling is quick enough.
    pub(crate) const fn on_the_wire(self) -> Option<&'static str> {
        match self {
            Self::Ingest => Some("ingest"),
            Self::Fetch => Some("fetch"),
            Self::Derive => Some("derive"),
            Self::Send => Some("send"),
            Self::DeriveLong | Self::Sweep | Self::Trash => None,
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Some kinds of work. In a signal it is one flag for each kind that goes on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WorkSet(u8);

impl WorkSet {
    pub(crate) fn insert(&mut self, work: Work) {
        self.0 |= work.bit();
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Work> {
        Work::ALL.into_iter().filter(move |work| self.0 & work.bit() != 0)
    }
}

impl FromIterator<Work> for WorkSet {
    fn from_iter<I: IntoIterator<Item = Work>>(all: I) -> Self {
        let mut set = Self::default();
        all.into_iter().for_each(|work| set.insert(work));
        set
    }
}

impl Serialize for WorkSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names = self.iter().filter_map(Work::on_the_wire);
        let mut map = serializer.serialize_map(None)?;
        for name in names {
            map.serialize_entry(name, &true)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for WorkSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Flags;

        impl<'de> Visitor<'de> for Flags {
            type Value = WorkSet;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("flags by name")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<WorkSet, M::Error> {
                let mut set = WorkSet::default();
                // Another release may send kinds that this one does not know.
                while let Some((name, value)) = map.next_entry::<String, serde_json::Value>()? {
                    let work = Work::ALL.into_iter().find(|work| work.on_the_wire() == Some(&name));
                    work.filter(|_| value == true).into_iter().for_each(|work| set.insert(work));
                }
                Ok(set)
            }
        }

        deserializer.deserialize_map(Flags)
    }
}

type Publisher = Box<dyn Fn(Work) + Send + Sync>;

/// Wakes the workers of this process, and signals other processes that share the database.
#[derive(Default)]
pub(crate) struct WorkSignals {
    here: [Notify; Work::ALL.len()],
    elsewhere: Option<Publisher>,
}

impl fmt::Debug for WorkSignals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WorkSignals")
    }
}

impl WorkSignals {
    /// Signals that `publish` also takes to other processes: this one may be without workers, or have all of them busy.
    pub(crate) fn publishing(publish: impl Fn(Work) + Send + Sync + 'static) -> Self {
        Self { elsewhere: Some(Box::new(publish)), ..Self::default() }
    }

    /// There is work, for whichever process takes it first.
    pub(crate) fn wake(&self, work: Work) {
        if let Some(publish) = &self.elsewhere {
            publish(work);
        }
        self.wake_here(work);
    }

    /// Jobs were released whose leases had ended.
    pub(crate) fn wake_released(&self) {
        Work::UNDER_LEASE.into_iter().for_each(|work| self.wake(work));
    }

    /// There is work for this process alone.
    pub(crate) fn wake_here(&self, work: Work) {
        self.of(work).notify_one();
    }

    /// Waits until there is work of that kind.
    pub(crate) async fn due(&self, work: Work) {
        self.of(work).notified().await;
    }

    fn of(&self, work: Work) -> &Notify {
        &self.here[work as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Mutex;

    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn wake_up_reaches_the_worker_of_its_kind_and_is_kept_while_that_works() {
        let published = Arc::new(Mutex::new(Vec::new()));
        let record = published.clone();
        let signals = WorkSignals::publishing(move |work| record.lock().unwrap().push(work));
        signals.wake(Work::Fetch);
        signals.wake_here(Work::Sweep);
        assert!(poll!(std::pin::pin!(signals.due(Work::Ingest))).is_pending());
        assert!(poll!(std::pin::pin!(signals.due(Work::Fetch))).is_ready());
        assert!(poll!(std::pin::pin!(signals.due(Work::Fetch))).is_pending(), "once");
        assert!(poll!(std::pin::pin!(signals.due(Work::Sweep))).is_ready());
        assert_eq!(*published.lock().unwrap(), [Work::Fetch]);
    }
}
