//! The connections that may be open at once: in all, from one address, and those kept for what must get through.
//!
//! Why the counts are right, and webhooks get in:
//!
//! 1. A slot is taken and counted under one lock, for its kind in all and for its address, and given back under the same lock
//!    when it is dropped, for the kind and the address that it remembers. So no path, not even a panic of the
//!    connection's task, counts one twice or forgets one.
//! 2. The listener takes the slot before it spawns the connection, which owns it: one that never runs drops it.
//! 3. Whether a connection brings a webhook shows only when its head has come. So the reserved slots are given to
//!    whoever comes when the ordinary ones are taken, and a connection on one may send a head within a second, one
//!    request, and only for a webhook or a probe: a stranger holds a reserved slot for a second, or as long as a
//!    webhook's body may take.
//! 4. An address without connections leaves the table, so it is no longer than there are connections.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::network::network;

/// Of all places, one in so many is kept for webhooks and probes.
const KEPT: usize = 8;
/// Of either, one address may take one in so many; of the ordinary ones no fewer than a small office needs, where there are few.
const PER_ADDRESS: usize = 4;
const PER_ADDRESS_LEAST: usize = 64;

/// The places for connections. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    max: Counts,
    max_per_address: Counts,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: Counts,
    by_address: HashMap<IpAddr, Counts>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    ordinary: usize,
    kept: usize,
}

/// What a connection may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaceKind {
    /// Anything.
    Ordinary,
    /// A webhook or a probe: there is no other place left.
    Kept,
}

/// A connection's place. Dropping it gives the place back.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    pub(crate) kind: PlaceKind,
    /// The address that it counts for; none for a trusted proxy, which stands for many.
    address: Option<IpAddr>,
}

impl Counts {
    fn of(&mut self, kind: PlaceKind) -> &mut usize {
        match kind {
            PlaceKind::Ordinary => &mut self.ordinary,
            PlaceKind::Kept => &mut self.kept,
        }
    }
}

impl Places {
    /// `max` places, the kept ones among them.
    pub(crate) fn new(max: usize) -> Self {
        let kept = (max / KEPT).max(1);
        let max = Counts { ordinary: max.saturating_sub(kept).max(1), kept };
        let max_per_address = Counts {
            ordinary: (max.ordinary / PER_ADDRESS).max(PER_ADDRESS_LEAST),
            kept: (kept / PER_ADDRESS).max(1),
        };
        Self(Arc::new(Inner { max, max_per_address, open: Mutex::default() }))
    }

    /// A place for a connection from `peer`, which stands for many if it is a trusted proxy; the kept ones last.
    pub(crate) fn take(&self, peer: IpAddr, is_proxy: bool) -> Option<Place> {
        let address = (!is_proxy).then(|| network(peer));
        let mut open = self.lock();
        let kind = [PlaceKind::Ordinary, PlaceKind::Kept].into_iter().find(|kind| {
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
        Some(Place { places: self.clone(), kind, address })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.places.lock();
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

    fn all(places: &Places, peer: IpAddr, is_proxy: bool) -> Vec<Place> {
        std::iter::from_fn(|| places.take(peer, is_proxy)).collect()
    }

    fn count(places: &[Place], kind: PlaceKind) -> usize {
        places.iter().filter(|place| place.kind == kind).count()
    }

    #[test]
    fn one_address_has_a_quarter_and_a_share_of_what_is_kept() {
        let places = Places::new(8192);
        let taken = all(&places, address(1), false);
        assert_eq!((count(&taken, PlaceKind::Ordinary), count(&taken, PlaceKind::Kept)), (1792, 256));
        assert_eq!(places.take(address(2), false).unwrap().kind, PlaceKind::Ordinary);
        drop(taken);
        assert_eq!(places.take(address(1), false).unwrap().kind, PlaceKind::Ordinary);
        assert!(places.lock().by_address.is_empty());
        assert_eq!(places.lock().all, Counts::default());
    }

    #[test]
    fn trusted_proxy_has_them_all_and_webhooks_still_get_in() {
        let places = Places::new(1024);
        let taken = all(&places, address(1), true);
        assert_eq!((count(&taken, PlaceKind::Ordinary), count(&taken, PlaceKind::Kept)), (896, 128));
        assert!(places.take(address(2), false).is_none());
    }

    #[test]
    fn kept_places_are_there_when_strangers_have_filled_the_others() {
        let places = Places::new(16);
        let strangers: Vec<_> = (0..14).filter_map(|number| places.take(address(number), false)).collect();
        assert_eq!(count(&strangers, PlaceKind::Ordinary), 14);
        let kept: Vec<_> = (20..22).filter_map(|number| places.take(address(number), false)).collect();
        assert_eq!(count(&kept, PlaceKind::Kept), 2);
        assert!(places.take(address(30), false).is_none());
        drop(strangers);
        assert_eq!(places.take(address(30), false).unwrap().kind, PlaceKind::Ordinary);
    }
}
