//! The number of tries after a collision.

use crate::{Error, ErrorKind};

/// The most tries of a transaction. In each collision one transaction succeeds, so a few tries are plenty.
pub(crate) const TRIES: u32 = 8;

/// The tries of a transaction, or of a statement that is one by itself.
#[derive(Debug, Default)]
pub(crate) struct Tries(u32);

impl Tries {
    /// Whether a transaction that failed with this error is to be retried.
    pub(crate) fn another(&mut self, error: &Error) -> bool {
        self.0 += 1;
        *error.kind() == ErrorKind::Collision && self.0 < TRIES
    }
}
