//! Whose password is looked at next: each address has one at a time, so that a flood from one delays nobody elsewhere.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use http::request::Parts;
use mediary_core::{ErrorCode, limits};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::App;
use crate::network::network;
use crate::problem::Problem;
use crate::request::Peer;

/// When to come back if an address has too many log-ins under way; each takes far less.
const COME_BACK_AFTER: Duration = Duration::from_secs(1);

/// The log-ins under way. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoginSlots(Arc<Mutex<RunningLogins>>);

#[derive(Debug, Default)]
struct RunningLogins {
    count: usize,
    by_address: HashMap<IpAddr, Line>,
}

#[derive(Debug)]
struct Line {
    count: usize,
    turn: Arc<Semaphore>,
}

/// A log-in's slot, from before its body is read. Dropping it returns it.
#[derive(Debug)]
pub(crate) struct LoginSlot {
    slots: LoginSlots,
    address: IpAddr,
    turn: Arc<Semaphore>,
}

impl LoginSlots {
    fn lock(&self) -> MutexGuard<'_, RunningLogins> {
        self.0.lock()
    }

    /// A slot for a log-in from `address`, unless too many are under way.
    pub(crate) fn slot(&self, address: IpAddr) -> Result<LoginSlot, Problem> {
        let address = network(address);
        let mut under_way = self.lock();
        if under_way
            .by_address
            .get(&address)
            .is_some_and(|line| line.count >= limits::LOGINS_IN_FLIGHT_PER_ADDRESS)
        {
            let detail = "too many log-ins from your address are under way; please try again in a second";
            return Err(Problem::new(ErrorCode::RateLimited)
                .detail(detail)
                .retry_after(Some(COME_BACK_AFTER)));
        }
        if under_way.count >= limits::LOGINS_IN_FLIGHT {
            return Err(Problem::busy());
        }
        under_way.count += 1;
        let line = under_way
            .by_address
            .entry(address)
            .or_insert_with(|| Line { count: 0, turn: Arc::new(Semaphore::new(1)) });
        line.count += 1;
        Ok(LoginSlot { slots: self.clone(), address, turn: line.turn.clone() })
    }
}

impl LoginSlot {
    /// Waits until no other log-in from this address has its password looked at.
    pub(crate) async fn turn(&self) -> OwnedSemaphorePermit {
        self.turn.clone().acquire_owned().await.expect("the semaphore is never closed")
    }
}

impl Drop for LoginSlot {
    fn drop(&mut self) {
        let mut under_way = self.slots.lock();
        under_way.count -= 1;
        let Some(line) = under_way.by_address.get_mut(&self.address) else { return };
        line.count -= 1;
        if line.count == 0 {
            under_way.by_address.remove(&self.address);
        }
    }
}

impl FromRequestParts<App> for LoginSlot {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(Peer(address)): Result<_, Infallible> = Peer::from_request_parts(parts, app).await;
        app.login_slots().slot(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[tokio::test]
    async fn log_ins_of_one_address_take_turns_and_others_need_not_wait() {
        let log_ins = LoginSlots::default();
        let (first, second, other) =
            (log_ins.slot(HOME).unwrap(), log_ins.slot(HOME).unwrap(), log_ins.slot(ELSEWHERE).unwrap());
        let turn = first.turn().await;
        let mut waiting = std::pin::pin!(second.turn());
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(other.turn().await);
        drop(turn);
        drop(waiting.await);
    }

    #[test]
    fn slots_are_bounded_for_an_address_and_in_all() {
        let log_ins = LoginSlots::default();
        let mut slots: Vec<_> = std::iter::from_fn(|| log_ins.slot(HOME).ok()).collect();
        assert_eq!(slots.len(), limits::LOGINS_IN_FLIGHT_PER_ADDRESS);
        assert_eq!(log_ins.slot(HOME).unwrap_err().code(), ErrorCode::RateLimited);
        let others = (0..1000_u32).map_while(|number| log_ins.slot(IpAddr::from(number.to_be_bytes())).ok());
        slots.extend(others);
        assert_eq!(slots.len(), limits::LOGINS_IN_FLIGHT);
        assert_eq!(log_ins.slot(ELSEWHERE).unwrap_err().code(), ErrorCode::StorageError);
        drop(slots);
        assert!(log_ins.lock().by_address.is_empty() && log_ins.lock().count == 0);
    }
}
