//! The limit of open files of this process, and how it is shared.
//!
//! Connections and the files kept open for the next view each have a share. The rest is for files while they are sent, for
//! the database, for downloads and for what a log or a look-up takes: so readers alone never stop a webhook.

use mediary_core::limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Below this a busy installation turns connections away.
const FEW: u64 = 4096;
/// The shares of connections, in eighths, and of files kept open. As many files as connections may be sent
/// at once, so both count for twice their share at most.
const EIGHTHS_FOR_CONNECTIONS: u64 = 3;
const EIGHTHS_KEPT_OPEN: u64 = 1;

/// The limit that holds for this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenFiles(u64);

impl OpenFiles {
    /// Raises the limit as far as it may be raised.
    pub(crate) fn raised() -> Self {
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        // Where it is refused, the limit stays as it is.
        let _ = setrlimit(Resource::Nofile, raised);
        Self::of_now()
    }

    pub(crate) fn of_now() -> Self {
        Self(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX))
    }

    pub(crate) fn connections(self) -> usize {
        self.share(EIGHTHS_FOR_CONNECTIONS, limits::CONNECTIONS)
    }

    pub(crate) fn kept_open(self) -> usize {
        self.share(EIGHTHS_KEPT_OPEN, limits::FILES_KEPT_OPEN)
    }

    fn share(self, eighths: u64, max_files: usize) -> usize {
        usize::try_from((self.0 / 8).saturating_mul(eighths)).unwrap_or(usize::MAX).clamp(1, max_files)
    }

    /// Advice where the limit is low.
    pub(crate) fn advice(self) -> Option<String> {
        (self.0 < FEW).then(|| {
            format!(
                "this process may have only {} open files, which is enough for {} connections; allow it {FEW} or more, with \
                 LimitNOFILE= in its systemd unit or with ulimit -n",
                self.0,
                self.connections()
            )
        })
    }
}

impl std::fmt::Display for OpenFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            u64::MAX => f.write_str("any number"),
            limit => write!(f, "{limit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_open_files_leave_room_for_sent_files_and_the_rest() {
        for (limit, connections, kept_open) in [
            (256, 96, 32),
            (1024, 384, 128),
            (20_000, 7500, 1024),
            (1_048_576, 8192, 1024),
            (u64::MAX, 8192, 1024),
        ] {
            let files = OpenFiles(limit);
            assert_eq!((files.connections(), files.kept_open()), (connections, kept_open), "{limit}");
            assert!(2 * connections as u64 + (kept_open as u64) < limit);
        }
        assert_eq!(OpenFiles(0).connections(), 1);
    }

    #[test]
    fn low_limit_comes_with_advice() {
        assert!(OpenFiles(FEW).advice().is_none());
        let advice = OpenFiles(256).advice().unwrap();
        assert!(advice.contains("only 256 open files") && advice.contains("LimitNOFILE"), "{advice}");
    }

    #[test]
    fn limit_is_raised_to_the_hard_one() {
        let raised = OpenFiles::raised();
        assert_eq!(Some(raised.0), getrlimit(Resource::Nofile).maximum.or(Some(u64::MAX)));
    }
}
