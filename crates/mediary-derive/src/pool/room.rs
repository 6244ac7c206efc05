//! How many workers there are, and how much memory they may take together.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// What is free of a pool's workers and memory.
#[derive(Debug)]
pub(super) struct Room {
    free: Mutex<Free>,
    changed: Arc<Notify>,
    max_workers: usize,
    max_memory_bytes: u64,
}

#[derive(Debug)]
struct Free {
    workers: usize,
    memory_bytes: u64,
    /// Workers that were ended, and are not buried yet.
    ending: usize,
}

/// The room of one worker. It is free again when this is dropped: after its process is buried.
#[derive(Debug)]
pub(super) struct Place {
    room: Arc<Room>,
    memory_bytes: u64,
    is_ending: bool,
}

impl Room {
    pub(super) fn new(max_workers: usize, max_memory_bytes: u64) -> Self {
        Self {
            free: Mutex::new(Free { workers: max_workers, memory_bytes: max_memory_bytes, ending: 0 }),
            changed: Arc::default(),
            max_workers,
            max_memory_bytes,
        }
    }

    pub(super) fn take(self: &Arc<Self>, memory_bytes: u64) -> Option<Place> {
        let mut free = self.free();
        if free.workers == 0 || free.memory_bytes < memory_bytes {
            return None;
        }
        free.workers -= 1;
        free.memory_bytes -= memory_bytes;
        Some(Place { room: Arc::clone(self), memory_bytes, is_ending: false })
    }

    /// Whether there will be more room without anybody's doing.
    pub(super) fn is_about_to_grow(&self) -> bool {
        self.free().ending > 0
    }

    /// Ends when a worker was buried or became idle after this call.
    pub(super) fn changed(&self) -> OwnedNotified {
        Arc::clone(&self.changed).notified_owned()
    }

    pub(super) fn notify(&self) {
        // One job at a time waits for room.
        self.changed.notify_waiters();
    }

    /// Workers, and the memory that is kept for them.
    pub(super) fn taken(&self) -> (usize, u64) {
        let free = self.free();
        (self.max_workers - free.workers, self.max_memory_bytes - free.memory_bytes)
    }

    fn free(&self) -> MutexGuard<'_, Free> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Its worker was ended.
    pub(super) fn ends(&mut self) {
        if !std::mem::replace(&mut self.is_ending, true) {
            self.room.free().ending += 1;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        {
            let mut free = self.room.free();
            free.workers += 1;
            free.memory_bytes += self.memory_bytes;
            free.ending -= usize::from(self.is_ending);
        }
        self.room.notify();
    }
}
