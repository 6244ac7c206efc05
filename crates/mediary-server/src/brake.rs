//! A brake on what costs others something: so many times in a minute, and one at a time.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use mediary_core::{ErrorCode, Timestamp};
use parking_lot::Mutex;

use crate::login_throttle::Window;
use crate::problem::Problem;
use crate::slots::{Slot, Slots};

/// When to come back while the one before is under way; it takes no longer.
const NEXT_AFTER: Duration = Duration::from_secs(5);

/// The brake on one kind of request, for each key by itself.
#[derive(Debug)]
pub(crate) struct Brake<K: Eq + Hash> {
    in_a_minute: u32,
    recent: Mutex<Window<K>>,
    running: Arc<Slots<K>>,
}

impl<K: Clone + Eq + Hash> Brake<K> {
    pub(crate) fn new(in_a_minute: u32) -> Self {
        Self { in_a_minute, recent: Mutex::default(), running: Slots::new(1, usize::MAX) }
    }

    /// Counts one for `key`, which is under way until the slot is dropped. 429 if another is, or after too many; `what` says of what.
    pub(crate) fn begin(&self, key: K, now: Timestamp, what: &str) -> Result<Slot<K>, Problem> {
        let refused = |detail: String, wait| {
            Problem::new(ErrorCode::RateLimited).detail(detail).retry_after(Some(wait))
        };
        let slot = self.running.take(key.clone()).map_err(|_| {
            refused(format!("one of the {what} is under way already; wait for its answer"), NEXT_AFTER)
        })?;
        let mut recent = self.recent.lock();
        if let Some(wait) = recent.wait(&key, self.in_a_minute, now) {
            return Err(refused(
                format!("there are {} {what} in a minute, and no more", self.in_a_minute),
                wait,
            ));
        }
        recent.add(key, now);
        Ok(slot)
    }
}

#[cfg(test)]
mod tests {
    use mediary_testing::START;

    use super::*;

    #[test]
    fn key_has_one_at_a_time_and_some_in_a_minute() {
        let brake = Brake::new(3);
        let begin = |key: u32, second| brake.begin(key, START.plus(Duration::from_secs(second)), "checks");
        let first = begin(1, 0).unwrap();
        assert_eq!(begin(1, 0).unwrap_err().code(), ErrorCode::RateLimited);
        drop(begin(2, 0).unwrap());
        drop(first);
        for second in 1..3 {
            drop(begin(1, second).unwrap());
        }
        assert_eq!(begin(1, 59).unwrap_err().code(), ErrorCode::RateLimited);
        drop(begin(1, 60).unwrap());
        drop(begin(2, 0).unwrap());
    }
}
