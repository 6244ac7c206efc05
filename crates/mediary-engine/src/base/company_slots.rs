//! Slots for work that is bounded in a process: so many for all companies together, and fewer for each of them.
//!
//! Why no company holds up the others for longer than a few pieces of its work take: who waits for a slot of its own company has none
//! of the common ones, so at the common door no company has more waiting than it may have at once; and that door opens in order of
//! arrival.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mediary_core::CompanyId;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The slots of one kind of work.
pub(crate) struct CompanySlots {
    of_company: usize,
    all: Arc<Semaphore>,
    /// Of companies that hold a slot or wait for one.
    companies: Mutex<HashMap<CompanyId, Arc<Semaphore>>>,
}

/// A slot until it is dropped. What a company has goes back before it is forgotten, hence the order.
pub(crate) struct CompanySlot {
    _of_all: OwnedSemaphorePermit,
    _of_company: OwnedSemaphorePermit,
    _known: KnownCompany,
}

/// Keeps a company in the map.
struct KnownCompany {
    slots: Arc<CompanySlots>,
    company: CompanyId,
    semaphore: Arc<Semaphore>,
}

impl CompanySlots {
    pub(crate) fn new(of_company: usize, in_all: usize) -> Arc<Self> {
        Arc::new(Self { of_company, all: Arc::new(Semaphore::new(in_all)), companies: Mutex::default() })
    }

    /// A slot for a company, once there is one; `None` after that time. Who stops waiting leaves nothing.
    pub(crate) async fn take(self: &Arc<Self>, company: CompanyId, within: Duration) -> Option<CompanySlot> {
        let known = self.known(company);
        let both = async {
            let of_company = known.semaphore.clone().acquire_owned().await.ok()?;
            let of_all = self.all.clone().acquire_owned().await.ok()?;
            Some((of_company, of_all))
        };
        let (of_company, of_all) = tokio::time::timeout(within, both).await.ok()??;
        Some(CompanySlot { _of_all: of_all, _of_company: of_company, _known: known })
    }

    /// A slot for a company that is free now.
    pub(crate) fn try_take(self: &Arc<Self>, company: CompanyId) -> Option<CompanySlot> {
        let known = self.known(company);
        let of_company = known.semaphore.clone().try_acquire_owned().ok()?;
        let of_all = self.all.clone().try_acquire_owned().ok()?;
        Some(CompanySlot { _of_all: of_all, _of_company: of_company, _known: known })
    }

    fn known(self: &Arc<Self>, company: CompanyId) -> KnownCompany {
        let mut companies = self.companies.lock();
        let semaphore = companies.entry(company).or_insert_with(|| Arc::new(Semaphore::new(self.of_company)));
        KnownCompany { slots: self.clone(), company, semaphore: semaphore.clone() }
    }
}

impl Drop for KnownCompany {
    fn drop(&mut self) {
        let mut companies = self.slots.companies.lock();
        // The map's and this one. Others are made under the same lock, and permits have theirs.
        if Arc::strong_count(&self.semaphore) == 2 {
            companies.remove(&self.company);
        }
    }
}

impl fmt::Debug for CompanySlots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompanySlots").field("of_company", &self.of_company).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);
    const ACME: CompanyId = CompanyId(1);
    const OTHER: CompanyId = CompanyId(2);

    #[tokio::test(start_paused = true)]
    async fn company_has_its_slots_and_all_have_theirs_in_order_of_arrival() {
        let slots = CompanySlots::new(1, 2);
        let first = slots.try_take(ACME).unwrap();
        assert!(slots.try_take(ACME).is_none() && slots.take(ACME, PATIENCE).await.is_none());
        let second = slots.try_take(OTHER).unwrap();
        assert!(slots.try_take(CompanyId(3)).is_none(), "all are taken");
        let (next, ()) = tokio::join!(slots.take(ACME, PATIENCE), async { drop(first) });
        drop((next, second));
        assert!(slots.companies.lock().is_empty(), "nobody is remembered for nothing");
        assert_eq!(slots.all.available_permits(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_its_own_company_holds_up_no_other_and_leaves_nothing_behind() {
        let slots = CompanySlots::new(1, 2);
        let first = slots.try_take(ACME).unwrap();
        let waiting = tokio::spawn({
            let slots = slots.clone();
            async move { slots.take(ACME, PATIENCE).await.is_some() }
        });
        tokio::task::yield_now().await;
        assert!(slots.try_take(OTHER).is_some());
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        drop(first);
        assert!(slots.companies.lock().is_empty());
    }
}
