//! The same tasks on a PostgreSQL that one node uses, or three, against PostgreSQL's own fsynced commits a second.
//!
//! The nodes work on one core, PostgreSQL on the other. Writers of all nodes take turns, so three nodes are there for what happens
//! when one of them dies, not for more writes.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::Bench;
use super::trivial::{MIGRATIONS, SUBMITTERS, tasks};
use crate::cluster::Cluster;
use crate::cores;
use crate::error::Error;
use crate::output::{self, Row};
use crate::stats::median;

const INSERT: &str = "INSERT INTO row (value) VALUES (1);\n";

/// One node, three nodes, one client of pgbench, 64 clients of it, in turns.
pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    let Some(cluster) = Cluster::start(&bench.scratch)? else {
        output::progress("PostgreSQL is not installed: not measured");
        return Ok(Vec::new());
    };
    let time = Duration::from_millis(bench.plan.pick(3000, 1000));
    let rounds = bench.plan.pick(5, 3);
    cores::on(cores::SERVER, || {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Error::io("the runtime"))?;
        let mut figures = Vec::new();
        for round in 0..rounds {
            figures.push(self::round(&runtime, &cluster, time)?);
            output::progress(&format!("tasks on 1 and 3 nodes, pgbench with 1 and 64: {:.0?}/s", figures[round]));
        }
        Ok(rows(&figures))
    })?
}

fn round(runtime: &Runtime, cluster: &Cluster, time: Duration) -> Result<[f64; 4], Error> {
    let nodes = (0..3).map(|_| cluster.connect(MIGRATIONS)).collect::<Result<Vec<_>, _>>()?;
    let one = runtime.block_on(tasks(&nodes[..1], time))?;
    let three = runtime.block_on(tasks(&nodes, time))?;
    drop(nodes);
    Ok([one, three, cluster.pgbench(INSERT, 1, time)?, cluster.pgbench(INSERT, SUBMITTERS, time)?])
}

fn rows(figures: &[[f64; 4]]) -> Vec<Row> {
    let of = |index: usize| median(figures.iter().map(|figure| figure[index]));
    let ratio = |index: usize, base: usize| median(figures.iter().map(|figure| figure[index] / figure[base]));
    let row = |what: String, index: usize, base: usize| {
        Row::alone(what, format!("{:.0}/s", of(index))).baseline(format!("{:.0}/s", of(base)), ratio(index, base))
    };
    let what = format!("durable one-step tasks, PostgreSQL, one node, {SUBMITTERS} submitters");
    vec![
        row(format!("{what}; pgbench, one client's fsynced commits"), 0, 2),
        row(format!("- {SUBMITTERS} clients of pgbench (a task has 3 commits)"), 0, 3),
        row("- three nodes; one client of pgbench".to_owned(), 1, 2),
    ]
}
