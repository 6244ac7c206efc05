//! The inbound files of this process, so that a second viewer joins the first.

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

/// The most files that are fetched for viewers and for storage at once; each is on this machine's disk until it is stored. Beyond that,
/// viewers are proxied without storage, and the file is fetched again to be stored.
const KEPT_AT_ONCE: usize = 32;
/// The number of slots above which unused ones are removed.
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
    /// Files for storage are in `folder` until they are stored.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            slots: Mutex::default(),
            held: Arc::default(),
            kept: Arc::new(Semaphore::new(KEPT_AT_ONCE)),
            spools: Spools::new(folder),
        }
    }

    /// Waits until every file that was fetched for viewers and storage is stored or given up, which may outlast its viewers.
    pub(crate) async fn all_kept(&self) {
        let all = u32::try_from(KEPT_AT_ONCE).unwrap_or(u32::MAX);
        // Fails only for a closed semaphore, and nobody closes it.
        let _ = self.kept.acquire_many(all).await;
    }

    /// The slot that the viewers of a file share. It exists as long as one of them holds it.
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

/// The slot that the viewers of one file share.
#[derive(Default)]
pub(crate) struct Slot {
    state: AsyncMutex<SlotState>,
    line: Line,
    /// Held by the viewer who counts the bytes of a file without a declared size; the others wait for the result.
    pub(crate) counting: AsyncMutex<()>,
}

/// What the first of them made of it.
#[derive(Default)]
pub(crate) enum SlotState {
    #[default]
    Nothing,
    Inbound(Weak<InboundFile>),
    /// WhatsApp refused the file at that time.
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

    /// The refusal that another viewer got while this one waited since `began`: asking again at once would not help.
    pub(crate) fn refused_since(&self, began: Instant) -> Option<Error> {
        match self {
            Self::Refused(at, error) if *at >= began => Some(error.for_another()),
            _ => None,
        }
    }
}
