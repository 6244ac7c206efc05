//! The connections that may be open at once: in all, from one address, and those reserved for what must get through.
//!
//! Why the counts are right, and webhooks get in:
//!
//! 1. A slot is taken and counted under one lock, for its kind in all and for its address, and returned under the same lock
//!    when it is dropped, for the kind and the address that it remembers. So no path, not even a panic of the
//!    connection's task, counts one twice or forgets one.
//! 2. The listener takes the slot before it spawns the connection, which owns it: one that never runs drops it.
//! 3. Whether a connection brings a webhook shows only when its head has come. So the reserved slots are given to
//!    whatever comes when the ordinary ones are taken, and a connection on one may send a head within a second, one
//!    request, and only for a webhook or a probe: a stranger holds a reserved slot for a second, or as long as a
//!    webhook's body may take.
//! 4. An address without connections leaves the table, so it is no longer than there are connections.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use crate::network::network;

/// Of all slots, one in so many is reserved for webhooks and probes.
const RESERVED: usize = 8;
/// Of either, one address may take one in so many; of the ordinary ones no fewer than a small office needs, where there are few.
const PER_ADDRESS: usize = 4;
const PER_ADDRESS_LEAST: usize = 64;

/// The slots of a listener. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionSlots(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    max: Counts,
    max_per_address: Counts,
    open: Mutex<OpenConnections>,
}

#[derive(Debug, Default)]
struct OpenConnections {
    all: Counts,
    by_address: HashMap<IpAddr, Counts>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    ordinary: usize,
    reserved: usize,
}

/// What a connection may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SlotKind {
    /// Anything.
    Ordinary,
    /// A webhook or a probe, when no other slot is left.
    Reserved,
}

/// A connection's slot. Dropping it returns it.
#[derive(Debug)]
pub(crate) struct ConnectionSlot {
    slots: ConnectionSlots,
    pub(crate) kind: SlotKind,
    /// The address that it counts for; none for a trusted proxy, which stands for many.
    address: Option<IpAddr>,
}

impl Counts {
    fn of(&mut self, kind: SlotKind) -> &mut usize {
        match kind {
            SlotKind::Ordinary => &mut self.ordinary,
            SlotKind::Reserved => &mut self.reserved,
        }
    }
}

impl ConnectionSlots {
    /// `max` slots, the reserved ones among them.
    pub(crate) fn new(max: usize) -> Self {
        let reserved = (max / RESERVED).max(1);
        let max = Counts { ordinary: max.saturating_sub(reserved).max(1), reserved };
        let max_per_address = Counts {
            ordinary: (max.ordinary / PER_ADDRESS).max(PER_ADDRESS_LEAST),
            reserved: (reserved / PER_ADDRESS).max(1),
        };
        Self(Arc::new(Inner { max, max_per_address, open: Mutex::default() }))
    }

    /// A slot for a connection from `peer`, which stands for many if it is a trusted proxy; the reserved ones last.
    pub(crate) fn take(&self, peer: IpAddr, is_proxy: bool) -> Option<ConnectionSlot> {
        let address = (!is_proxy).then(|| network(peer));
        let mut open = self.lock();
        let kind = [SlotKind::Ordinary, SlotKind::Reserved].into_iter().find(|kind| {
            let mut of_address =
                address.and_then(|address| open.by_address.get(&address).copied()).unwrap_or_default();
            let (mut max, mut max_per_address) = (self.0.max, self.0.max_per_address);
            let is_full = *open.all.of(*kind) >= *max.of(*kind);
            !is_full && (is_proxy || *of_address.of(*kind) < *max_per_address.of(*kind))
        })?;
        *open.all.of(kind) += 1;
        if let Some(address) = address {
            *open.by_address.entry(address).or_default().of(kind) += 1;
        }
        Some(ConnectionSlot { slots: self.clone(), kind, address })
    }

    fn lock(&self) -> MutexGuard<'_, OpenConnections> {
        self.0.open.lock()
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut open = self.slots.lock();
        *open.all.of(self.kind) -= 1;
        let Some(address) = self.address else { return };
        let Some(counts) = open.by_address.get_mut(&address) else { return };
        *counts.of(self.kind) -= 1;
        if *counts == Counts::default() {
            open.by_address.remove(&address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    fn all(slots: &ConnectionSlots, peer: IpAddr, is_proxy: bool) -> Vec<ConnectionSlot> {
        std::iter::from_fn(|| slots.take(peer, is_proxy)).collect()
    }

    fn count(slots: &[ConnectionSlot], kind: SlotKind) -> usize {
        slots.iter().filter(|slot| slot.kind == kind).count()
    }

    #[test]
    fn address_has_a_quarter_and_a_share_of_what_is_reserved() {
        let slots = ConnectionSlots::new(8192);
        let taken = all(&slots, address(1), false);
        assert_eq!((count(&taken, SlotKind::Ordinary), count(&taken, SlotKind::Reserved)), (1792, 256));
        assert_eq!(slots.take(address(2), false).unwrap().kind, SlotKind::Ordinary);
        drop(taken);
        assert_eq!(slots.take(address(1), false).unwrap().kind, SlotKind::Ordinary);
        assert!(slots.lock().by_address.is_empty());
        assert_eq!(slots.lock().all, Counts::default());
    }

    #[test]
    fn trusted_proxy_may_use_all_slots_and_webhooks_still_get_in() {
        let slots = ConnectionSlots::new(1024);
        let taken = all(&slots, address(1), true);
        assert_eq!((count(&taken, SlotKind::Ordinary), count(&taken, SlotKind::Reserved)), (896, 128));
        assert!(slots.take(address(2), false).is_none());
    }

    #[test]
    fn reserved_slots_are_free_when_strangers_have_filled_the_others() {
        let slots = ConnectionSlots::new(16);
        let strangers: Vec<_> = (0..14).filter_map(|number| slots.take(address(number), false)).collect();
        assert_eq!(count(&strangers, SlotKind::Ordinary), 14);
        let reserved: Vec<_> = (20..22).filter_map(|number| slots.take(address(number), false)).collect();
        assert_eq!(count(&reserved, SlotKind::Reserved), 2);
        assert!(slots.take(address(30), false).is_none());
        drop(strangers);
        assert_eq!(slots.take(address(30), false).unwrap().kind, SlotKind::Ordinary);
    }
}
