//! Work under a lease: it runs while heartbeats renew the lease, and is given up once the lease is lost.
//!
//! 1. The row decides who holds a lease. A heartbeat renews it only if the row still names this holder (the fence), so a lost lease
//!    cannot be taken back.
//! 2. A heartbeat that fails because the database does not answer changes nothing: the lease outlives a short outage; in a long one
//!    it expires and another holder gets the row, which the next heartbeat finds.
//! 3. It does no harm that the work continues for a moment after the lease is lost: its last statement carries the same fence and
//!    changes no row. What it did outside the database has to be harmless by itself.

use std::convert::Infallible;
use std::time::Duration;

use mediary_core::Result;

/// The longest wait between two heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// A lease under which work runs.
pub(crate) trait Lease: Send {
    /// How long it lasts: there are three heartbeats in it at least.
    fn life(&self) -> Duration;

    /// Renews it; false once another holder has it.
    fn renew(&mut self) -> impl Future<Output = Result<bool>> + Send;

    /// Completes when the lease has to be renewed at once.
    fn may_be_lost(&self) -> impl Future<Output = ()> + Send;
}

/// Runs `work` until it ends, or drops it and returns `None` once the lease is lost.
pub(crate) async fn until_lost<T>(lease: &mut impl Lease, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = renew_until_lost(lease) => None,
    }
}

/// Runs `work` to its end, even if the lease is lost meanwhile: its last statement finds out.
pub(crate) async fn to_the_end<T>(lease: &mut impl Lease, work: impl Future<Output = T>) -> T {
    let renewing = async {
        renew_until_lost(lease).await;
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        done = work => done,
        never = renewing => match never {},
    }
}

async fn renew_until_lost(lease: &mut impl Lease) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(HEARTBEAT.min(lease.life() / 3)) => {}
            () = lease.may_be_lost() => {}
        }
        match lease.renew().await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a lease could not be renewed");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use mediary_core::{Error, ErrorCode};

    use super::*;

    const LIFE: Duration = Duration::from_secs(2);

    /// Answers renewals in this order, and then says that it is ours.
    #[derive(Default)]
    struct Renewals {
        answers: VecDeque<Result<bool>>,
        made: u32,
    }

    impl Lease for Renewals {
        fn life(&self) -> Duration {
            LIFE
        }

        async fn renew(&mut self) -> Result<bool> {
            self.made += 1;
            self.answers.pop_front().unwrap_or(Ok(true))
        }

        async fn may_be_lost(&self) {
            std::future::pending::<()>().await;
        }
    }

    fn answers(answers: impl IntoIterator<Item = Result<bool>>) -> Renewals {
        Renewals { answers: answers.into_iter().collect(), made: 0 }
    }

    #[tokio::test(start_paused = true)]
    async fn lease_is_renewed_before_it_runs_out_until_the_work_ends() {
        let mut lease = Renewals::default();
        assert_eq!(until_lost(&mut lease, tokio::time::sleep(LIFE)).await, Some(()));
        assert!(lease.made >= 2, "{}", lease.made);
    }

    #[tokio::test(start_paused = true)]
    async fn lost_lease_ends_the_work_and_an_outage_does_not() {
        let away = Err(Error::new(ErrorCode::StorageError, "away"));
        let mut lease = answers([away, Ok(true), Ok(false)]);
        assert_eq!(until_lost(&mut lease, std::future::pending::<()>()).await, None);
        assert_eq!(lease.made, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_must_finish_does_so_without_its_lease() {
        let mut lease = answers([Ok(false)]);
        to_the_end(&mut lease, tokio::time::sleep(10 * LIFE)).await;
        assert_eq!(lease.made, 1);
    }
}
