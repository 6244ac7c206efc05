//! The consequences of a failed download: every row of the failure table, as a pure function.
//!
//! The code that detects the problem names it, [`decide`] says what to do, and the runner does it.

use std::time::Duration;

use mediary_core::{Backoff, ErrorCode, RetryRules, Sha256, Timestamp};

use crate::whatsapp::pauses::throttle_wait;

/// How often in a row WhatsApp must serve the same wrong bytes before they are kept.
pub(crate) const SAME_MISMATCHES_TO_KEEP: i64 = 3;

/// Why a download did not end with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Graph no longer knows the media id, or never did.
    MediaGone,
    /// WhatsApp asks to slow down, and may say for how long.
    Throttled {
        retry_after: Option<Duration>,
    },
    /// Graph itself refused the token, or the account has none.
    TokenRefused,
    /// Graph knows the token, but it may not read this media.
    NotPermitted,
    /// An error or an answer that makes no sense; network trouble; a body cut off; a URL stale again.
    Unavailable,
    Timeout,
    /// The limit is ours: a file that a later one allows is tried again (`media::oversized`).
    TooLarge {
        limit: u64,
        /// It has at least so many bytes.
        size: u64,
    },
    /// Nothing came, and nothing else was declared.
    Empty,
    /// The whole body came, and it is not the declared one.
    WrongBytes {
        sha256: Sha256,
    },
    /// The body ran on far beyond its declared length and was cut.
    WrongLength,
    /// A failure of ours that affects this file alone: another process ended its upload, a foreign file is under its key, its rows
    /// cannot be read.
    OursAlone(ErrorCode),
    /// Our storage has no room.
    StorageFull,
    /// Our storage did not answer or refused.
    StorageError,
}

/// What to do with the download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// No further try can help, unless one of our settings changes.
    GiveUp(ErrorCode),
    /// Try again after the wait; the attempt counts.
    TryAgain { code: ErrorCode, wait: Duration },
    /// The cause is the account: the whole account waits, the attempt does not count.
    PauseAccount { code: ErrorCode, wait: Duration },
    /// The account waits for a new token, the attempt does not count.
    AskForToken,
    /// The cause is our storage: all downloads wait, the attempt does not count.
    PauseStorage { code: ErrorCode, wait: Duration },
}

impl Decision {
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::GiveUp(code)
            | Self::TryAgain { code, .. }
            | Self::PauseAccount { code, .. }
            | Self::PauseStorage { code, .. } => *code,
            Self::AskForToken => ErrorCode::ProviderUnauthorized,
        }
    }
}

/// The input of [`decide`] besides the problem.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation {
    /// Attempts that count, with the one that just ended.
    pub(crate) attempts: i64,
    /// How often in a row the account was throttled, with this time.
    pub(crate) throttled_in_row: u32,
    /// How often in a row storage failed, with this time.
    pub(crate) storage_failed_in_row: u32,
    /// From `0.0..1.0`, for the jitter.
    pub(crate) random: f64,
    pub(crate) now: Timestamp,
    pub(crate) expires_at: Timestamp,
}

pub(crate) fn decide(problem: &Problem, rules: &RetryRules, situation: Situation) -> Decision {
    let wait_of = |backoff: Backoff, times| backoff.wait_with_jitter(times, situation.random);
    match problem {
        Problem::MediaGone => Decision::GiveUp(ErrorCode::MediaExpired),
        Problem::TooLarge { .. } => Decision::GiveUp(ErrorCode::PayloadTooLarge),
        Problem::Empty => Decision::GiveUp(ErrorCode::IntegrityMismatch),
        Problem::TokenRefused => Decision::AskForToken,
        Problem::Throttled { retry_after } => Decision::PauseAccount {
            code: ErrorCode::ProviderRateLimited,
            wait: throttle_wait(rules, *retry_after, situation.throttled_in_row, situation.random),
        },
        Problem::StorageFull => Decision::PauseStorage {
            code: ErrorCode::StorageFull,
            wait: wait_of(rules.storage, situation.storage_failed_in_row),
        },
        Problem::StorageError => Decision::PauseStorage {
            code: ErrorCode::StorageError,
            wait: wait_of(rules.storage, situation.storage_failed_in_row),
        },
        Problem::OursAlone(code) => try_again(*code, rules, situation),
        Problem::NotPermitted => try_again(ErrorCode::ProviderUnauthorized, rules, situation),
        Problem::Unavailable => try_again(ErrorCode::ProviderUnavailable, rules, situation),
        Problem::Timeout => try_again(ErrorCode::ProviderTimeout, rules, situation),
        Problem::WrongBytes { .. } | Problem::WrongLength => {
            try_again(ErrorCode::IntegrityMismatch, rules, situation)
        }
    }
}

/// Quick attempts with growing waits, then slow ones, until the media has expired at WhatsApp.
fn try_again(code: ErrorCode, rules: &RetryRules, situation: Situation) -> Decision {
    if situation.now >= situation.expires_at {
        return Decision::GiveUp(ErrorCode::MediaExpired);
    }
    let attempts = u32::try_from(situation.attempts).unwrap_or(u32::MAX);
    let wait = if attempts <= rules.quick_attempts {
        rules.quick.wait_with_jitter(attempts, situation.random)
    } else {
        rules.sweep_every
    };
    Decision::TryAgain { code, wait }
}

#[cfg(test)]
mod tests {
    use mediary_testing::START;

    use super::*;

    fn situation(attempts: i64) -> Situation {
        Situation {
            attempts,
            throttled_in_row: 1,
            storage_failed_in_row: 1,
            random: 0.0,
            now: START,
            expires_at: START.plus(Duration::from_secs(7 * 24 * 3600)),
        }
    }

    fn decision(problem: &Problem, situation: Situation) -> Decision {
        decide(problem, &RetryRules::default(), situation)
    }

    #[test]
    fn permanent_failures_are_given_up_at_once() {
        let table = [
            (Problem::MediaGone, ErrorCode::MediaExpired),
            (Problem::TooLarge { limit: 1, size: 2 }, ErrorCode::PayloadTooLarge),
            (Problem::Empty, ErrorCode::IntegrityMismatch),
        ];
        for (problem, code) in table {
            assert_eq!(decision(&problem, situation(1)), Decision::GiveUp(code), "{problem:?}");
        }
    }

    #[test]
    fn temporary_failures_get_five_quick_attempts_then_one_every_five_minutes() {
        let table = [
            (Problem::Unavailable, ErrorCode::ProviderUnavailable),
            (Problem::Timeout, ErrorCode::ProviderTimeout),
            (Problem::WrongBytes { sha256: Sha256([0; 32]) }, ErrorCode::IntegrityMismatch),
            (Problem::WrongLength, ErrorCode::IntegrityMismatch),
            (Problem::NotPermitted, ErrorCode::ProviderUnauthorized),
            (Problem::OursAlone(ErrorCode::StorageError), ErrorCode::StorageError),
        ];
        for (problem, code) in table {
            for (attempts, seconds) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 300), (900, 300)] {
                let wait = Duration::from_secs(seconds);
                let expected = Decision::TryAgain { code, wait };
                assert_eq!(decision(&problem, situation(attempts)), expected, "{problem:?} after {attempts}");
            }
        }
    }

    #[test]
    fn expired_media_is_not_tried_again() {
        let late = Situation { expires_at: START, ..situation(2) };
        assert_eq!(decision(&Problem::Timeout, late), Decision::GiveUp(ErrorCode::MediaExpired));
    }

    #[test]
    fn quick_waits_have_jitter() {
        let jittered = Situation { random: 1.0, ..situation(2) };
        let wait = Duration::from_millis(2500);
        let expected = Decision::TryAgain { code: ErrorCode::ProviderTimeout, wait };
        assert_eq!(decision(&Problem::Timeout, jittered), expected);
    }

    #[test]
    fn throttling_waits_as_requested_or_up_to_a_minute() {
        let code = ErrorCode::ProviderRateLimited;
        let told = Problem::Throttled { retry_after: Some(Duration::from_secs(7)) };
        assert_eq!(
            decision(&told, situation(1)),
            Decision::PauseAccount { code, wait: Duration::from_secs(7) }
        );
        for (times, seconds) in [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (50, 60)] {
            let throttled = Situation { throttled_in_row: times, ..situation(1) };
            let untold = Problem::Throttled { retry_after: None };
            let wait = Duration::from_secs(seconds);
            assert_eq!(decision(&untold, throttled), Decision::PauseAccount { code, wait });
        }
    }

    #[test]
    fn storage_failures_wait_up_to_half_a_minute_and_refused_tokens_ask_for_a_new_one() {
        for (times, seconds) in [(1, 1), (3, 4), (9, 30)] {
            let failing = Situation { storage_failed_in_row: times, ..situation(1) };
            let wait = Duration::from_secs(seconds);
            let full = Decision::PauseStorage { code: ErrorCode::StorageFull, wait };
            assert_eq!(decision(&Problem::StorageFull, failing), full);
            let refused = Decision::PauseStorage { code: ErrorCode::StorageError, wait };
            assert_eq!(decision(&Problem::StorageError, failing), refused);
        }
        assert_eq!(decision(&Problem::TokenRefused, situation(9)), Decision::AskForToken);
    }
}
