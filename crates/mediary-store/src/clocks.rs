//! How much the clocks of nodes may differ.

use std::time::Duration;

use mediary_core::{Timestamp, limits};

/// The earliest time that a correct clock cannot have written.
pub(crate) fn beyond(now: Timestamp, longest: Duration) -> Timestamp {
    now.plus(longest).plus(limits::CLOCKS_DIFFER_BY)
}
