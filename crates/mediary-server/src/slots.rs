//! Slots for what is worked on at once: so many in all, and fewer for each of those who ask, so that none of them takes every slot.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

/// The slots of one kind of work.
#[derive(Debug)]
pub(crate) struct Slots<K: Eq + Hash> {
    in_all: usize,
    of_each: usize,
    taken: Mutex<TakenSlots<K>>,
}

#[derive(Debug)]
struct TakenSlots<K> {
    all: usize,
    by_key: HashMap<K, usize>,
}

/// A slot. Dropping it returns it.
#[derive(Debug)]
pub(crate) struct Slot<K: Eq + Hash> {
    slots: Arc<Slots<K>>,
    key: K,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoSlot {
    /// The caller has as many as one may have.
    OfTheirs,
    /// All are taken.
    AtAll,
}

impl<K: Clone + Eq + Hash> Slots<K> {
    pub(crate) fn new(of_each: usize, in_all: usize) -> Arc<Self> {
        let taken = Mutex::new(TakenSlots { all: 0, by_key: HashMap::new() });
        Arc::new(Self { in_all, of_each, taken })
    }

    /// A slot that is free now.
    pub(crate) fn take(self: &Arc<Self>, key: K) -> Result<Slot<K>, NoSlot> {
        let mut taken = self.lock();
        let theirs = taken.by_key.get(&key).copied().unwrap_or_default();
        if theirs >= self.of_each {
            return Err(NoSlot::OfTheirs);
        }
        if taken.all >= self.in_all {
            return Err(NoSlot::AtAll);
        }
        taken.all += 1;
        taken.by_key.insert(key.clone(), theirs + 1);
        drop(taken);
        Ok(Slot { slots: self.clone(), key })
    }
}

impl<K: Eq + Hash> Slots<K> {
    fn lock(&self) -> MutexGuard<'_, TakenSlots<K>> {
        self.taken.lock()
    }
}

impl<K: Eq + Hash> Drop for Slot<K> {
    fn drop(&mut self) {
        let mut taken = self.slots.lock();
        taken.all -= 1;
        let Some(theirs) = taken.by_key.get_mut(&self.key) else { return };
        *theirs -= 1;
        if *theirs == 0 {
            taken.by_key.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_share_and_all_together_the_whole() {
        let slots = Slots::new(3, 10);
        let all = |key| std::iter::from_fn(|| slots.take(key).ok()).collect::<Vec<_>>();
        let first = all(1);
        assert_eq!((first.len(), slots.take(1).unwrap_err()), (3, NoSlot::OfTheirs));
        let others: Vec<_> = (2..=5).map(all).collect();
        assert_eq!(others.iter().map(Vec::len).sum::<usize>(), 7);
        assert_eq!(slots.take(9).unwrap_err(), NoSlot::AtAll);
        drop(first);
        assert!(slots.take(9).is_ok());
        drop(others);
        assert!(slots.lock().by_key.is_empty() && slots.lock().all == 0);
    }
}
