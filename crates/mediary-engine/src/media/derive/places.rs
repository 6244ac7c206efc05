//! How many derivations viewers may have begun at once: as many for one company as there are workers, and a few times as many for all.
//! Whose file a worker reads next is up to the pool, which serves companies in turn; each that waits there holds a lease and an open
//! file.

use std::collections::HashMap;
use std::sync::Arc;

use mediary_core::CompanyId;
use parking_lot::Mutex;

/// Places for all companies together, for each worker.
const PLACES_PER_WORKER: usize = 4;

#[derive(Debug)]
pub(super) struct Places {
    max: usize,
    max_of_company: usize,
    taken: Mutex<HashMap<CompanyId, usize>>,
}

/// A place until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    company: CompanyId,
}

impl Places {
    pub(super) fn of(workers: usize) -> Self {
        Self { max: workers * PLACES_PER_WORKER, max_of_company: workers, taken: Mutex::default() }
    }

    /// A place for a company; `None` while all that it may have are taken.
    pub(super) fn take(self: &Arc<Self>, company: CompanyId) -> Option<Place> {
        let mut taken = self.taken.lock();
        if taken.values().sum::<usize>() >= self.max {
            return None;
        }
        let of_company = taken.entry(company).or_default();
        if *of_company >= self.max_of_company {
            return None;
        }
        *of_company += 1;
        Some(Place { places: self.clone(), company })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock();
        if let Some(of_company) = taken.get_mut(&self.company) {
            *of_company -= 1;
            if *of_company == 0 {
                taken.remove(&self.company);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn company_leaves_places_to_others_and_gets_its_own_back() {
        let places = Arc::new(Places::of(2));
        let all_of = |company| std::iter::from_fn(|| places.take(CompanyId(company))).collect::<Vec<_>>();
        let mut held: Vec<Vec<Place>> = (1..=4).map(all_of).collect();
        assert!(held.iter().all(|of_company| of_company.len() == 2), "{held:?}");
        assert!(places.take(CompanyId(5)).is_none(), "all are taken");
        held[0].pop();
        assert!(places.take(CompanyId(5)).is_some() && places.take(CompanyId(1)).is_some());
        drop(held);
        assert!(places.taken.lock().is_empty());
    }

    #[test]
    fn one_worker_has_a_place_and_none_has_none() {
        assert!(Arc::new(Places::of(1)).take(CompanyId(1)).is_some());
        assert!(Arc::new(Places::of(0)).take(CompanyId(1)).is_none());
    }
}
