//! How slowly the other end of a connection may read or send before it is given up. Time costs only while we wait for it,
//! and every byte that moves buys some: so a slow line is served to the end, and one that stands still is not.
//!
//! Why only the other end is charged, and nobody waits for ever:
//!
//! 1. The clock runs from the first poll that could not move to the next byte that does ([`Patience::poll_over`] to
//!    [`Patience::moved`]). While we have nothing to send, or do not ask for more of a body, nobody polls and nobody pays.
//! 2. However often it is polled, a wait is one wait: polls in between do not start it again, so waking often buys nothing.
//! 3. What can be saved up has an upper bound, so that however much moved before, the end of one that stands still
//!    comes within that bound.
//! 4. The timer is polled with the waker of the task that waits, in the poll that could not move: when the time is
//!    over, the task is woken even if the other end never moves again.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// The least pace. A phone on a bad line makes 20 KB/s.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// What there is to begin with.
    pub(crate) grace: Duration,
    /// Each as many bytes buy a second.
    pub(crate) bytes_per_second: u64,
    /// What can be saved up.
    pub(crate) max_allowance: Duration,
}

impl Pace {
    /// Of those who read an answer. The kernel takes up to 4 MB ahead and tells of room only when a third of it is free; so much
    /// has to be saved up for a line that became slow.
    pub(crate) const READERS: Self = Self {
        grace: Duration::from_secs(30),
        bytes_per_second: 4096,
        max_allowance: Duration::from_secs(75),
    };
    /// Of those who send a body.
    pub(crate) const SENDERS: Self = Self {
        grace: Duration::from_secs(10),
        bytes_per_second: 4096,
        max_allowance: Duration::from_secs(20),
    };
    /// Of webhooks: what was sent of one stays in memory until its signature can be checked, and WhatsApp has no bad line.
    pub(crate) const WEBHOOKS: Self = Self {
        grace: Duration::from_secs(5),
        bytes_per_second: 64 * 1024,
        max_allowance: Duration::from_secs(5),
    };
}

/// How much longer one end of a connection is waited for.
#[derive(Debug)]
pub(crate) struct Patience {
    allowance: Allowance,
    /// Since when nothing moves, if something should.
    since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// The time that is left, without a clock.
#[derive(Debug)]
struct Allowance {
    pace: Pace,
    left: Duration,
}

impl Allowance {
    fn new(pace: Pace) -> Self {
        Self { pace, left: pace.grace }
    }

    /// So many bytes moved after so long a wait.
    fn moved(&mut self, waited: Duration, bytes: usize) {
        let nanos = (bytes as u64).saturating_mul(1_000_000_000) / self.pace.bytes_per_second;
        let left = self.left.saturating_sub(waited).saturating_add(Duration::from_nanos(nanos));
        self.left = left.min(self.pace.max_allowance);
    }
}

impl Patience {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { allowance: Allowance::new(pace), since: None, timer: None }
    }

    /// From now on, each as many bytes buy a second.
    pub(crate) fn price(&mut self, bytes_per_second: u64) {
        self.allowance.pace.bytes_per_second = bytes_per_second;
    }

    /// Something moved.
    pub(crate) fn moved(&mut self, bytes: usize) {
        let waited = self.since.take().map_or(Duration::ZERO, |since| since.elapsed());
        self.allowance.moved(waited, bytes);
    }

    /// Nothing could move. Ready when that has lasted too long.
    pub(crate) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.since.is_none() {
            let now = Instant::now();
            self.since = Some(now);
            let end = now + self.allowance.left;
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(end),
                None => self.timer = Some(Box::pin(sleep_until(end))),
            }
        }
        self.timer.as_mut().map_or(Poll::Ready(()), |timer| timer.as_mut().poll(cx))
    }
}

/// A body whose sender has to keep a pace.
#[derive(Debug)]
pub(crate) struct PacedBody<B> {
    body: B,
    patience: Patience,
}

impl<B> PacedBody<B> {
    pub(crate) fn new(body: B, pace: Pace) -> Self {
        Self { body, patience: Patience::new(pace) }
    }
}

impl<B> Body for PacedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<axum::BoxError>,
{
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                let bytes =
                    frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
                self.patience.moved(bytes);
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => self.patience.poll_over(cx).map(|()| Some(Err(too_slow().into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The other end was too slow.
pub(crate) fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the other end is too slow")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: Duration = Duration::from_secs(3600);

    /// How long the other end is waited for if it moves so many bytes after each pause, for an hour at most.
    fn waited_for(pace: Pace, bytes: usize, pause: Duration) -> Duration {
        let (mut waited, mut allowance) = (Duration::ZERO, Allowance::new(pace));
        while waited < HOUR {
            if allowance.left < pause {
                return waited + allowance.left;
            }
            waited += pause;
            allowance.moved(pause, bytes);
        }
        waited
    }

    #[test]
    fn slow_line_is_served_to_the_end() {
        for pace in [Pace::READERS, Pace::SENDERS] {
            assert!(waited_for(pace, 20_000, SECOND) >= HOUR, "a phone");
        }
        assert!(waited_for(Pace::READERS, 580_000, 29 * SECOND) >= HOUR, "a phone, in coalesced reads");
        // As the kernel tells of it when the line was fast before.
        let mut allowance = Allowance::new(Pace::READERS);
        allowance.moved(Duration::ZERO, 4_000_000);
        for _ in 0..50 {
            assert!(allowance.left > 67 * SECOND);
            allowance.moved(67 * SECOND, 1_340_000);
        }
    }

    #[test]
    fn peer_that_stands_still_or_trickles_is_given_up() {
        assert_eq!(waited_for(Pace::READERS, 0, HOUR).as_secs(), 30);
        assert_eq!(waited_for(Pace::SENDERS, 0, HOUR).as_secs(), 10);
        assert_eq!(waited_for(Pace::WEBHOOKS, 0, HOUR).as_secs(), 5);
        assert!(waited_for(Pace::READERS, 1, SECOND) <= 31 * SECOND);
        assert!(waited_for(Pace::READERS, 1000, SECOND) <= 41 * SECOND);
        assert!(waited_for(Pace::WEBHOOKS, 4096, SECOND) <= 6 * SECOND);
        // An archive is taken faster, also by a phone, or not at all.
        let archive = |bytes, pause| {
            let pace = Pace {
                bytes_per_second: mediary_core::limits::ARCHIVE_READER_BYTES_PER_SECOND,
                ..Pace::READERS
            };
            waited_for(pace, bytes, pause)
        };
        assert!(waited_for(Pace::READERS, 8_000, SECOND) >= HOUR && archive(8_000, SECOND) <= 60 * SECOND);
        assert!(archive(20_000, SECOND) >= HOUR && archive(1_340_000, 67 * SECOND) <= 67 * SECOND);
        // However much was sent before.
        let mut allowance = Allowance::new(Pace::WEBHOOKS);
        allowance.moved(Duration::ZERO, 3 * 1024 * 1024);
        assert_eq!(allowance.left, 5 * SECOND);
    }
}
