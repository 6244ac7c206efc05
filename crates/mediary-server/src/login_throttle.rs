//! Slows down guessing of passwords. Right log-ins are not counted.
//!
//! Beyond the first bound a wrong log-in has to wait; a right one still gets in, so nobody is locked out by somebody
//! who shares their address. Beyond the second no password is looked at, so guessing has an end. The second bound counts
//! an e-mail for each address by itself: a guesser elsewhere does not use up its owner's tries. The third counts an e-mail from everywhere:
//! many guessers at once do, and its owner waits until they are a minute old, for each password that is looked at takes a core's time.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use mediary_core::{Timestamp, limits};
use parking_lot::{Mutex, MutexGuard};

use crate::network::network;

const WINDOW: Duration = Duration::from_secs(60);
/// Times remembered at once by each count.
const TRIES_MAX: usize = 100_000;
/// How many are evicted together when there are more.
const TRIES_EVICTED: usize = TRIES_MAX / 10;

/// Wrong log-ins of the last minute, by e-mail and by address. Clones share one memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoginThrottle(Arc<Mutex<WrongLogins>>);

#[derive(Debug, Default)]
struct WrongLogins {
    by_email: Window<String>,
    by_address: Window<IpAddr>,
    by_both: Window<(String, IpAddr)>,
}

/// One log-in under way. It counts as wrong unless [`Attempt::forgive`] is called.
#[derive(Debug)]
pub(crate) struct Attempt {
    throttle: LoginThrottle,
    email: String,
    address: IpAddr,
    at: Timestamp,
    /// How long to wait if it is wrong.
    wait: Option<Duration>,
}

impl LoginThrottle {
    /// Begins a log-in at `at`, or says how long to wait until a password is looked at again. It is counted from here on, so
    /// that tries at once are not more than tries one by one.
    pub(crate) fn begin(&self, email: &str, address: IpAddr, at: Timestamp) -> Result<Attempt, Duration> {
        let (email, address) = (email.trim().to_lowercase(), network(address));
        let both = (email.clone(), address);
        let mut wrong = self.lock();
        let unchecked = [
            wrong.by_both.wait(&both, limits::UNCHECKED_LOGINS_PER_EMAIL_AND_ADDRESS, at),
            wrong.by_address.wait(&address, limits::UNCHECKED_LOGINS_PER_ADDRESS, at),
            wrong.by_email.wait(&email, limits::UNCHECKED_LOGINS_PER_EMAIL, at),
        ];
        if let Some(wait) = unchecked.into_iter().flatten().max() {
            return Err(wait);
        }
        let wait = wrong.by_email.wait(&email, limits::WRONG_LOGINS_PER_EMAIL, at);
        let wait = wait.max(wrong.by_address.wait(&address, limits::WRONG_LOGINS_PER_ADDRESS, at));
        wrong.by_email.add(email.clone(), at);
        wrong.by_address.add(address, at);
        wrong.by_both.add(both, at);
        Ok(Attempt { throttle: self.clone(), email, address, at, wait })
    }

    fn lock(&self) -> MutexGuard<'_, WrongLogins> {
        self.0.lock()
    }
}

impl Attempt {
    /// The password was right, or nobody could look at it: the attempt does not count.
    pub(crate) fn forgive(self) {
        let mut wrong = self.throttle.lock();
        wrong.by_email.remove(&self.email, self.at);
        wrong.by_address.remove(&self.address, self.at);
        wrong.by_both.remove(&(self.email, self.address), self.at);
    }

    /// The password was wrong: how long to wait, if there were too many before it.
    pub(crate) fn wrong(self) -> Option<Duration> {
        self.wait
    }
}

/// Times of the last minute by key.
#[derive(Debug)]
pub(crate) struct Window<K> {
    times: HashMap<K, VecDeque<Timestamp>>,
    tries: usize,
}

impl<K> Default for Window<K> {
    fn default() -> Self {
        Self { times: HashMap::new(), tries: 0 }
    }
}

impl<K: Eq + Hash + Clone> Window<K> {
    /// How long until the key has less than `max_attempts`; `None` if it has less.
    pub(crate) fn wait(&mut self, key: &K, max_attempts: u32, now: Timestamp) -> Option<Duration> {
        let times = self.times.get_mut(key)?;
        while times.front().is_some_and(|oldest| is_over(*oldest, now)) {
            times.pop_front();
            self.tries -= 1;
        }
        let max_attempts = usize::try_from(max_attempts).unwrap_or(usize::MAX);
        let last_in_the_way = times.len().checked_sub(max_attempts)?;
        Some(times.get(last_in_the_way)?.plus(WINDOW).since(now))
    }

    pub(crate) fn add(&mut self, key: K, now: Timestamp) {
        if self.tries >= TRIES_MAX {
            self.forget_some(now);
        }
        self.times.entry(key).or_default().push_back(now);
        self.tries += 1;
    }

    /// Evicts what is over, then the keys with the fewest tries, of these the oldest: one that guesses again and again stays.
    fn forget_some(&mut self, now: Timestamp) {
        self.times.retain(|_, times| times.back().is_some_and(|newest| !is_over(*newest, now)));
        let mut keys: Vec<_> =
            self.times.iter().map(|(key, times)| (times.len(), times.back().copied(), key.clone())).collect();
        keys.sort_by_key(|(tries, newest, _)| (*tries, *newest));
        self.tries = keys.iter().map(|(tries, ..)| tries).sum();
        for (tries, _, key) in keys {
            if self.tries <= TRIES_MAX - TRIES_EVICTED {
                break;
            }
            self.times.remove(&key);
            self.tries -= tries;
        }
    }

    fn remove(&mut self, key: &K, at: Timestamp) {
        let Some(times) = self.times.get_mut(key) else { return };
        if let Some(index) = times.iter().rposition(|time| *time == at) {
            times.remove(index);
            self.tries -= 1;
        }
        if times.is_empty() {
            self.times.remove(key);
        }
    }
}

fn is_over(at: Timestamp, now: Timestamp) -> bool {
    !at.is_younger_than(WINDOW, now)
}

#[cfg(test)]
mod tests {
    use mediary_testing::START;

    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn email_waits_at_its_eleventh_wrong_log_in_until_the_first_is_a_minute_old() {
        let throttle = LoginThrottle::default();
        let guess = |email: &str, second| throttle.begin(email, HOME, after(second)).unwrap().wrong();
        for second in 0..10 {
            assert_eq!(guess("Ana@acme.test", second), None);
        }
        assert_eq!(guess(" ana@ACME.test ", 10), Some(Duration::from_secs(50)));
        assert_eq!(guess("ben@acme.test", 10), None);
        assert_eq!(guess("ana@acme.test", 60), Some(Duration::from_secs(1)));
        assert_eq!(guess("ana@acme.test", 131), None);
    }

    #[test]
    fn right_log_ins_are_not_counted() {
        let throttle = LoginThrottle::default();
        for _ in 0..1000 {
            throttle.begin("ana@acme.test", HOME, START).unwrap().forgive();
        }
        let wrong = throttle.lock();
        assert_eq!((wrong.by_email.tries, wrong.by_address.tries, wrong.by_both.tries), (0, 0, 0));
        assert!(wrong.by_email.times.is_empty());
    }

    #[test]
    fn address_waits_after_fifty_wrong_log_ins_and_is_refused_after_a_hundred() {
        let throttle = LoginThrottle::default();
        let guess = |person: u32, address| {
            throttle.begin(&format!("{person}@acme.test"), address, START).map(Attempt::wrong)
        };
        for person in 0..limits::UNCHECKED_LOGINS_PER_ADDRESS {
            let waits = guess(person, HOME).unwrap().is_some();
            assert_eq!(waits, person >= limits::WRONG_LOGINS_PER_ADDRESS, "{person}");
        }
        assert_eq!(guess(1000, HOME), Err(WINDOW));
        assert_eq!(guess(1000, ELSEWHERE), Ok(None));
    }

    #[test]
    fn guesser_elsewhere_does_not_keep_a_person_out() {
        let throttle = LoginThrottle::default();
        let begin = |address| throttle.begin("ana@acme.test", address, START);
        for _ in 0..limits::UNCHECKED_LOGINS_PER_EMAIL_AND_ADDRESS {
            begin(ELSEWHERE).unwrap();
        }
        begin(ELSEWHERE).unwrap_err();
        // Checked, and refused with a wait only if it is wrong as well.
        assert!(begin(HOME).unwrap().wrong().is_some());
        begin(HOME).unwrap().forgive();
    }

    #[test]
    fn guesses_from_everywhere_have_an_end_for_one_email() {
        let throttle = LoginThrottle::default();
        let begin = |number: u32| throttle.begin("ana@acme.test", IpAddr::from(number.to_be_bytes()), START);
        for number in 0..limits::UNCHECKED_LOGINS_PER_EMAIL {
            begin(number).unwrap();
        }
        begin(u32::MAX).unwrap_err();
    }

    #[test]
    fn guesser_is_remembered_while_a_flood_of_others_is_evicted() {
        let mut window = Window::default();
        for _ in 0..50 {
            window.add(0, START);
        }
        for number in 1..=u32::try_from(2 * TRIES_MAX).unwrap() {
            window.add(number, after(1));
            assert!(window.tries <= TRIES_MAX);
        }
        assert!(window.wait(&0, 50, after(2)).is_some());
        assert_eq!(window.times.values().map(VecDeque::len).sum::<usize>(), window.tries);
        window.add(0, after(100));
        assert!(window.wait(&0, 2, after(100)).is_none());
    }
}
