//! What is left to see when all is over, and the figures.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::Plan;
use super::cluster::Cluster;
use super::customer::Account;
use super::faults::Faults;
use crate::harness::{pause, working_under};

/// Waits until no task is open, holds the world against the store, and prints the figures.
pub(crate) fn weigh(cluster: &Cluster, plan: &Plan, accounts: &[Account], faults: &[Faults], time: Duration) {
    all_end(cluster);
    let complaints: Vec<_> = accounts.iter().flat_map(|account| &account.complaints).collect();
    let sum = |of: fn(&Account) -> usize| accounts.iter().map(of).sum::<usize>();
    let ended = cluster.rows("SELECT status, COUNT(*) FROM task GROUP BY status ORDER BY status", &[], |row| {
        (row.text(0).unwrap(), row.int(1).unwrap())
    });
    let all = cluster.number("SELECT COUNT(*) FROM task", &[]);
    let again = cluster.number("SELECT COUNT(*) FROM task WHERE epoch > 1", &[]);
    let owners = cluster.number("SELECT COUNT(DISTINCT owner) FROM task", &[]);
    let (starts, wanted) = starts(cluster);
    let purges = cluster.number("SELECT COUNT(*) FROM task WHERE kind = 'ClearInstance' AND status = 'succeed'", &[]);
    let total = |of: fn(&Faults) -> usize| faults.iter().map(of).sum::<usize>();
    println!(
        "{} nodes, {} instances, {all} tasks in {:.0} s: {ended:?}; {owners} nodes ran tasks\n\
         kill -9: {}; SIGSTOP: {}, of them {} longer than a lease\n\
         calls: {}, without an answer in time: {}\n\
         tasks that were claimed more than once: {again}\n\
         leases found to be over by their worker: {}, late writes refused: {}, late hands refused: {}\n\
         Redis servers started: {starts}, wanted: {wanted}; purges that ended: {purges}\n\
         purges after which old keys were looked for: {}, looks for newer keys: {}, complaints: {}",
        cluster.nodes.len(),
        plan.instances,
        time.as_secs_f64(),
        total(|faults| faults.kills),
        total(|faults| faults.freezes),
        total(|faults| faults.long),
        sum(|account| account.calls),
        sum(|account| account.silent),
        cluster.said("the lease is over"),
        cluster.said("a late write is refused"),
        cluster.said("a late hand is refused"),
        sum(|account| account.purges),
        sum(|account| account.markers),
        complaints.len(),
    );
    assert!(complaints.is_empty(), "{complaints:#?}");
    if *plan == super::FULL {
        assert!(again > 0 && cluster.said("a late hand is refused") > 0, "nothing was in danger");
    }
    assert_eq!(ended.len(), 1, "all succeed: {ended:?}");
    assert!(all >= i64::try_from(plan.tasks).unwrap(), "too few tasks: {all}");
    assert_eq!(starts, wanted, "a Redis server was started twice, or not at all");
    assert!(owners == i64::try_from(cluster.nodes.len()).unwrap(), "some nodes did nothing");
    only_what_is_wanted_runs(cluster);
}

/// Every task ends, whatever befell the nodes. A node that was frozen may still hold a request that its customer has given
/// up, whose task begins only now: so no task is to be open for some seconds on end.
fn all_end(cluster: &Cluster) {
    let mut quiet = 0;
    for _ in 0..4800 {
        let open = cluster.number("SELECT COUNT(*) FROM task WHERE status IN ('preparing', 'running')", &[]);
        quiet = if open == 0 { quiet + 1 } else { 0 };
        if quiet == 120 {
            return;
        }
        pause();
    }
    let open = cluster.rows(
        "SELECT id, kind, status, owner, message FROM task WHERE status IN ('preparing', 'running')",
        &[],
        |row| {
            (
                row.int(0).unwrap(),
                row.text(1).unwrap(),
                row.text(2).unwrap(),
                row.text(3).unwrap(),
                row.text(4).unwrap(),
            )
        },
    );
    panic!("these tasks do not end: {open:?}");
}

/// How often Redis servers came up, as they logged it themselves, and how often they should have: once for the creation
/// and once for each start after a stop. Of all instances that are there.
fn starts(cluster: &Cluster) -> (usize, usize) {
    let sql = "SELECT i.id, (SELECT COUNT(*) FROM node n WHERE n.instance_id = i.id),
                 (SELECT COUNT(*) FROM task t WHERE t.subject = i.id AND t.kind = 'StartupInstance' AND t.status = 'succeed')
               FROM instance i WHERE i.state IN ('running', 'isolated')";
    let rows = cluster
        .rows(sql, &[], |row| (row.text(0).unwrap(), row.small::<usize>(1).unwrap(), row.small::<usize>(2).unwrap()));
    let wanted = rows.iter().map(|(_, nodes, startups)| nodes * (1 + startups)).sum();
    let mut started = 0;
    for (id, nodes, startups) in &rows {
        let logs = folders(cluster.folder.data().join("instances").join(id)).into_iter();
        let each: BTreeMap<_, _> = logs
            .map(|node| {
                let log = fs::read_to_string(node.join("log")).unwrap_or_default();
                (node.file_name().unwrap().to_owned(), log.matches("Server initialized").count())
            })
            .collect();
        if each.len() != *nodes || each.values().any(|count| *count != 1 + startups) {
            println!("{id}: {nodes} nodes and {startups} starts after a stop, but {each:?}");
        }
        started += each.values().sum::<usize>();
    }
    (started, wanted)
}

fn folders(path: PathBuf) -> Vec<PathBuf> {
    fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// Every Redis process is one of a running instance, and each of those has one.
fn only_what_is_wanted_runs(cluster: &Cluster) {
    let root = fs::canonicalize(cluster.folder.data().join("instances")).unwrap();
    let sql = "SELECT n.instance_id, n.name FROM node n JOIN instance i ON i.id = n.instance_id
               WHERE i.state = 'running' ORDER BY 1, 2";
    let wanted = cluster.rows(sql, &[], |row| root.join(row.text(0).unwrap()).join(row.text(1).unwrap()));
    let mut running = Vec::new();
    for _ in 0..400 {
        running = working_under(&root)
            .into_iter()
            .filter_map(|pid| fs::read_link(format!("/proc/{pid}/cwd")).ok())
            .collect::<Vec<_>>();
        running.sort();
        if running == wanted {
            return;
        }
        pause();
    }
    panic!("running: {running:?}\nwanted: {wanted:?}");
}
