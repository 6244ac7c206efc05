//! A host that does not answer is left alone for a moment: whoever waits for it learns at once that it is away, instead
//! of waiting for one more connection that does not come.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use url::Url;

use crate::error::{Error, ErrorKind};

/// Unanswered requests in a row after which a host is left alone, and for how long. Then one request tries it again.
const UNANSWERED: u32 = 10;
const LEFT_ALONE_FOR: Duration = Duration::from_secs(2);
/// Hosts that are remembered; the allow-list hardly ever has more.
const HOSTS: usize = 64;

/// How the hosts answered lately.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<HashMap<String, Host>>);

#[derive(Debug, Default)]
struct Host {
    unanswered: u32,
    left_alone_until: Option<Instant>,
}

impl Breaker {
    /// Whether the URL's host may be asked now.
    pub(super) fn check(&self, url: &Url, now: Instant) -> Result<(), Error> {
        let mut hosts = self.lock();
        let Some(host) = hosts.get_mut(&name(url)) else { return Ok(()) };
        match host.left_alone_until {
            Some(until) if until > now => {
                let context = format!("whatsapp did not answer {} times in a row", host.unanswered);
                Err(Error::new(ErrorKind::Unavailable, context).with_retry_after(Some(until - now)))
            }
            Some(_) => {
                // This one tries; the others go on waiting for how it goes.
                host.left_alone_until = Some(now + LEFT_ALONE_FOR);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Notes how a request went. A refusal is an answer.
    pub(super) fn note<T>(&self, url: &Url, answer: &Result<T, Error>, now: Instant) {
        let unanswered = answer
            .as_ref()
            .is_err_and(|error| matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout));
        let mut hosts = self.lock();
        if !unanswered {
            hosts.remove(&name(url));
        } else if hosts.len() < HOSTS || hosts.contains_key(&name(url)) {
            let host = hosts.entry(name(url)).or_default();
            host.unanswered = host.unanswered.saturating_add(1);
            if host.unanswered >= UNANSWERED {
                host.left_alone_until = Some(now + LEFT_ALONE_FOR);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Host>> {
        self.0.lock()
    }
}

fn name(url: &Url) -> String {
    url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_host_is_left_alone_and_tried_by_one_at_a_time() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        let (silent, other): (Url, Url) =
            ("https://a.test/x".parse().unwrap(), "https://b.test/x".parse().unwrap());
        let unanswered = || Err::<(), _>(Error::new(ErrorKind::Timeout, "silence"));
        for _ in 0..UNANSWERED {
            assert!(breaker.check(&silent, now).is_ok());
            breaker.note(&silent, &unanswered(), now);
        }
        let refused = breaker.check(&silent, now).unwrap_err();
        assert_eq!((refused.kind(), refused.retry_after()), (ErrorKind::Unavailable, Some(LEFT_ALONE_FOR)));
        assert!(breaker.check(&other, now).is_ok(), "another host has nothing to do with it");
        let later = now + LEFT_ALONE_FOR;
        assert!(breaker.check(&silent, later).is_ok(), "one tries");
        assert!(breaker.check(&silent, later).is_err(), "the others wait for him");
        breaker.note(&silent, &Ok(()), later);
        assert!(breaker.check(&silent, later).is_ok() && breaker.check(&silent, later).is_ok());
    }

    #[test]
    fn a_refusal_is_an_answer() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        let url: Url = "https://a.test/x".parse().unwrap();
        for _ in 0..UNANSWERED * 2 {
            breaker.note(&url, &Err::<(), _>(Error::new(ErrorKind::StaleUrl, "HTTP 401")), now);
        }
        assert!(breaker.check(&url, now).is_ok());
    }
}
