//! The requests of the API that may be worked on at once: in all, and from one address.

use std::collections::HashMap;
use std::net::IpAddr;

use mediary_core::limits::API_REQUESTS_IN_FLIGHT;
use parking_lot::{Mutex, MutexGuard};

use crate::network::network;

/// Of all, one address may have one in so many: a client that sends bodies slowly holds up its own requests alone.
const PER_ADDRESS: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct RequestSlots(Mutex<TakenSlots>);

#[derive(Debug, Default)]
struct TakenSlots {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A request's slot. Dropping it returns it.
#[derive(Debug)]
pub(crate) struct RequestSlot<'a> {
    slots: &'a RequestSlots,
    address: IpAddr,
}

impl RequestSlots {
    /// A slot for a request of this client, unless all are taken, or too many by the client's network.
    pub(crate) fn take(&self, client: IpAddr) -> Option<RequestSlot<'_>> {
        let address = network(client);
        let mut taken = self.lock();
        let of_address = taken.by_address.get(&address).copied().unwrap_or_default();
        if taken.all >= API_REQUESTS_IN_FLIGHT || of_address >= API_REQUESTS_IN_FLIGHT / PER_ADDRESS {
            return None;
        }
        taken.all += 1;
        taken.by_address.insert(address, of_address + 1);
        Some(RequestSlot { slots: self, address })
    }

    fn lock(&self) -> MutexGuard<'_, TakenSlots> {
        self.0.lock()
    }
}

impl Drop for RequestSlot<'_> {
    fn drop(&mut self) {
        let mut taken = self.slots.lock();
        taken.all -= 1;
        let Some(of_address) = taken.by_address.get_mut(&self.address) else { return };
        *of_address -= 1;
        if *of_address == 0 {
            taken.by_address.remove(&self.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_has_a_quarter_and_all_together_the_whole() {
        let slots = RequestSlots::default();
        let address = |number: u32| IpAddr::from(number.to_be_bytes());
        let all = |number| std::iter::from_fn(|| slots.take(address(number))).collect::<Vec<_>>();
        let first = all(1);
        assert_eq!(first.len(), API_REQUESTS_IN_FLIGHT / PER_ADDRESS);
        let others: Vec<_> = (2..=5).map(all).collect();
        assert_eq!(others.iter().map(Vec::len).sum::<usize>(), API_REQUESTS_IN_FLIGHT - first.len());
        drop(first);
        assert!(slots.take(address(9)).is_some());
        drop(others);
        assert!(slots.lock().by_address.is_empty() && slots.lock().all == 0);
    }
}
