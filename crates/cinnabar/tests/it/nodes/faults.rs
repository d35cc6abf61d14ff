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
        let any = usize::try_from(random.below(cluster.nodes.len() as u64)).unwrap();
        // Every second time one in the middle of a task, if there is one soon.
        let number = if random.below(2) == 0 { at_work(cluster).unwrap_or(any) } else { any };
        // Another tormentor may have it.
        let Ok(mut node) = cluster.nodes[number].try_lock() else { continue };
        if random.below(2) == 0 {
            node.kill();
            faults.kills += 1;
            thread::park_timeout(random.millis(2000));
            cluster.up(number, &mut node);
        } else {
            let time = random.millis(LEASE * 1700);
            node.signal(Signal::STOP);
            thread::park_timeout(time);
            node.signal(Signal::CONT);
            faults.freezes += 1;
            faults.long += usize::from(time > Duration::from_secs(LEASE));
        }
    }
    faults
}

/// A node that has a task just now.
fn at_work(cluster: &Cluster) -> Option<usize> {
    let sql = "SELECT owner FROM task WHERE status = 'running' AND lease_until > 0 ORDER BY id DESC";
    for _ in 0..500 {
        let owners = cluster.rows(sql, &[], |row| row.text(0).unwrap());
        if let Some(number) = owners.iter().find_map(|owner| cluster.process_ids().iter().position(|id| id == owner)) {
            return Some(number);
        }
        thread::park_timeout(Duration::from_millis(1));
    }
    None
}
