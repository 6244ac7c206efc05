//! What a pool has done, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

use super::room::Room;
use crate::{Derived, ErrorKind, Result};

/// Figures of a pool: four of this moment, the others since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Processes, idle ones included.
    pub workers: u64,
    pub idle_workers: u64,
    /// Kept for the workers that there are.
    pub memory_bytes: u64,
    /// Jobs that wait for their turn.
    pub jobs_waiting: u64,
    /// Locked up, and ready for a job.
    pub workers_started: u64,
    /// Jobs of which something was made.
    pub jobs_made: u64,
    /// Jobs whose file is to blame: broken, too large, of a kind that nothing is made of.
    pub jobs_refused: u64,
    /// Jobs whose worker died or had to be ended.
    pub jobs_crashed: u64,
}

#[derive(Debug, Default)]
pub(super) struct Meters {
    workers_started: AtomicU64,
    jobs_made: AtomicU64,
    jobs_refused: AtomicU64,
    jobs_crashed: AtomicU64,
}

impl Meters {
    pub(super) fn started(&self) {
        self.workers_started.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn finished(&self, result: &Result<Derived>) {
        let counter = match result {
            Ok(_) => &self.jobs_made,
            Err(error) if matches!(error.kind(), ErrorKind::OutOfTime | ErrorKind::Worker) => {
                &self.jobs_crashed
            }
            Err(_) => &self.jobs_refused,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self, room: &Room, idle: usize, waiting: usize) -> Counters {
        let (workers, memory_bytes) = room.taken();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            workers: workers as u64,
            idle_workers: idle as u64,
            memory_bytes,
            jobs_waiting: waiting as u64,
            workers_started: read(&self.workers_started),
            jobs_made: read(&self.jobs_made),
            jobs_refused: read(&self.jobs_refused),
            jobs_crashed: read(&self.jobs_crashed),
        }
    }
}
