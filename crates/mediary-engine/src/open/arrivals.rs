//! Which files are on their way here, so that who comes second joins whoever came first.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use mediary_core::{CompanyId, MediaId};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard, Semaphore};

use super::arriving::Arriving;
use super::window::Held;
use crate::error::Error;

/// Files fetched for viewers at once that are kept; each lies on this machine's disk until it is stored. Beyond that
/// viewers get theirs without its being kept.
const KEPT_AT_ONCE: usize = 32;
/// Slots before those that nobody holds any more are cleared away.
const SLOTS: usize = 1024;

type Key = (CompanyId, MediaId);

/// All of them.
pub(crate) struct Arrivals {
    slots: Mutex<HashMap<Key, Weak<Slot>>>,
    pub(super) held: Arc<Held>,
    pub(super) kept: Arc<Semaphore>,
}

impl fmt::Debug for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Arrivals")
    }
}

impl Default for Arrivals {
    fn default() -> Self {
        Self { slots: Mutex::default(), held: Arc::default(), kept: Arc::new(Semaphore::new(KEPT_AT_ONCE)) }
    }
}

impl Arrivals {
    /// Where the viewers of a file meet. It is there as long as one of them holds it.
    pub(super) fn slot(&self, company: CompanyId, media: MediaId) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (company, media);
        if let Some(slot) = slots.get(&key).and_then(Weak::upgrade) {
            return slot;
        }
        if slots.len() >= SLOTS && slots.len().is_power_of_two() {
            slots.retain(|_, slot| slot.strong_count() > 0);
        }
        let slot = Arc::new(Slot::default());
        slots.insert(key, Arc::downgrade(&slot));
        slot
    }
}

/// Where the viewers of one file meet.
#[derive(Default)]
pub(crate) struct Slot(AsyncMutex<Met>);

/// What the first of them made of it.
#[derive(Default)]
pub(super) enum Met {
    #[default]
    Nothing,
    Arriving(Weak<Arriving>),
    /// WhatsApp did not give it then.
    Refused(Instant, Error),
}

impl Slot {
    /// Held by whoever opens the file; the others wait for him.
    pub(super) async fn enter(&self) -> MutexGuard<'_, Met> {
        self.0.lock().await
    }
}

impl Met {
    /// The file that is on its way.
    pub(super) fn arriving(&self) -> Option<Arc<Arriving>> {
        match self {
            Self::Arriving(file) => file.upgrade(),
            Self::Nothing | Self::Refused(..) => None,
        }
    }

    /// How it was refused to somebody else while we waited since `began`: to ask again at once would not help.
    pub(super) fn refused_since(&self, began: Instant) -> Option<Error> {
        match self {
            Self::Refused(at, error) if *at >= began => Some(error.again()),
            _ => None,
        }
    }
}
