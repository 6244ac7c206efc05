//! Viewers who wait to join an inbound file.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of viewers who have requested a file and not joined it yet: its beginning is kept for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(Arc<AtomicUsize>);

impl Line {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }

    pub(super) fn enter(&self) -> LinePosition {
        self.0.fetch_add(1, Ordering::AcqRel);
        LinePosition(self.clone())
    }
}

/// A position in the line, held until it is dropped.
pub(crate) struct LinePosition(Line);

impl Drop for LinePosition {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}
