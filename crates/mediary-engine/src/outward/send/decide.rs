//! What the end of an attempt to send means: pure, so that each row of the table is a test.
//!
//! A message may leave only once. So after the call that sends, nothing but WhatsApp's own word says that it did not: whatever leaves
//! that open is [`Outcome::Unknown`], and no program sends it again.

use std::time::Duration;

use mediary_core::Timestamp;

/// Attempts at a message that WhatsApp or the network failed, in all.
const ATTEMPTS: i64 = 8;
/// Uploads of one file because WhatsApp no longer had it, in one message.
const UPLOADS: i64 = 3;
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// To one person WhatsApp takes about one message in six seconds, after a burst.
const PAIR_WAIT: Duration = Duration::from_secs(6);

/// Our own rows and storage are asked again this often: such an attempt is refunded, so that it does not count against WhatsApp's.
const OUR_WAIT: Duration = Duration::from_secs(10);

/// Why an attempt did not end with WhatsApp's id for the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// WhatsApp refused the message for good, with its code and its words.
    Refused { code: i64, message: String },
    /// WhatsApp asks to wait with the whole account.
    Throttled { retry_after: Option<Duration> },
    /// WhatsApp asks to wait with this person.
    PairThrottled { retry_after: Option<Duration> },
    /// The account has no token that WhatsApp takes.
    TokenRefused,
    /// It surely did not leave, and may at another time.
    NotSent,
    /// It may have left.
    MaybeSent,
    /// WhatsApp no longer has the file under the id that it gave.
    MediaGone,
    /// Our rows or our storage did not answer.
    Ours,
    /// Storage has lost the file.
    FileLost,
}

/// What becomes of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It failed, with a code and a sentence for people.
    Fail { code: i64, message: String },
    /// It is tried again then; whether the attempt counts.
    PutOff { until: Timestamp, counts: bool },
    /// The whole account waits, and the message with it.
    PauseAccount { retry_after: Option<Duration> },
    /// The account needs a token; the message goes on once it has one.
    NeedsToken,
    /// Its file is uploaded again, at once.
    UploadAgain,
    /// Nobody knows whether it left; a status of WhatsApp's settles it.
    Unknown,
}

/// What becomes of a message after its `attempts`-th attempt.
pub(super) fn decide(problem: Problem, attempts: i64, now: Timestamp) -> Outcome {
    let later = |longest: i64, sentence: &str| {
        if attempts >= longest {
            return Outcome::Fail { code: 0, message: sentence.to_owned() };
        }
        Outcome::PutOff { until: now.plus(wait(attempts)), counts: true }
    };
    match problem {
        Problem::Refused { code, message } => Outcome::Fail { code, message },
        Problem::Throttled { retry_after } => Outcome::PauseAccount { retry_after },
        Problem::PairThrottled { retry_after } => {
            Outcome::PutOff { until: now.plus(retry_after.unwrap_or(PAIR_WAIT)), counts: false }
        }
        Problem::TokenRefused => Outcome::NeedsToken,
        Problem::NotSent => later(
            ATTEMPTS,
            "WhatsApp could not be reached, or answered with an error each time; send it again",
        ),
        Problem::MaybeSent => Outcome::Unknown,
        Problem::MediaGone if attempts >= UPLOADS => {
            later(UPLOADS, "WhatsApp does not find the file that was uploaded to it")
        }
        Problem::MediaGone => Outcome::UploadAgain,
        Problem::Ours => Outcome::PutOff { until: now.plus(OUR_WAIT), counts: false },
        Problem::FileLost => Outcome::Fail {
            code: 0,
            message: "the file is not in storage any more; send it again from its source".to_owned(),
        },
    }
}

/// Longer each time.
fn wait(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    LONGEST_WAIT.min(FIRST_WAIT.saturating_mul(1 << doublings))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn put_off(seconds: u64, counts: bool) -> Outcome {
        Outcome::PutOff { until: NOW.plus(Duration::from_secs(seconds)), counts }
    }

    #[test]
    fn each_problem_has_its_outcome() {
        let minute = Some(Duration::from_secs(60));
        let refused = || Problem::Refused { code: 131_047, message: "too late".to_owned() };
        let failed = || Outcome::Fail { code: 131_047, message: "too late".to_owned() };
        for (problem, attempts, outcome) in [
            (refused(), 1, failed()),
            (Problem::Throttled { retry_after: None }, 1, Outcome::PauseAccount { retry_after: None }),
            (Problem::Throttled { retry_after: minute }, 99, Outcome::PauseAccount { retry_after: minute }),
            (Problem::PairThrottled { retry_after: None }, 99, put_off(6, false)),
            (Problem::PairThrottled { retry_after: minute }, 1, put_off(60, false)),
            (Problem::TokenRefused, 99, Outcome::NeedsToken),
            (Problem::NotSent, 1, put_off(2, true)),
            (Problem::NotSent, 7, put_off(128, true)),
            (Problem::MaybeSent, 1, Outcome::Unknown),
            (Problem::MediaGone, 1, Outcome::UploadAgain),
            (Problem::MediaGone, 2, Outcome::UploadAgain),
            (Problem::Ours, 1, put_off(10, false)),
            (Problem::Ours, 99, put_off(10, false)),
        ] {
            assert_eq!(decide(problem.clone(), attempts, NOW), outcome, "{problem:?} {attempts}");
        }
    }

    #[test]
    fn nothing_is_tried_for_ever_that_fails_for_its_own_sake() {
        for (problem, attempts) in
            [(Problem::NotSent, ATTEMPTS), (Problem::MediaGone, UPLOADS), (Problem::FileLost, 1)]
        {
            let outcome = decide(problem.clone(), attempts, NOW);
            assert!(matches!(outcome, Outcome::Fail { .. }), "{problem:?}: {outcome:?}");
        }
    }

    #[test]
    fn message_that_may_have_left_is_never_sent_again() {
        for attempts in 1..20 {
            assert_eq!(decide(Problem::MaybeSent, attempts, NOW), Outcome::Unknown);
        }
    }
}
