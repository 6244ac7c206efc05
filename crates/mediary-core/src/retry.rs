//! How long to wait before which try. All waits are configurable and run on the injected clock.

use std::time::Duration;

/// A wait that doubles from `first` up to `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    pub first: Duration,
    pub max: Duration,
}

impl Backoff {
    /// The wait after `failures` failures in a row (1 for the first), without jitter.
    pub fn wait(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(32);
        self.first.saturating_mul(2_u32.saturating_pow(doublings)).min(self.max)
    }

    /// The wait with up to a quarter of it added, by a random number in `0.0..1.0`.
    pub fn wait_with_jitter(self, failures: u32, random: f64) -> Duration {
        let wait = self.wait(failures);
        wait + wait.mul_f64(0.25 * random.clamp(0.0, 1.0))
    }
}

/// All waits of the download flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryRules {
    /// Between quick attempts after a failure that may pass.
    pub quick: Backoff,
    /// How many quick attempts there are before only the sweep tries again.
    pub quick_attempts: u32,
    /// Between the sweep's tries, until the media has expired at WhatsApp.
    pub sweep_every: Duration,
    /// When WhatsApp throttles without saying for how long.
    pub throttled: Backoff,
    /// When storage is full or refuses.
    pub storage: Backoff,
    /// How long a claimed download belongs to its worker without a sign of life.
    pub lease: Duration,
    pub connect_timeout: Duration,
    /// For the first byte, and for silence after it.
    pub silence_timeout: Duration,
}

impl Default for RetryRules {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            quick: Backoff { first: seconds(1), max: seconds(16) },
            quick_attempts: 5,
            sweep_every: seconds(300),
            throttled: Backoff { first: seconds(5), max: seconds(60) },
            storage: Backoff { first: seconds(1), max: seconds(30) },
            lease: seconds(30),
            connect_timeout: seconds(5),
            silence_timeout: seconds(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quick_attempts_wait_1_2_4_8_16_seconds() {
        let rules = RetryRules::default();
        let waits: Vec<u64> = (1..=6).map(|failures| rules.quick.wait(failures).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 16]);
    }

    proptest! {
        #[test]
        fn wait_never_passes_its_bound(failures in any::<u32>(), random in any::<f64>()) {
            let backoff = RetryRules::default().throttled;
            let wait = backoff.wait_with_jitter(failures, random);
            prop_assert!(wait >= backoff.wait(failures));
            prop_assert!(wait <= backoff.max + backoff.max / 4);
        }
    }
}
