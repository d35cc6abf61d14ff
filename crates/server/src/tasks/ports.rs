//! The ports of this machine: which are handed out, so that two tasks at the same time never take the same one.
//!
//! The store has the truth; this set is made from it at the start and kept in step by the tasks that reserve and release.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dataplane::DataPlane;

/// An address and a port.
pub type Place = (String, u16);

/// The places that are handed out, and the settings by which others are.
pub struct Ports {
    taken: Mutex<HashSet<Place>>,
    addresses: Vec<IpAddr>,
    range: (u16, u16),
}

impl Ports {
    /// Starts with the places that the store knows as taken. `range` is that of ports that nobody asked for by number.
    #[must_use]
    pub fn new(taken: Vec<Place>, addresses: Vec<IpAddr>, range: (u16, u16)) -> Self {
        Self { taken: Mutex::new(taken.into_iter().collect()), addresses, range }
    }

    /// Takes `wanted` on the first address where it is free, else a port of the range. `None` when all are taken.
    pub async fn take_endpoint(&self, plane: &dyn DataPlane, wanted: u16) -> Option<Place> {
        for address in &self.addresses {
            if let Some(place) = self.try_take(plane, *address, wanted).await {
                return Some(place);
            }
        }
        self.take_any(plane, *self.addresses.first()?).await
    }

    /// Takes any port of the range on `address`. `None` when all are taken.
    pub async fn take_any(&self, plane: &dyn DataPlane, address: IpAddr) -> Option<Place> {
        for port in self.range.0..=self.range.1 {
            if let Some(place) = self.try_take(plane, address, port).await {
                return Some(place);
            }
        }
        None
    }

    async fn try_take(&self, plane: &dyn DataPlane, address: IpAddr, port: u16) -> Option<Place> {
        let place = (address.to_string(), port);
        if !self.taken().insert(place.clone()) {
            return None;
        }
        // Something that is not ours may listen there.
        if plane.port_is_free(address, port).await {
            return Some(place);
        }
        self.taken().remove(&place);
        None
    }

    /// Gives places back.
    pub fn release(&self, places: impl IntoIterator<Item = Place>) {
        let mut taken = self.taken();
        for place in places {
            taken.remove(&place);
        }
    }

    fn taken(&self) -> MutexGuard<'_, HashSet<Place>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
