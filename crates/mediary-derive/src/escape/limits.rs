//! Memory, processor and time beyond what the job may take.

use std::hint::{black_box, spin_loop};

use rustix::thread::{ClockId, clock_nanosleep_relative};
use rustix::time::Timespec;

use super::{NEEDS, Outcome, Try};

pub(super) const SLEEP: &str = "sleep beyond the time";

pub(super) const ALL: &[(&str, Try)] = &[
    ("take all memory at once", |_| {
        let mut memory = Vec::<u8>::new();
        match memory.try_reserve_exact(beyond_memory()) {
            Err(error) => Outcome::Refused(error.to_string()),
            Ok(()) => Outcome::Allowed(format!("got {} bytes", black_box(&memory).capacity())),
        }
    }),
    ("take memory until there is none", |_| fill_memory()),
    ("compute beyond the time", |_| {
        loop {
            spin_loop();
        }
    }),
    (SLEEP, |_| {
        // Whatever the answer is: it comes too late, or the sleep was refused.
        let slept = clock_nanosleep_relative(ClockId::Monotonic, &Timespec { tv_sec: 3600, tv_nsec: 0 });
        Outcome::Allowed(format!("{slept:?}"))
    }),
];

fn beyond_memory() -> usize {
    usize::try_from(NEEDS.memory_bytes * 2).unwrap_or(usize::MAX)
}

/// Pages count once they are written.
fn fill_memory() -> Outcome {
    const BLOCK_BYTES: usize = 1024 * 1024;
    let mut blocks = Vec::new();
    while blocks.len() * BLOCK_BYTES < beyond_memory() {
        let mut block = Vec::new();
        if let Err(error) = block.try_reserve_exact(BLOCK_BYTES) {
            return Outcome::Refused(format!("{error} after {} MiB", blocks.len()));
        }
        block.resize(BLOCK_BYTES, 1_u8);
        blocks.push(block);
    }
    Outcome::Allowed(format!("got {} MiB", black_box(&blocks).len()))
}
