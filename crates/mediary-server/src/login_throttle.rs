//! Slows down whoever guesses passwords. Right log-ins are not counted.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mediary_core::{Timestamp, limits};

const WINDOW: Duration = Duration::from_secs(60);
/// E-mails and addresses remembered at once. Beyond it the whole window is forgotten rather than memory filled: by then
/// the guesses come from more addresses than counting could stop.
const KEYS_MAX: usize = 100_000;

/// Wrong log-ins of the last minute, by e-mail and by address. Clones share one memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoginThrottle(Arc<Mutex<Wrong>>);

#[derive(Debug, Default)]
struct Wrong {
    by_email: Window<String>,
    by_address: Window<IpAddr>,
}

/// One log-in under way. It counts as wrong unless [`Attempt::forgive`] is called.
#[derive(Debug)]
pub(crate) struct Attempt {
    throttle: LoginThrottle,
    email: String,
    address: IpAddr,
    at: Timestamp,
}

impl LoginThrottle {
    /// Begins a log-in at `at`, or says how long to wait.
    pub(crate) fn begin(&self, email: &str, address: IpAddr, at: Timestamp) -> Result<Attempt, Duration> {
        let (email, address) = (email.trim().to_lowercase(), network(address));
        let mut wrong = self.lock();
        wrong.by_email.room(&email, limits::WRONG_LOGINS_PER_EMAIL, at)?;
        wrong.by_address.room(&address, limits::WRONG_LOGINS_PER_ADDRESS, at)?;
        wrong.by_email.add(email.clone(), at);
        wrong.by_address.add(address, at);
        Ok(Attempt { throttle: self.clone(), email, address, at })
    }

    fn lock(&self) -> MutexGuard<'_, Wrong> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// The password was right, or nobody could look at it: the attempt does not count.
    pub(crate) fn forgive(self) {
        let mut wrong = self.throttle.lock();
        wrong.by_email.remove(&self.email, self.at);
        wrong.by_address.remove(&self.address, self.at);
    }
}

/// Times of the last minute by key.
#[derive(Debug)]
struct Window<K>(HashMap<K, VecDeque<Timestamp>>);

impl<K> Default for Window<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Window<K> {
    fn room(&mut self, key: &K, most: u32, now: Timestamp) -> Result<(), Duration> {
        let Some(times) = self.0.get_mut(key) else { return Ok(()) };
        while times.front().is_some_and(|oldest| now.since(*oldest) >= WINDOW) {
            times.pop_front();
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        match times.front() {
            Some(oldest) if times.len() >= most => Err(oldest.plus(WINDOW).since(now)),
            _ => Ok(()),
        }
    }

    fn add(&mut self, key: K, now: Timestamp) {
        if self.0.len() >= KEYS_MAX {
            self.0.retain(|_, times| times.back().is_some_and(|newest| now.since(*newest) < WINDOW));
            if self.0.len() >= KEYS_MAX {
                self.0.clear();
            }
        }
        self.0.entry(key).or_default().push_back(now);
    }

    fn remove(&mut self, key: &K, at: Timestamp) {
        let Some(times) = self.0.get_mut(key) else { return };
        if let Some(index) = times.iter().rposition(|time| *time == at) {
            times.remove(index);
        }
        if times.is_empty() {
            self.0.remove(key);
        }
    }
}

/// Whoever has one IPv6 address has at least the 2^64 others of its network.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const START: Timestamp = Timestamp(1_700_000_000_000);

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn eleventh_wrong_one_of_an_email_waits_until_the_first_is_a_minute_old() {
        let throttle = LoginThrottle::default();
        for second in 0..10 {
            throttle.begin("Ana@acme.test", HOME, after(second)).unwrap();
        }
        let wait = throttle.begin(" ana@ACME.test ", HOME, after(10)).unwrap_err();
        assert_eq!(wait, Duration::from_secs(50));
        throttle.begin("ben@acme.test", HOME, after(10)).unwrap();
        throttle.begin("ana@acme.test", HOME, after(60)).unwrap();
        throttle.begin("ana@acme.test", HOME, after(60)).unwrap_err();
    }

    #[test]
    fn right_ones_are_not_counted() {
        let throttle = LoginThrottle::default();
        for _ in 0..100 {
            throttle.begin("ana@acme.test", HOME, START).unwrap().forgive();
        }
        assert!(throttle.lock().by_email.0.is_empty());
    }

    #[test]
    fn fifty_from_one_address_are_enough() {
        let throttle = LoginThrottle::default();
        for person in 0..50 {
            throttle.begin(&format!("{person}@acme.test"), HOME, START).unwrap();
        }
        throttle.begin("another@acme.test", HOME, START).unwrap_err();
        throttle.begin("another@acme.test", "192.0.2.2".parse().unwrap(), START).unwrap();
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let same = |a: &str, b: &str| network(a.parse().unwrap()) == network(b.parse().unwrap());
        assert!(same("2001:db8::1", "2001:db8::ffff"));
        assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
    }
}
