//! The ports of this host: which to give to a new node.
//!
//! The store has the truth, since other processes of the host give out ports too: its unique index refuses a place that
//! another node has, and the creation chooses again. What is chosen and not written down yet is remembered here, so that
//! two creations of this process do not get in each other's way.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dataplane::DataPlane;

use crate::model::instance::Place;

/// The places that are being given out, and the settings by which others are.
pub struct Ports {
    /// Each with the instance that it was chosen for.
    chosen: Mutex<HashMap<Place, String>>,
    addresses: Vec<IpAddr>,
    range: (u16, u16),
}

impl Ports {
    /// `range` is that of ports that nobody asked for by number.
    #[must_use]
    pub fn new(addresses: Vec<IpAddr>, range: (u16, u16)) -> Self {
        Self { chosen: Mutex::default(), addresses, range }
    }

    /// Chooses `wanted` on the first address where it is free, else a port of the range. `None` when all are taken.
    /// `taken` are those that the store knows.
    pub async fn endpoint(
        &self,
        plane: &dyn DataPlane,
        taken: &HashSet<Place>,
        owner: &str,
        wanted: u16,
    ) -> Option<Place> {
        for address in &self.addresses {
            if let Some(place) = self.choose(plane, taken, owner, (*address, wanted)).await {
                return Some(place);
            }
        }
        self.any(plane, taken, owner, *self.addresses.first()?).await
    }

    /// Chooses any port of the range on `address`. `None` when all are taken.
    pub async fn any(
        &self,
        plane: &dyn DataPlane,
        taken: &HashSet<Place>,
        owner: &str,
        address: IpAddr,
    ) -> Option<Place> {
        for port in self.range.0..=self.range.1 {
            if let Some(place) = self.choose(plane, taken, owner, (address, port)).await {
                return Some(place);
            }
        }
        None
    }

    async fn choose(
        &self,
        plane: &dyn DataPlane,
        taken: &HashSet<Place>,
        owner: &str,
        (address, port): (IpAddr, u16),
    ) -> Option<Place> {
        let place = (address.to_string(), port);
        {
            let mut chosen = self.chosen();
            if taken.contains(&place) || chosen.contains_key(&place) {
                return None;
            }
            chosen.insert(place.clone(), owner.to_owned());
        }
        // Something that is not ours may listen there.
        if plane.port_is_free(address, port).await {
            return Some(place);
        }
        self.chosen().remove(&place);
        None
    }

    /// Where endpoints are, in the order in which they are tried.
    #[cfg(test)]
    pub(super) fn addresses(&self) -> Vec<IpAddr> {
        self.addresses.clone()
    }

    /// What was chosen for the owner is written down now, or not wanted.
    pub fn settled(&self, owner: &str) {
        self.chosen().retain(|_, other| other != owner);
    }

    /// Nothing is chosen for anybody.
    pub fn clear(&self) {
        self.chosen().clear();
    }

    /// How many places are chosen and not written down.
    #[must_use]
    pub fn unsettled(&self) -> usize {
        self.chosen().len()
    }

    fn chosen(&self) -> MutexGuard<'_, HashMap<Place, String>> {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use dataplane::fake::FakePlane;

    use super::*;

    fn ports() -> Ports {
        Ports::new(vec![[127, 0, 0, 1].into(), [127, 0, 0, 2].into()], (20_000, 20_001))
    }

    fn at(low: u8, port: u16) -> Place {
        (format!("127.0.0.{low}"), port)
    }

    #[tokio::test]
    async fn an_endpoint_has_its_port_on_the_first_free_address_else_one_of_the_range() {
        let (plane, ports, taken) = (FakePlane::new(), ports(), HashSet::from([at(1, 6379)]));
        plane.occupy([127, 0, 0, 1].into(), 20_000);
        assert_eq!(ports.endpoint(&plane, &taken, "crs-b", 6379).await, Some(at(2, 6379)));
        assert_eq!(ports.endpoint(&plane, &taken, "crs-c", 6379).await, Some(at(1, 20_001)));
        assert_eq!(ports.endpoint(&plane, &taken, "crs-d", 6379).await, None, "20000 is a stranger's");
        ports.settled("crs-c");
        assert_eq!(ports.endpoint(&plane, &taken, "crs-d", 6379).await, Some(at(1, 20_001)));
        assert_eq!(ports.unsettled(), 2);
    }

    #[tokio::test]
    async fn what_is_settled_is_the_stores_alone() {
        let (plane, ports, taken) = (FakePlane::new(), ports(), HashSet::new());
        ports.endpoint(&plane, &taken, "crs-a", 6379).await.unwrap();
        ports.any(&plane, &taken, "crs-a", [127, 0, 0, 1].into()).await.unwrap();
        ports.any(&plane, &taken, "crs-b", [127, 0, 0, 1].into()).await.unwrap();
        ports.settled("crs-a");
        assert_eq!(ports.unsettled(), 1);
        assert_eq!(ports.endpoint(&plane, &taken, "crs-c", 6379).await, Some(at(1, 6379)));
    }
}
