//! Pauses of downloads: for throttled accounts, and for storage that fails.

use std::collections::HashMap;
use std::time::Duration;

use mediary_core::{AccountId, ErrorCode, RetryRules, Timestamp};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

/// How long a download lets viewers of its account go first.
const VIEWERS_FIRST: Duration = Duration::from_secs(1);

/// The pauses of this process, shared by all its downloads.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    state: Mutex<State>,
    /// A viewer was answered.
    viewer_answered: Notify,
}

#[derive(Debug, Default)]
struct State {
    throttled: HashMap<AccountId, Streak>,
    storage: Option<StoragePause>,
    /// Viewers for whom WhatsApp is being asked, by account.
    viewers: HashMap<AccountId, usize>,
}

/// Registers a viewer who waits for WhatsApp, until it is dropped.
pub(crate) struct WaitingViewer<'g> {
    pauses: &'g Pauses,
    account: AccountId,
}

impl Drop for WaitingViewer<'_> {
    fn drop(&mut self) {
        let mut state = self.pauses.lock();
        if let Some(count) = state.viewers.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                state.viewers.remove(&self.account);
            }
        }
        drop(state);
        self.pauses.viewer_answered.notify_waiters();
    }
}

#[derive(Clone, Copy, Debug)]
struct Streak {
    times: u32,
    pause: Pause,
}

/// The beginning and the end of a pause. Before its beginning it is over, too: then the clock was set back.
#[derive(Clone, Copy, Debug)]
struct Pause {
    since: Timestamp,
    until: Timestamp,
}

impl Pause {
    fn holds(self, now: Timestamp) -> bool {
        self.since <= now && now < self.until
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct StoragePause {
    times: u32,
    pause: Pause,
    pub(crate) code: ErrorCode,
}

impl StoragePause {
    /// Whether downloads wait now.
    pub(crate) fn holds(self, now: Timestamp) -> bool {
        self.pause.holds(now)
    }

    /// Whether they do, or did so long ago at most.
    pub(crate) fn held_within(self, age: Duration, now: Timestamp) -> bool {
        Pause { until: self.pause.until.plus(age), ..self.pause }.holds(now)
    }
}

impl Pauses {
    /// Registers a viewer for whom WhatsApp is being asked.
    pub(crate) fn viewer_asks(&self, account: AccountId) -> WaitingViewer<'_> {
        *self.lock().viewers.entry(account).or_default() += 1;
        WaitingViewer { pauses: self, account }
    }

    /// Waits a moment while viewers use the same account, so that they get its allowance first.
    pub(crate) async fn after_viewers(&self, account: AccountId) {
        let all_answered = async {
            loop {
                let answered = self.viewer_answered.notified();
                if !self.lock().viewers.contains_key(&account) {
                    return;
                }
                answered.await;
            }
        };
        // A download that waited long enough runs beside them.
        let _ = tokio::time::timeout(VIEWERS_FIRST, all_answered).await;
    }

    /// How often in a row an account was throttled, if it is now. Downloads that ran side by side and were refused
    /// together count as one.
    pub(crate) fn throttled_in_row(&self, account: AccountId, now: Timestamp) -> u32 {
        match self.lock().throttled.get(&account) {
            Some(streak) if streak.pause.holds(now) => streak.times,
            Some(streak) => streak.times.saturating_add(1),
            None => 1,
        }
    }

    /// Pauses an account. Returns the end of the pause, which is never earlier than before.
    pub(crate) fn throttle(&self, account: AccountId, now: Timestamp, wait: Duration) -> Timestamp {
        let times = self.throttled_in_row(account, now);
        let mut state = self.lock();
        let running = state.throttled.get(&account).map(|streak| streak.pause);
        let running = running.filter(|pause| pause.holds(now)).map(|pause| pause.until);
        let until = running.map_or(now.plus(wait), |running| running.max(now.plus(wait)));
        state.throttled.insert(account, Streak { times, pause: Pause { since: now, until } });
        until
    }

    /// WhatsApp gave a file of the account.
    pub(crate) fn mark_account_ok(&self, account: AccountId) {
        self.lock().throttled.remove(&account);
    }

    pub(crate) fn storage_failed_in_row(&self, now: Timestamp) -> u32 {
        match self.lock().storage {
            Some(pause) if pause.holds(now) => pause.times,
            Some(pause) => pause.times.saturating_add(1),
            None => 1,
        }
    }

    /// Records a failure of storage. Returns until when all downloads wait.
    pub(crate) fn pause_storage(&self, code: ErrorCode, now: Timestamp, wait: Duration) -> Timestamp {
        let times = self.storage_failed_in_row(now);
        let mut state = self.lock();
        let running = state.storage.map(|storage| storage.pause).filter(|pause| pause.holds(now));
        let pause = running.unwrap_or(Pause { since: now, until: now.plus(wait) });
        state.storage = Some(StoragePause { times, pause, code });
        pause.until
    }

    pub(crate) fn storage_recovered(&self) {
        self.lock().storage = None;
    }

    /// Why and until when storage holds all downloads back. Stays until a file is stored again, so that readiness
    /// does not come and go with every try.
    pub(crate) fn storage_pause(&self) -> Option<StoragePause> {
        self.lock().storage
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

/// As long as WhatsApp says, else longer each time.
pub(crate) fn throttle_wait(rules: &RetryRules, told: Option<Duration>, times: u32, random: f64) -> Duration {
    told.unwrap_or_else(|| rules.throttled.wait_with_jitter(times, random))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: AccountId = AccountId(1);
    const WAIT: Duration = Duration::from_secs(5);

    #[test]
    fn concurrent_refusals_count_once() {
        let pauses = Pauses::default();
        let now = Timestamp(0);
        for _ in 0..4 {
            assert_eq!(pauses.throttled_in_row(ACCOUNT, now), 1);
            assert_eq!(pauses.throttle(ACCOUNT, now, WAIT), now.plus(WAIT));
        }
        let later = now.plus(WAIT);
        assert_eq!(pauses.throttled_in_row(ACCOUNT, later), 2);
        assert_eq!(pauses.throttled_in_row(AccountId(2), later), 1);
        pauses.throttle(ACCOUNT, later, WAIT);
        pauses.mark_account_ok(ACCOUNT);
        assert_eq!(pauses.throttled_in_row(ACCOUNT, later.plus(WAIT)), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn viewers_of_an_account_go_before_its_downloads_for_a_moment() {
        let pauses = Pauses::default();
        let began = tokio::time::Instant::now();
        pauses.after_viewers(ACCOUNT).await;
        let asking = pauses.viewer_asks(ACCOUNT);
        pauses.after_viewers(AccountId(2)).await;
        assert_eq!(began.elapsed(), Duration::ZERO, "nobody is in the way");
        let answered = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            drop(asking);
        };
        tokio::join!(pauses.after_viewers(ACCOUNT), answered);
        assert_eq!(began.elapsed(), Duration::from_millis(300));
        let _asking = pauses.viewer_asks(ACCOUNT);
        pauses.after_viewers(ACCOUNT).await;
        assert_eq!(began.elapsed(), Duration::from_millis(300) + VIEWERS_FIRST, "not for ever");
    }

    #[test]
    fn longer_pause_extends_a_shorter_one_never_the_reverse() {
        let pauses = Pauses::default();
        let long = pauses.throttle(ACCOUNT, Timestamp(0), 3 * WAIT);
        assert_eq!(pauses.throttle(ACCOUNT, Timestamp(0), WAIT), long);
        assert!(pauses.throttle(ACCOUNT, Timestamp(0), 4 * WAIT) > long);
    }

    #[test]
    fn pauses_of_a_clock_that_was_ahead_are_over_when_it_is_set_back() {
        let (pauses, ahead, right) = (Pauses::default(), Timestamp(1_000_000), Timestamp(0));
        pauses.throttle(ACCOUNT, ahead, WAIT);
        pauses.pause_storage(ErrorCode::StorageError, ahead, WAIT);
        assert!(pauses.storage_pause().unwrap().holds(ahead));
        assert!(!pauses.storage_pause().unwrap().held_within(WAIT, right));
        assert_eq!(pauses.pause_storage(ErrorCode::StorageError, right, WAIT), right.plus(WAIT));
        assert_eq!(pauses.throttle(ACCOUNT, right, WAIT), right.plus(WAIT));
    }

    #[test]
    fn storage_recovers_only_once_something_was_stored() {
        let pauses = Pauses::default();
        let until = pauses.pause_storage(ErrorCode::StorageFull, Timestamp(0), WAIT);
        assert_eq!(pauses.storage_failed_in_row(until), 2);
        assert_eq!(pauses.storage_pause().unwrap().code, ErrorCode::StorageFull);
        pauses.storage_recovered();
        assert!(pauses.storage_pause().is_none());
    }
}
