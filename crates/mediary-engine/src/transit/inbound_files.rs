//! Which files are on their way here, so that the second viewer joins the first.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use mediary_blob::Spools;
use mediary_core::{CompanyId, Error, MediaId};
use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard, Semaphore};
use tokio::time::Instant;

use super::inbound_file::InboundFile;
use super::line::{Line, LinePosition};
use super::window::WindowMemory;

/// Files fetched for viewers at once that are kept; each lies on this machine's disk until it is stored. Beyond that
/// viewers get theirs past storage, and it is fetched again to be kept.
const KEPT_AT_ONCE: usize = 32;
/// Slots before those that nobody holds any more are cleared away.
const SLOTS: usize = 1024;

type Key = (CompanyId, MediaId);

/// All of them.
pub(crate) struct InboundFiles {
    slots: Mutex<HashMap<Key, Weak<Slot>>>,
    pub(crate) held: Arc<WindowMemory>,
    pub(crate) kept: Arc<Semaphore>,
    pub(crate) spools: Spools,
}

impl fmt::Debug for InboundFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InboundFiles")
    }
}

impl InboundFiles {
    /// What is kept lies in `folder` until it is stored.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            slots: Mutex::default(),
            held: Arc::default(),
            kept: Arc::new(Semaphore::new(KEPT_AT_ONCE)),
            spools: Spools::new(folder),
        }
    }

    /// Waits until every file that is kept for viewers is stored or given up: its viewers may be gone before.
    pub(crate) async fn all_kept(&self) {
        let all = u32::try_from(KEPT_AT_ONCE).unwrap_or(u32::MAX);
        // Fails only for a closed semaphore, and nobody closes it.
        let _ = self.kept.acquire_many(all).await;
    }

    /// Where the viewers of a file meet. It is there as long as one of them holds it.
    pub(crate) fn slot(&self, company: CompanyId, media: MediaId) -> Arc<Slot> {
        let mut slots = self.slots.lock();
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
pub(crate) struct Slot {
    state: AsyncMutex<SlotState>,
    line: Line,
    /// Held by who counts the bytes of a file whose size nobody declared; the others wait for the number.
    pub(crate) counting: AsyncMutex<()>,
}

/// What the first of them made of it.
#[derive(Default)]
pub(crate) enum SlotState {
    #[default]
    Nothing,
    Inbound(Weak<InboundFile>),
    /// WhatsApp did not give it then.
    Refused(Instant, Error),
}

impl Slot {
    /// Held by the viewer who opens the file; the others wait, and join before its beginning is gone.
    pub(crate) async fn enter(&self) -> (MutexGuard<'_, SlotState>, LinePosition) {
        let in_line = self.line.enter();
        (self.state.lock().await, in_line)
    }

    pub(crate) fn line(&self) -> &Line {
        &self.line
    }
}

impl SlotState {
    /// The file that is on its way.
    pub(crate) fn arriving(&self) -> Option<Arc<InboundFile>> {
        match self {
            Self::Inbound(file) => file.upgrade(),
            Self::Nothing | Self::Refused(..) => None,
        }
    }

    /// How it was refused to somebody else while we waited since `began`: to ask again at once would not help.
    pub(crate) fn refused_since(&self, began: Instant) -> Option<Error> {
        match self {
            Self::Refused(at, error) if *at >= began => Some(error.for_another()),
            _ => None,
        }
    }
}
