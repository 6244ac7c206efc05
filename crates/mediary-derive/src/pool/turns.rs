//! Whose turn it is to look for room: one job at a time, companies one after the other, and the jobs of a company in order of arrival.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mediary_core::CompanyId;
use tokio::sync::oneshot;

use crate::{Error, ErrorKind, Result};

/// Jobs that wait for their turn. The program keeps to far fewer; this is what bounds the memory of the pool.
pub(super) const MAX_WAITING: usize = 1024;

/// Who has the turn, and who waits for it.
#[derive(Debug, Default)]
pub(super) struct Turns {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_taken: bool,
    /// The company that had the last turn, or has this one.
    last: Option<CompanyId>,
    /// The company that waits longest for a turn comes first. None of them has no waiters.
    companies: VecDeque<Company>,
    waiting: usize,
}

#[derive(Debug)]
struct Company {
    /// None is the program itself.
    id: Option<CompanyId>,
    waiters: VecDeque<oneshot::Sender<Turn>>,
}

/// The turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    /// Taken where nobody waits for this turn any more.
    turns: Option<Arc<Turns>>,
}

impl Turns {
    /// Waits for the turn. Who stops waiting loses the place.
    pub(super) async fn take(self: &Arc<Self>, company: Option<CompanyId>) -> Result<Turn> {
        let turn = {
            let mut state = self.state();
            if !state.is_taken {
                state.is_taken = true;
                state.last = company;
                return Ok(Turn { turns: Some(self.clone()) });
            }
            state.wait(company)?
        };
        turn.await.map_err(|_| Error::new(ErrorKind::Worker, "the pool is gone"))
    }

    /// Whether nobody has the turn, and so nobody waits for it.
    pub(super) fn is_free(&self) -> bool {
        !self.state().is_taken
    }

    /// How many jobs wait.
    pub(super) fn waiting(&self) -> usize {
        self.state().waiting
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wait(&mut self, company: Option<CompanyId>) -> Result<oneshot::Receiver<Turn>> {
        if self.waiting >= MAX_WAITING {
            self.forget_the_gone();
        }
        if self.waiting >= MAX_WAITING {
            return Err(Error::new(ErrorKind::Worker, "too many files wait for a worker"));
        }
        let (waiter, turn) = oneshot::channel();
        self.waiting += 1;
        match self.companies.iter_mut().find(|waiting| waiting.id == company) {
            Some(waiting) => waiting.waiters.push_back(waiter),
            None => self.companies.push_back(Company { id: company, waiters: VecDeque::from([waiter]) }),
        }
        Ok(turn)
    }

    fn forget_the_gone(&mut self) {
        for company in &mut self.companies {
            company.waiters.retain(|waiter| !waiter.is_closed());
        }
        self.companies.retain(|company| !company.waiters.is_empty());
        self.waiting = self.companies.iter().map(|company| company.waiters.len()).sum();
    }

    /// The first one of the company whose turn it is; that company then stands behind the others.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        // Who just had a turn may be the only one that waited at that time, and first again since.
        if self.companies.front().is_some_and(|first| first.id == self.last) {
            self.companies.rotate_left(1);
        }
        let mut company = self.companies.pop_front()?;
        let waiter = company.waiters.pop_front()?;
        self.waiting -= 1;
        self.last = company.id;
        if !company.waiters.is_empty() {
            self.companies.push_back(company);
        }
        Some(waiter)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(turns) = self.turns.take() else { return };
        loop {
            let next = {
                let mut state = turns.state();
                let next = state.next();
                state.is_taken = next.is_some();
                next
            };
            let Some(waiter) = next else { return };
            match waiter.send(Self { turns: Some(turns.clone()) }) {
                Ok(()) => return,
                // Gone: this is not a turn that ends.
                Err(mut turn) => turn.turns = None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: Option<CompanyId> = Some(CompanyId(1));

    /// Takes the turn and lets so many of each company wait, in this order; then who has the turn when.
    async fn order(first: Option<CompanyId>, waiting: &[(i64, usize)]) -> Vec<Option<i64>> {
        let turns = Arc::new(Turns::default());
        let held = turns.take(first).await.unwrap();
        let had = Arc::new(Mutex::new(Vec::new()));
        let mut waiters = Vec::new();
        for (company, count) in waiting {
            for _ in 0..*count {
                let before = turns.waiting();
                let (turns, had, company) = (turns.clone(), had.clone(), Some(CompanyId(*company)));
                let turns_too = turns.clone();
                waiters.push(tokio::spawn(async move {
                    let _turn = turns.take(company).await.unwrap();
                    had.lock().unwrap().push(company.map(|id| id.0));
                }));
                while turns_too.waiting() == before {
                    tokio::task::yield_now().await;
                }
            }
        }
        drop(held);
        for waiter in waiters {
            waiter.await.unwrap();
        }
        assert_eq!(turns.waiting(), 0);
        assert!(!turns.state().is_taken, "nobody has it when all had it");
        let had = had.lock().unwrap();
        had.clone()
    }

    #[tokio::test]
    async fn first_job_of_a_company_does_not_wait_for_all_of_another() {
        let had = order(BUSY, &[(1, 200), (2, 1)]).await;
        assert_eq!(had.iter().position(|company| *company == Some(2)), Some(0), "one had its turn before");
        let had = order(Some(CompanyId(9)), &[(1, 200), (2, 1)]).await;
        assert_eq!(had.iter().position(|company| *company == Some(2)), Some(1));
    }

    #[tokio::test]
    async fn companies_take_turns() {
        let had = order(Some(CompanyId(9)), &[(1, 4), (2, 2), (3, 1)]).await;
        assert_eq!(had, [1, 2, 3, 1, 2, 1, 1].map(Some));
    }

    #[tokio::test]
    async fn who_stopped_waiting_is_passed_over() {
        let turns = Arc::new(Turns::default());
        let held = turns.take(BUSY).await.unwrap();
        for company in 2..200 {
            let gone = turns.state().wait(Some(CompanyId(company))).unwrap();
            drop(gone);
        }
        drop(held);
        assert_eq!(turns.waiting(), 0);
        drop(turns.take(BUSY).await.unwrap());
    }

    #[tokio::test]
    async fn turn_that_arrives_too_late_is_passed_on() {
        let turns = Arc::new(Turns::default());
        let held = turns.take(BUSY).await.unwrap();
        let gone = turns.state().wait(Some(CompanyId(2))).unwrap();
        let mut next = turns.state().wait(Some(CompanyId(3))).unwrap();
        drop(held);
        assert!(next.try_recv().is_err());
        drop(gone);
        assert!(next.try_recv().is_ok());
    }

    #[tokio::test]
    async fn so_many_may_wait_and_no_more() {
        let turns = Arc::new(Turns::default());
        let _held = turns.take(BUSY).await.unwrap();
        let waiting: Vec<_> = (0..MAX_WAITING).map(|_| turns.state().wait(BUSY).unwrap()).collect();
        let error = turns.take(Some(CompanyId(2))).await.unwrap_err();
        assert_eq!((error.kind(), error.sentence()), (ErrorKind::Worker, "too many files wait for a worker"));
        drop(waiting);
        assert!(turns.state().wait(BUSY).is_ok(), "those who left take no room");
    }
}
