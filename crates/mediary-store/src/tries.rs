//! How often what collided is tried.

use crate::{Error, ErrorKind};

/// How often a transaction is begun. A collision needs somebody who got through, so a few tries are plenty.
pub(crate) const TRIES: u32 = 8;

/// The tries of a transaction, or of a statement that is one by itself.
#[derive(Debug, Default)]
pub(crate) struct Tries(u32);

impl Tries {
    /// Whether what failed by this error is to be done again.
    pub(crate) fn another(&mut self, error: &Error) -> bool {
        self.0 += 1;
        *error.kind() == ErrorKind::Collision && self.0 < TRIES
    }
}
