//! What the failure of a derivation means: pure, so that each row of the table is a test.

use std::time::Duration;

use mediary_core::Timestamp;
use mediary_derive::ErrorKind;

/// A file that takes too long is to blame, unless the machine was busy with other things.
const SLOW_ATTEMPTS: i64 = 2;
/// A worker that ended may have been ended for another reason than the file: it is tried so often in all.
const WORKER_ATTEMPTS: i64 = 3;
/// Storage that does not answer is not the file's fault, but nothing is tried for ever.
const STORAGE_ATTEMPTS: i64 = 12;
const FIRST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// A server that dies leaves no word about the file that it worked on. So many starts of one file without any end are no accident: it is
/// not begun once more, or it would end the server for ever.
const STARTS_WITHOUT_AN_END: i64 = 3;

/// Whether a file has ended the server often enough, by the number of starts, this one included, since one came to an end.
pub(super) fn ends_servers(begun: i64) -> bool {
    begun > STARTS_WITHOUT_AN_END
}

/// Why a derivation did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// What the worker says of the file, or what became of the worker.
    Worker(ErrorKind),
    /// The file could not be read, or what was made could not be stored.
    Storage,
    /// The server ended each time.
    Server,
}

/// When it is tried again; `None` is never, unless somebody asks for it.
pub(super) fn next_attempt(problem: Problem, attempts: i64, now: Timestamp) -> Option<Timestamp> {
    let max_attempts = match problem {
        // The file will be the same.
        Problem::Worker(ErrorKind::Unsupported | ErrorKind::Broken | ErrorKind::TooLarge)
        | Problem::Server => {
            return None;
        }
        Problem::Worker(ErrorKind::OutOfTime) => SLOW_ATTEMPTS,
        Problem::Worker(ErrorKind::Worker) => WORKER_ATTEMPTS,
        Problem::Storage => STORAGE_ATTEMPTS,
    };
    if attempts >= max_attempts {
        return None;
    }
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    Some(now.plus(LONGEST_WAIT.min(FIRST_WAIT.saturating_mul(1 << doublings))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn wait(problem: Problem, attempts: i64) -> Option<u64> {
        next_attempt(problem, attempts, NOW).map(|at| at.since(NOW).as_secs())
    }

    #[test]
    fn file_that_cannot_be_read_is_given_up_at_once() {
        for kind in [ErrorKind::Unsupported, ErrorKind::Broken, ErrorKind::TooLarge] {
            assert_eq!(wait(Problem::Worker(kind), 1), None, "{kind:?}");
        }
    }

    #[test]
    fn file_that_takes_too_long_has_one_second_try() {
        let waits = [1, 2, 3].map(|attempts| wait(Problem::Worker(ErrorKind::OutOfTime), attempts));
        assert_eq!(waits, [Some(10), None, None]);
    }

    #[test]
    fn file_that_ended_the_server_three_times_is_not_begun_again() {
        assert_eq!([1, 2, 3, 4].map(ends_servers), [false, false, false, true]);
        assert_eq!(wait(Problem::Server, 1), None);
    }

    #[test]
    fn worker_that_ends_is_tried_three_times_with_growing_waits() {
        let waits = [1, 2, 3, 4].map(|attempts| wait(Problem::Worker(ErrorKind::Worker), attempts));
        assert_eq!(waits, [Some(10), Some(20), None, None]);
    }

    #[test]
    fn storage_is_waited_for_an_hour_at_a_time_at_most_and_not_for_ever() {
        assert_eq!(wait(Problem::Storage, 1), Some(10));
        assert_eq!(wait(Problem::Storage, 11), Some(3600));
        assert_eq!(wait(Problem::Storage, 12), None);
    }
}
