//! What clocks of nodes may differ by.

use std::time::Duration;

use mediary_core::{Timestamp, limits};

/// From here on lies what no clock that is right has written.
pub(crate) fn beyond(now: Timestamp, longest: Duration) -> Timestamp {
    now.plus(longest).plus(limits::CLOCKS_DIFFER_BY)
}
