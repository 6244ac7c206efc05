//! The queue in front of the webhooks.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::body::Update;
use crate::error::{Error, ErrorKind};

/// Updates that may wait for their acknowledgement.
const UPDATES_PENDING: usize = 1_000_000;

/// Where updates wait to be delivered.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: mpsc::UnboundedSender<Update>,
    /// Updates that are neither acknowledged nor given up; the queue's bound.
    pending: watch::Sender<usize>,
}

impl Outbox {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Update>) {
        let (queue, updates) = mpsc::unbounded_channel();
        (Self { queue, pending: watch::Sender::new(0) }, updates)
    }

    pub(crate) fn add(&self, update: Update) -> Result<(), Error> {
        let full =
            || Error::new(ErrorKind::Full, format!("{UPDATES_PENDING} updates wait for a webhook already"));
        let taken = self.pending.send_if_modified(|pending| {
            let room = *pending < UPDATES_PENDING;
            *pending += usize::from(room);
            room
        });
        if !taken {
            return Err(full());
        }
        self.queue.send(update).map_err(|_| Error::new(ErrorKind::Full, "the simulator is stopping"))
    }

    pub(crate) fn pending(&self) -> usize {
        *self.pending.borrow()
    }

    /// Waits until every update is acknowledged or given up.
    pub(crate) async fn flush(&self, within: Duration) -> Result<(), Error> {
        let mut pending = self.pending.subscribe();
        let empty = tokio::time::timeout(within, pending.wait_for(|pending| *pending == 0)).await;
        let late =
            |_| Error::new(ErrorKind::Timeout, format!("{} updates are still on their way", self.pending()));
        empty.map(|_| ()).map_err(late)
    }

    pub(super) fn done(&self, updates: usize) {
        self.pending.send_modify(|pending| *pending = pending.saturating_sub(updates));
    }
}
