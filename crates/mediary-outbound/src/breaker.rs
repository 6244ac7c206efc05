//! A circuit breaker: a host that does not answer is left alone for a moment. Its callers learn at once that it is away,
//! instead of waiting for one more connection that does not come.
//!
//! Why a host is neither flooded nor left alone for good:
//! 1. Half-open is no state that somebody has to leave but a time, `open_until`. The first call after it moves it on, under
//!    the same lock by which it was read: so of all callers one probes the host, and the others are refused.
//! 2. A probe that is dropped without a note (its caller went away) needs no undoing: after [`OPEN_FOR`] the next
//!    call probes.
//! 3. A refused call is not noted, so refusals alone do not keep the breaker open.
//! 4. Calls overlap, and their notes come in any order. An answer closes the breaker whichever call it belongs to, for the
//!    host does answer; a failure that comes late counts as one, and opens nothing by itself after an answer.
//! 5. The lock is held to read and change the map and never across a wait for a host.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;
use url::Url;

use crate::error::{Error, ErrorKind};

/// Unanswered calls in a row after which a host is left alone, and for how long. Then one call probes it.
const UNANSWERED_MAX: u32 = 10;
const OPEN_FOR: Duration = Duration::from_secs(2);
/// Hosts that are remembered. A stranger can name many: the one that failed longest ago makes room.
const HOSTS_MAX: usize = 64;

/// The hosts that did not answer lately. Clones share what they know.
#[derive(Clone, Debug, Default)]
pub struct Breaker(Arc<Mutex<HashMap<String, Host>>>);

#[derive(Debug)]
struct Host {
    unanswered: u32,
    failed_at: Instant,
    open_until: Option<Instant>,
}

impl Breaker {
    /// Whether the URL's host may be called now.
    pub(crate) fn check(&self, url: &Url, now: Instant) -> Result<(), Error> {
        let mut hosts = self.lock();
        let Some(host) = hosts.get_mut(&name(url)) else { return Ok(()) };
        match host.open_until {
            Some(until) if until > now => {
                let context = format!("the host did not answer {} times in a row", host.unanswered);
                Err(Error::new(ErrorKind::Unreachable, context).with_retry_after(until - now))
            }
            Some(_) => {
                host.open_until = Some(now + OPEN_FOR);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Notes how a call ended. Every answer counts as one, a refusal too.
    pub(crate) fn note<T>(&self, url: &Url, answer: &Result<T, Error>, now: Instant) {
        let unanswered = answer
            .as_ref()
            .is_err_and(|error| matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Timeout));
        let (mut hosts, name) = (self.lock(), name(url));
        if !unanswered {
            hosts.remove(&name);
            return;
        }
        if hosts.len() >= HOSTS_MAX && !hosts.contains_key(&name) {
            let oldest = hosts.iter().min_by_key(|(_, host)| host.failed_at);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                hosts.remove(&oldest);
            }
        }
        let host = hosts.entry(name).or_insert(Host { unanswered: 0, failed_at: now, open_until: None });
        host.unanswered = host.unanswered.saturating_add(1);
        host.failed_at = now;
        if host.unanswered >= UNANSWERED_MAX {
            host.open_until = Some(now + OPEN_FOR);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Host>> {
        self.0.lock()
    }
}

/// Host and port.
fn name(url: &Url) -> String {
    url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(host: &str) -> Url {
        format!("https://{host}.test/x").parse().unwrap()
    }

    fn unanswered() -> Result<(), Error> {
        Err(Error::new(ErrorKind::Timeout, "silence"))
    }

    #[test]
    fn silent_host_is_left_alone_and_probed_by_one_call_at_a_time() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        let (silent, other) = (url("a"), url("b"));
        for _ in 0..UNANSWERED_MAX {
            assert!(breaker.check(&silent, now).is_ok());
            breaker.note(&silent, &unanswered(), now);
        }
        let refused = breaker.check(&silent, now).unwrap_err();
        assert_eq!((refused.kind(), refused.retry_after()), (ErrorKind::Unreachable, Some(OPEN_FOR)));
        assert!(breaker.check(&other, now).is_ok(), "another host has nothing to do with it");
        let later = now + OPEN_FOR;
        assert!(breaker.check(&silent, later).is_ok(), "one call probes");
        assert!(breaker.check(&silent, later).is_err(), "the others wait for its end");
        breaker.note(&silent, &Ok(()), later);
        assert!(breaker.check(&silent, later).is_ok() && breaker.check(&silent, later).is_ok());
    }

    #[test]
    fn probe_that_is_dropped_leaves_room_for_the_next() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..UNANSWERED_MAX {
            breaker.note(&url("a"), &unanswered(), now);
        }
        for probe in 1..4 {
            let later = now + OPEN_FOR * probe;
            assert!(breaker.check(&url("a"), later).is_ok(), "probe {probe}, whose end is not noted");
            assert!(breaker.check(&url("a"), later).is_err());
        }
    }

    #[test]
    fn refusal_is_an_answer() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..UNANSWERED_MAX * 2 {
            let refusal = Err::<(), _>(Error::new(ErrorKind::ForbiddenUrl, "a private address"));
            breaker.note(&url("a"), &refusal, now);
        }
        assert!(breaker.check(&url("a"), now).is_ok());
    }

    #[test]
    fn hosts_are_remembered_up_to_a_limit_and_the_latest_longest() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        let at = |seconds: usize| start + Duration::from_secs(seconds as u64);
        for host in 0..HOSTS_MAX {
            breaker.note(&url(&format!("h{host}")), &unanswered(), at(host));
        }
        breaker.note(&url("h0"), &unanswered(), at(HOSTS_MAX));
        assert_eq!(breaker.lock().len(), HOSTS_MAX);
        breaker.note(&url("new"), &unanswered(), at(HOSTS_MAX + 1));
        let hosts = breaker.lock();
        assert_eq!(hosts.len(), HOSTS_MAX);
        assert!(hosts.contains_key("new.test") && hosts.contains_key("h0.test"));
        assert!(!hosts.contains_key("h1.test"), "it failed longest ago");
    }
}
