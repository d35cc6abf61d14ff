//! The ports of this machine: which are handed out, and to whom, so that no two instances ever get the same one.
//!
//! The store has the truth; this table is made from it at the start and kept in step by the tasks that reserve and
//! release. A place that was taken here and never written down is lost with a crash, which frees it; without a crash
//! its owner's next try or its undo frees it.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dataplane::DataPlane;
use db::Tx;

use super::world::World;
use crate::model::instance::Place;
use crate::store;

/// The places that are handed out, and the settings by which others are.
pub struct Ports {
    /// Each with the instance that has it.
    taken: Mutex<HashMap<Place, String>>,
    addresses: Vec<IpAddr>,
    range: (u16, u16),
}

impl Ports {
    /// Starts with the places that the store knows as taken, each with its instance. `range` is that of ports that
    /// nobody asked for by number.
    #[must_use]
    pub fn new(taken: Vec<(Place, String)>, addresses: Vec<IpAddr>, range: (u16, u16)) -> Self {
        Self { taken: Mutex::new(taken.into_iter().collect()), addresses, range }
    }

    /// Takes `wanted` on the first address where it is free, else a port of the range. `None` when all are taken.
    pub async fn take_endpoint(&self, plane: &dyn DataPlane, owner: &str, wanted: u16) -> Option<Place> {
        for address in &self.addresses {
            if let Some(place) = self.try_take(plane, owner, *address, wanted).await {
                return Some(place);
            }
        }
        self.take_any(plane, owner, *self.addresses.first()?).await
    }

    /// Takes any port of the range on `address`. `None` when all are taken.
    pub async fn take_any(&self, plane: &dyn DataPlane, owner: &str, address: IpAddr) -> Option<Place> {
        for port in self.range.0..=self.range.1 {
            if let Some(place) = self.try_take(plane, owner, address, port).await {
                return Some(place);
            }
        }
        None
    }

    async fn try_take(&self, plane: &dyn DataPlane, owner: &str, address: IpAddr, port: u16) -> Option<Place> {
        let place = (address.to_string(), port);
        {
            let mut taken = self.taken();
            if taken.contains_key(&place) {
                return None;
            }
            taken.insert(place.clone(), owner.to_owned());
        }
        // Something that is not ours may listen there.
        if plane.port_is_free(address, port).await {
            return Some(place);
        }
        self.taken().remove(&place);
        None
    }

    /// Where endpoints are, in the order in which they are tried.
    #[cfg(test)]
    pub(super) fn addresses(&self) -> Vec<IpAddr> {
        self.addresses.clone()
    }

    /// The owner has these places and no other.
    pub fn keep_only(&self, owner: &str, places: &[Place]) {
        self.taken().retain(|place, other| other != owner || places.contains(place));
    }

    /// Nobody has any place.
    pub fn clear(&self) {
        self.taken().clear();
    }

    /// All instances that have any.
    #[must_use]
    pub fn owners(&self) -> HashSet<String> {
        self.taken().values().cloned().collect()
    }

    /// Everything that is handed out.
    #[must_use]
    pub fn all(&self) -> Vec<Place> {
        self.taken().keys().cloned().collect()
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Place, String>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the ports of an instance back once the transaction is durable.
///
/// # Errors
/// The database's.
pub fn release(world: &Arc<World>, tx: &Tx<'_>, id: &str) -> Result<(), db::Error> {
    store::node::release_places(tx, id)?;
    let (world, id) = (Arc::clone(world), id.to_owned());
    tx.after_commit(move || world.ports.keep_only(&id, &[]));
    Ok(())
}

#[cfg(test)]
mod tests {
    use dataplane::fake::FakePlane;

    use super::*;

    fn ports(taken: Vec<(Place, String)>) -> Ports {
        Ports::new(taken, vec![[127, 0, 0, 1].into(), [127, 0, 0, 2].into()], (20_000, 20_001))
    }

    fn at(low: u8, port: u16) -> Place {
        (format!("127.0.0.{low}"), port)
    }

    #[tokio::test]
    async fn an_endpoint_has_its_port_on_the_first_free_address_else_one_of_the_range() {
        let (plane, ports) = (FakePlane::new(), ports(vec![(at(1, 6379), "crs-a".to_owned())]));
        plane.occupy([127, 0, 0, 1].into(), 20_000);
        assert_eq!(ports.take_endpoint(&plane, "crs-b", 6379).await, Some(at(2, 6379)));
        assert_eq!(ports.take_endpoint(&plane, "crs-c", 6379).await, Some(at(1, 20_001)));
        assert_eq!(ports.take_endpoint(&plane, "crs-d", 6379).await, None, "20000 is a stranger's");
        ports.keep_only("crs-c", &[]);
        assert_eq!(ports.take_endpoint(&plane, "crs-d", 6379).await, Some(at(1, 20_001)));
    }

    #[tokio::test]
    async fn what_was_never_written_down_is_given_up() {
        let (plane, ports) = (FakePlane::new(), ports(Vec::new()));
        let first = ports.take_endpoint(&plane, "crs-a", 6379).await.unwrap();
        ports.take_any(&plane, "crs-a", [127, 0, 0, 1].into()).await.unwrap();
        ports.take_any(&plane, "crs-b", [127, 0, 0, 1].into()).await.unwrap();
        ports.keep_only("crs-a", std::slice::from_ref(&first));
        let mut left = ports.all();
        left.sort();
        assert_eq!(left, [at(1, 6379), at(1, 20_001)]);
    }
}
