//! Whose map is made next: a few at a time, companies one after the other, and never all of them for one company.
//!
//! What a map costs is bounded (`mediary_derive::served`); who asks for how many is not. So however many files one company has
//! opened, another waits for one map of each company that was before it, and finds a place within that time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use mediary_core::CompanyId;
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// Maps in the making at once: each reads a part of a file, and holds its index a few times.
const AT_ONCE: usize = 4;
/// Of one company: others find a place at once.
const AT_ONCE_PER_COMPANY: usize = 2;
/// Maps that wait for a place, of one company.
const WAITING_PER_COMPANY: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Places(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// By company; none of them is zero.
    taken: HashMap<CompanyId, usize>,
    /// The company that waits longest comes first. None of them has no waiters.
    waiting: VecDeque<(CompanyId, VecDeque<oneshot::Sender<Place>>)>,
}

/// A place until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    /// Taken where nobody waits for this place any more.
    places: Option<Arc<Places>>,
    company: CompanyId,
}

impl Places {
    /// Waits for a place; `None` where too many of the company wait.
    pub(super) async fn take(self: &Arc<Self>, company: CompanyId) -> Option<Place> {
        let place = {
            let mut state = self.0.lock();
            // Who waits has come before. Then either nothing is free, or the company has all it may have.
            if state.has_room_for(company) {
                *state.taken.entry(company).or_default() += 1;
                return Some(Place { places: Some(self.clone()), company });
            }
            state.wait(company)?
        };
        place.await.ok()
    }
}

impl State {
    fn has_room_for(&self, company: CompanyId) -> bool {
        self.taken.values().sum::<usize>() < AT_ONCE
            && self.taken.get(&company).is_none_or(|taken| *taken < AT_ONCE_PER_COMPANY)
    }

    fn wait(&mut self, company: CompanyId) -> Option<oneshot::Receiver<Place>> {
        let (waiter, place) = oneshot::channel();
        match self.waiting.iter_mut().find(|(id, _)| *id == company) {
            Some((_, waiters)) if waiters.len() >= WAITING_PER_COMPANY => return None,
            Some((_, waiters)) => waiters.push_back(waiter),
            None => self.waiting.push_back((company, VecDeque::from([waiter]))),
        }
        Some(place)
    }

    fn give_back(&mut self, company: CompanyId) {
        if let Some(taken) = self.taken.get_mut(&company) {
            *taken -= 1;
            if *taken == 0 {
                self.taken.remove(&company);
            }
        }
    }

    /// The first waiter of the first company that may have a place, which is counted as its own; that company then stands
    /// behind the others.
    fn next(&mut self) -> Option<(CompanyId, oneshot::Sender<Place>)> {
        let first = self.waiting.iter().position(|(company, _)| self.has_room_for(*company))?;
        let (company, mut waiters) = self.waiting.remove(first)?;
        let waiter = waiters.pop_front()?;
        if !waiters.is_empty() {
            self.waiting.push_back((company, waiters));
        }
        *self.taken.entry(company).or_default() += 1;
        Some((company, waiter))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(places) = self.places.take() else { return };
        let mut given_back = self.company;
        loop {
            let next = {
                let mut state = places.0.lock();
                state.give_back(given_back);
                state.next()
            };
            let Some((company, waiter)) = next else { return };
            match waiter.send(Self { places: Some(places.clone()), company }) {
                Ok(()) => return,
                // Gone: its place is free again.
                Err(mut place) => place.places = None,
            }
            given_back = company;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinHandle;

    use super::*;

    /// Waits for a place in the background.
    async fn wait(places: &Arc<Places>, company: i64) -> JoinHandle<Option<Place>> {
        let waiting = || places.0.lock().waiting.iter().map(|(_, waiters)| waiters.len()).sum::<usize>();
        let before = waiting();
        let their = places.clone();
        let waiter = tokio::spawn(async move { their.take(CompanyId(company)).await });
        while waiting() == before {
            tokio::task::yield_now().await;
        }
        waiter
    }

    #[tokio::test]
    async fn company_that_waits_for_many_places_leaves_one_to_another() {
        let places = Arc::new(Places::default());
        let held = [places.take(CompanyId(1)).await, places.take(CompanyId(1)).await];
        assert!(held.iter().all(Option::is_some));
        let _waits = wait(&places, 1).await;
        assert!(places.take(CompanyId(2)).await.is_some(), "there is room for others");
    }

    #[tokio::test]
    async fn companies_take_turns() {
        let places = Arc::new(Places::default());
        let mut held = Vec::new();
        for company in [1, 1, 8, 9] {
            held.push(places.take(CompanyId(company)).await.unwrap());
        }
        let order = [1, 1, 2, 2, 3];
        let mut waiters = Vec::new();
        for company in order {
            waiters.push(wait(&places, company).await);
        }
        // The place of another company: the first who wait have all that they may have.
        drop(held.pop());
        let second = waiters.remove(2).await.unwrap().unwrap();
        drop(held.remove(0));
        let first = waiters.remove(0).await.unwrap().unwrap();
        drop(second);
        let third = waiters.pop().unwrap().await.unwrap().unwrap();
        drop((first, third, held));
        for waiter in waiters {
            assert!(waiter.await.unwrap().is_some());
        }
        assert!(places.0.lock().taken.is_empty());
    }

    #[tokio::test]
    async fn who_stopped_waiting_is_passed_over_and_so_many_may_wait() {
        let places = Arc::new(Places::default());
        let held = [places.take(CompanyId(1)).await, places.take(CompanyId(1)).await];
        for _ in 0..WAITING_PER_COMPANY {
            drop(places.0.lock().wait(CompanyId(1)).unwrap());
        }
        assert!(places.take(CompanyId(1)).await.is_none());
        drop(held);
        assert!(places.take(CompanyId(1)).await.is_some());
        assert!(places.0.lock().waiting.is_empty());
    }
}
