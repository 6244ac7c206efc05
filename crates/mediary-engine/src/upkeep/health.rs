//! Whether the engine can do its work right now.

use std::sync::Arc;
use std::time::Duration;

use mediary_core::{Timestamp, error_chain};
use parking_lot::Mutex;

use crate::context::Context;

/// A check that takes longer counts as failed.
const CHECK_WITHIN: Duration = Duration::from_secs(5);
/// How long the result of a check is returned again: anybody may request one, and each writes to database and storage.
const LOOK_TTL: Duration = Duration::from_secs(2);

/// Failed storage is tried again right after its pause. If the pause ended longer ago than this, there was nothing to store.
const WELL_AFTER: Duration = Duration::from_secs(60);

/// The check of one dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    pub ok: bool,
    /// What is wrong, in words for an operator.
    pub detail: Option<String>,
}

/// Checks whether everything works. Clones share the last result.
#[derive(Clone, Debug)]
pub(crate) struct Health {
    context: Context,
    last_look: LastLook,
}

/// The result of the last check. Clones share it.
#[derive(Clone, Debug, Default)]
struct LastLook(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    found: Mutex<Option<(Timestamp, Vec<Check>)>>,
    looking: tokio::sync::Mutex<()>,
}

impl Health {
    pub(crate) fn new(context: Context) -> Self {
        Self { context, last_look: LastLook::default() }
    }

    /// Whether database and storage answered a moment ago, and whether storage holds downloads back now.
    pub(crate) async fn check(&self) -> Vec<Check> {
        let (health, clock) = (self.clone(), self.context.clock().clone());
        let look = async move || health.checks().await;
        let mut checks = self.last_look.get(move || clock.now(), look).await;
        let pause = self.context.pauses().storage_pause();
        if let Some(pause) = pause.filter(|pause| pause.held_within(WELL_AFTER, self.context.now()))
            && let Some(storage) = checks.iter_mut().find(|check| check.name == "storage")
        {
            storage.ok = false;
            storage.detail.get_or_insert_with(|| pause.code.sentence().to_owned());
        }
        checks
    }

    async fn checks(&self) -> Vec<Check> {
        let database = check("database", async {
            self.context.store().check().await.map_err(|error| error_chain(&error))
        });
        let storage = check("storage", async {
            self.context.storages().primary().check().await.map_err(|error| error_chain(&error))
        });
        let (database, storage) = tokio::join!(database, storage);
        vec![database, storage]
    }
}

impl LastLook {
    /// What was found less than [`LOOK_TTL`] ago, else what `look` finds. Callers who ask meanwhile wait for the same look.
    async fn get<L>(
        &self,
        now: impl Fn() -> Timestamp + Send + 'static,
        look: impl FnOnce() -> L + Send + 'static,
    ) -> Vec<Check>
    where
        L: Future<Output = Vec<Check>> + Send,
    {
        if let Some(found) = self.fresh(now()) {
            return found;
        }
        let shared = self.clone();
        // In a task of its own, so that it ends even if its caller leaves; otherwise each such caller would start another check.
        let looked = tokio::spawn(async move {
            let _only = shared.0.looking.lock().await;
            if let Some(found) = shared.fresh(now()) {
                return found;
            }
            let found = look().await;
            *shared.0.found.lock() = Some((now(), found.clone()));
            found
        });
        looked.await.unwrap_or_else(|error| {
            vec![Check {
                name: "database",
                ok: false,
                detail: Some(format!("looking at it failed: {error}")),
            }]
        })
    }

    fn fresh(&self, now: Timestamp) -> Option<Vec<Check>> {
        let found = self.0.found.lock();
        // After the clock was set back, the age of the result is unknown.
        let is_fresh = |at: Timestamp| at.is_younger_than(LOOK_TTL, now);
        found.as_ref().filter(|(at, _)| is_fresh(*at)).map(|(_, checks)| checks.clone())
    }
}

async fn check(name: &'static str, work: impl Future<Output = Result<(), String>>) -> Check {
    let result = tokio::time::timeout(CHECK_WITHIN, work).await;
    let detail = match result {
        Ok(Ok(())) => None,
        Ok(Err(detail)) => Some(detail),
        Err(_) => Some(format!("no answer within {CHECK_WITHIN:?}")),
    };
    Check { name, ok: detail.is_none(), detail }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use mediary_core::Clock;
    use mediary_testing::ManualClock;
    use tokio::sync::Semaphore;

    use super::*;

    /// Looks that wait until they are let on, and are counted.
    #[derive(Clone)]
    struct Looks {
        last: LastLook,
        clock: ManualClock,
        started: Arc<AtomicUsize>,
        let_on: Arc<Semaphore>,
    }

    impl Looks {
        fn new() -> Self {
            let clock = ManualClock::default();
            Self {
                last: LastLook::default(),
                clock,
                started: Arc::default(),
                let_on: Arc::new(Semaphore::new(0)),
            }
        }

        async fn ask(self) -> Vec<Check> {
            let (clock, started, let_on) = (self.clock, self.started, self.let_on);
            let look = async move || {
                started.fetch_add(1, Ordering::SeqCst);
                let_on.acquire().await.unwrap().forget();
                vec![Check { name: "database", ok: true, detail: None }]
            };
            self.last.get(move || clock.now(), look).await
        }
    }

    #[tokio::test]
    async fn checks_requested_within_the_ttl_run_once() {
        let looks = Looks::new();
        let asking: Vec<_> = (0..20).map(|_| tokio::spawn(looks.clone().ask())).collect();
        looks.let_on.add_permits(1);
        for asked in asking {
            assert_eq!(asked.await.unwrap().len(), 1);
        }
        looks.clock.advance(LOOK_TTL - Duration::from_millis(1));
        looks.clone().ask().await;
        assert_eq!(looks.started.load(Ordering::SeqCst), 1);
        looks.clock.advance(Duration::from_millis(1));
        looks.let_on.add_permits(1);
        looks.clone().ask().await;
        assert_eq!(looks.started.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn callers_that_leave_start_no_second_check() {
        let looks = Looks::new();
        for _ in 0..20 {
            let mut asking = std::pin::pin!(looks.clone().ask());
            assert!(futures_util::poll!(&mut asking).is_pending());
            tokio::task::yield_now().await;
        }
        looks.let_on.add_permits(1);
        looks.clone().ask().await;
        assert_eq!(looks.started.load(Ordering::SeqCst), 1);
    }
}
