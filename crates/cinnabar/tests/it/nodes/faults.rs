//! What befalls the nodes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::cluster::{Cluster, LEASE};

/// A small generator is enough: what matters is that the moments differ.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    pub(crate) fn millis(&mut self, limit: u64) -> Duration {
        Duration::from_millis(self.below(limit))
    }
}

/// What was done to the nodes.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) kills: usize,
    pub(crate) freezes: usize,
    /// Freezes that were longer than a lease.
    pub(crate) long: usize,
}

/// Kills and freezes one node after the other until it is over; at the end all are up and none is frozen.
pub(crate) fn torment(cluster: &Cluster, seed: u64, over: &AtomicBool) -> Faults {
    let (mut random, mut faults) = (Random(seed), Faults::default());
    while !over.load(Ordering::SeqCst) {
        thread::park_timeout(random.millis(1500));
        let number = usize::try_from(random.below(cluster.nodes.len() as u64)).unwrap();
        // Another tormentor may have it.
        let Ok(mut node) = cluster.nodes[number].try_lock() else { continue };
        if random.below(2) == 0 {
            node.kill();
            faults.kills += 1;
            thread::park_timeout(random.millis(2000));
            cluster.up(number, &mut node);
        } else {
            let time = random.millis(LEASE * 2000);
            node.signal(Signal::STOP);
            thread::park_timeout(time);
            node.signal(Signal::CONT);
            faults.freezes += 1;
            faults.long += usize::from(time > Duration::from_secs(LEASE));
        }
    }
    faults
}
