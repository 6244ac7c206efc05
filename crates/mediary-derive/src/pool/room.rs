//! How many workers there are, and how much memory they may take together.
//!
//! A long job never takes the last place that short ones could have. There is one long job at a time (its turn lasts as long as its place), so where there
//! are two places or more, one is left. A pool of one worker has a second place, which only a long job may take: it then has half of
//! the processor, and who waits for a thumbnail waits twice as long instead of minutes. The memory of a long job leaves enough
//! for the largest short one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use super::turns::Turn;

/// What is free of a pool's workers and memory.
#[derive(Debug)]
pub(super) struct Room {
    free: Mutex<Free>,
    changed: Arc<Notify>,
    max_places: usize,
    max_memory_bytes: u64,
}

#[derive(Debug)]
struct Free {
    places: usize,
    /// Of these, those that short jobs may take.
    for_short_jobs: usize,
    memory_bytes: u64,
    /// Workers that were ended, and are not buried yet.
    ending: usize,
}

/// The room of one worker. It is free again when this is dropped: after its process is buried.
#[derive(Debug)]
pub(super) struct Place {
    room: Arc<Room>,
    memory_bytes: u64,
    /// The turn of a long job, which others have when this one is over.
    turn: Option<Turn>,
    is_long: bool,
    is_ending: bool,
}

/// Where a long job leaves a place to others, there are two at least.
const MIN_PLACES: usize = 2;

impl Room {
    pub(super) fn new(max_workers: usize, max_memory_bytes: u64) -> Self {
        let max_places = max_workers.max(MIN_PLACES);
        Self {
            free: Mutex::new(Free {
                places: max_places,
                for_short_jobs: max_workers,
                memory_bytes: max_memory_bytes,
                ending: 0,
            }),
            changed: Arc::default(),
            max_places,
            max_memory_bytes,
        }
    }

    pub(super) fn take(self: &Arc<Self>, memory_bytes: u64) -> Option<Place> {
        self.take_place(memory_bytes, false)
    }

    /// For a long job, which has its turn until it is over.
    pub(super) fn take_for_long(
        self: &Arc<Self>,
        memory_bytes: u64,
        turn: &mut Option<Turn>,
    ) -> Option<Place> {
        let mut place = self.take_place(memory_bytes, true)?;
        place.turn = turn.take();
        Some(place)
    }

    fn take_place(self: &Arc<Self>, memory_bytes: u64, is_long: bool) -> Option<Place> {
        let mut free = self.free();
        let places = if is_long { free.places } else { free.places.min(free.for_short_jobs) };
        if places == 0 || free.memory_bytes < memory_bytes {
            return None;
        }
        free.places -= 1;
        free.for_short_jobs -= usize::from(!is_long);
        free.memory_bytes -= memory_bytes;
        Some(Place { room: Arc::clone(self), memory_bytes, turn: None, is_long, is_ending: false })
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
        self.changed.notify_waiters();
    }

    /// Workers, and the memory that is kept for them.
    pub(super) fn taken(&self) -> (usize, u64) {
        let free = self.free();
        (self.max_places - free.places, self.max_memory_bytes - free.memory_bytes)
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
            free.places += 1;
            free.for_short_jobs += usize::from(!self.is_long);
            free.memory_bytes += self.memory_bytes;
            free.ending -= usize::from(self.is_ending);
        }
        // The next long job looks for room after this.
        drop(self.turn.take());
        self.room.notify();
    }
}
