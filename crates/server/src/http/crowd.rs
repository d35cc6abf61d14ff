//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::proxies::Proxies;
use crate::auth::rate_limit::network;
use crate::config;
use crate::metrics::connections::Connections;

/// Who is connected.
pub struct Crowd {
    max: usize,
    per_address: usize,
    proxies: Proxies,
    counts: Arc<Connections>,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    all: usize,
    /// Only of addresses that are held to the limit.
    by_address: HashMap<IpAddr, usize>,
}

/// One connection's place, for as long as it lives.
pub struct Place {
    crowd: Arc<Crowd>,
    /// Under which it is counted.
    address: Option<IpAddr>,
}

impl Crowd {
    /// Nobody yet.
    #[must_use]
    pub fn new(settings: &config::Connections, proxies: Proxies, counts: Arc<Connections>) -> Self {
        Self { max: settings.max, per_address: settings.per_address, proxies, counts, inside: Mutex::default() }
    }

    /// A place for one more from `address`, if there is one. This machine's own clients and trusted proxies, behind which are
    /// many clients, are only held to the limit in all.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let counted = self.per_address > 0 && !address.is_loopback() && !self.proxies.trust(address);
        let counted = counted.then(|| network(address));
        let mut inside = self.lock();
        let here = counted.map_or(0, |address| inside.by_address.get(&address).copied().unwrap_or(0));
        if inside.all >= self.max || here > 0 && here >= self.per_address {
            self.counts.refused();
            return None;
        }
        inside.all += 1;
        if let Some(address) = counted {
            *inside.by_address.entry(address).or_default() += 1;
        }
        self.counts.opened();
        Some(Place { crowd: Arc::clone(self), address: counted })
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.crowd.lock();
        inside.all -= 1;
        self.crowd.counts.closed();
        let Some(address) = self.address else { return };
        if let Some(count) = inside.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                inside.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(max: usize, per_address: usize) -> Arc<Crowd> {
        let proxies = Proxies::new(vec!["10.9.0.0/16".parse().unwrap()]);
        Arc::new(Crowd::new(&config::Connections { max, per_address, idle: 1, body: 1 }, proxies, Arc::default()))
    }

    fn enter(crowd: &Arc<Crowd>, address: &str) -> Option<Place> {
        crowd.enter(address.parse().unwrap())
    }

    #[test]
    fn one_address_cannot_take_the_places_of_others() {
        let crowd = crowd(5, 2);
        let both = (enter(&crowd, "10.0.0.1").unwrap(), enter(&crowd, "::ffff:10.0.0.1").unwrap());
        assert!(enter(&crowd, "10.0.0.1").is_none());
        let other = enter(&crowd, "10.0.0.2").unwrap();
        drop(both.0);
        let again = enter(&crowd, "10.0.0.1").unwrap();
        drop((both.1, other, again));
        assert!(crowd.lock().by_address.is_empty() && crowd.lock().all == 0);
    }

    #[test]
    fn a_v6_network_counts_as_one_and_loopback_and_proxies_do_not_count() {
        let crowd = crowd(9, 1);
        let first = enter(&crowd, "2001:db8::1").unwrap();
        assert!(enter(&crowd, "2001:db8::2").is_none() && enter(&crowd, "2001:db8:0:1::2").is_some());
        let many: Vec<_> = ["127.0.0.1", "127.0.0.1", "10.9.1.1", "10.9.1.1", "::1", "::1", "127.0.0.1", "127.0.0.1"]
            .map(|address| enter(&crowd, address))
            .into();
        assert!(many.iter().all(Option::is_some));
        assert!(enter(&crowd, "127.0.0.1").is_none(), "the limit in all holds for everybody");
        drop((first, many));
        assert!(enter(&crowd, "127.0.0.1").is_some());
    }
}
