//! Three `cinnabar serve` on one PostgreSQL, killed with -9 and frozen with SIGSTOP at random, while customers go on buying,
//! purging, stopping and starting: every task ends, no effect happens twice, and whoever wakes up late does nothing.
//!
//! A short version is part of every run of the tests; `CINNABAR_NODES=full` makes it 500 tasks on 100 instances for three
//! minutes. What happened is counted without a look at the step log: by keys that must or must not be there, by what each
//! Redis server wrote into its own log, and by the processes that are there.

mod cluster;
mod customer;
mod evidence;
mod faults;
mod hosts;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cluster::Cluster;
use customer::Customer;

/// How much of it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Plan {
    instances: usize,
    tasks: usize,
    chaos: Duration,
    customers: usize,
}

const SHORT: Plan = Plan { instances: 4, tasks: 24, chaos: Duration::from_secs(10), customers: 4 };
const FULL: Plan = Plan { instances: 100, tasks: 500, chaos: Duration::from_secs(180), customers: 20 };

#[test]
fn killed_and_frozen_nodes_lose_nothing_and_do_nothing_twice() {
    let full = std::env::var("CINNABAR_NODES").is_ok_and(|plan| plan == "full");
    let plan = if full { FULL } else { SHORT };
    let Some(cluster) = Cluster::start(3) else { return };
    let begun = Instant::now();
    let ids = cluster.create(plan.instances);
    let (over, done) = (AtomicBool::new(false), AtomicUsize::new(ids.len()));
    let (accounts, faults) = thread::scope(|scope| {
        let (cluster, over) = (&cluster, &over);
        let tormentors: Vec<_> =
            (0..2).map(|seed| scope.spawn(move || faults::torment(cluster, seed_of(seed), over))).collect();
        let shares = ids.chunks(ids.len().div_ceil(plan.customers));
        let share_of_tasks = (plan.tasks - plan.instances).div_ceil(plan.customers);
        let pause = plan.chaos / u32::try_from(share_of_tasks + 1).unwrap();
        let customers: Vec<_> = shares
            .enumerate()
            .map(|(number, ids)| {
                let done = &done;
                scope.spawn(move || {
                    let mut customer = Customer::new(cluster, ids, seed_of(100 + number));
                    while begun.elapsed() < plan.chaos || done.load(Ordering::SeqCst) < plan.tasks {
                        done.fetch_add(customer.act(), Ordering::SeqCst);
                        thread::park_timeout(pause / 2);
                    }
                    customer.give_account()
                })
            })
            .collect();
        let accounts: Vec<_> = customers.into_iter().map(|customer| customer.join().unwrap()).collect();
        over.store(true, Ordering::SeqCst);
        let faults: Vec<_> = tormentors.into_iter().map(|tormentor| tormentor.join().unwrap()).collect();
        (accounts, faults)
    });
    evidence::weigh(&cluster, &plan, &accounts, &faults, begun.elapsed());
}

fn seed_of(number: usize) -> u64 {
    u64::from(std::process::id()) << 8 | number as u64
}
