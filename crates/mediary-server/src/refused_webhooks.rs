//! Refused webhooks in the log. An operator with a wrong app secret has to see there what is wrong; strangers, who may
//! send as many as they like, write one line for each reason in [`LINE_EVERY`].

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

const LINE_EVERY: Duration = Duration::from_secs(10);

/// Refusals by their reasons, of which there is a fixed number: none holds anything of the request.
#[derive(Debug, Default)]
pub(crate) struct RefusedWebhooks(Mutex<HashMap<&'static str, Refusals>>);

/// Of one reason.
#[derive(Debug)]
struct Refusals {
    logged_at: Instant,
    /// Since then.
    count: u64,
}

impl RefusedWebhooks {
    pub(crate) fn note(&self, reason: &'static str) {
        if let Some(count) = self.count(reason, Instant::now()) {
            tracing::warn!(count, reason, "webhooks were refused");
        }
    }

    /// How many there were since the last line, if one is to be written now.
    fn count(&self, reason: &'static str, now: Instant) -> Option<u64> {
        let mut reasons = self.0.lock();
        let Some(refusals) = reasons.get_mut(reason) else {
            reasons.insert(reason, Refusals { logged_at: now, count: 0 });
            return Some(1);
        };
        refusals.count += 1;
        if now.duration_since(refusals.logged_at) < LINE_EVERY {
            return None;
        }
        refusals.logged_at = now;
        Some(std::mem::take(&mut refusals.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_has_a_line_for_each_reason_at_once_and_then_one_for_all_since() {
        let (refused, start) = (RefusedWebhooks::default(), Instant::now());
        let (mut now, second) = (start, Duration::from_secs(1));
        assert_eq!(refused.count("unsigned", now), Some(1));
        for _ in 1..10 {
            now += second;
            assert_eq!(refused.count("unsigned", now), None);
        }
        assert_eq!(refused.count("too large", now), Some(1), "one reason hides no other");
        now += second;
        assert_eq!(refused.count("unsigned", now), Some(10));
    }
}
