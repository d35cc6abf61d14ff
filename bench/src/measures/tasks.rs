//! Durable tasks a second, from the submission to the end, against fsynced commits a second.
//!
//! A task of one step costs three transactions, each durable before what follows it: enqueue, claim, end. Done one after
//! the other they would allow a third of the commits a second. They are not: transactions that wait while a commit is under
//! way share the next one (group commit), so that 64 tasks at once share fsyncs. The second baseline has the same advantage.

use std::path::Path;
use std::time::Duration;

use db::Db;
use tokio::runtime::{Builder, Runtime};

use super::Bench;
use super::trivial::{MIGRATIONS, SUBMITTERS, commits, tasks};
use crate::cores;
use crate::error::Error;
use crate::output::{self, Row};
use crate::stats::median;

/// The engine, one writer, 64 writers, in turns, in one folder.
pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    let folder = bench.scratch.folder("tasks")?;
    let time = Duration::from_millis(bench.plan.pick(2500, 1000));
    let rounds = bench.plan.pick(5, 3);
    // All of it on the core of the measured, also the threads that are started for it.
    cores::on(cores::SERVER, || {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Error::io("the runtime"))?;
        let mut figures = Vec::new();
        for round in 0..rounds {
            figures.push(self::round(&runtime, &folder.join(format!("{round}.db")), time)?);
            output::progress(&format!("tasks, lone commits, shared commits: {:.0?}/s", figures[round]));
        }
        Ok(rows(&figures))
    })?
}

fn round(runtime: &Runtime, file: &Path, time: Duration) -> Result<[f64; 3], Error> {
    let db = Db::open(file, MIGRATIONS)?;
    runtime.block_on(async {
        Ok([
            tasks(std::slice::from_ref(&db), time).await?,
            commits(&db, 1, time).await?,
            commits(&db, SUBMITTERS, time).await?,
        ])
    })
}

fn rows(figures: &[[f64; 3]]) -> Vec<Row> {
    let of = |index: usize| median(figures.iter().map(|figure| figure[index]));
    let ratio = |index: usize| median(figures.iter().map(|figure| figure[0] / figure[index]));
    let text = |index: usize| format!("{:.0}/s", of(index));
    vec![
        Row::alone(
            format!("durable one-step tasks, {SUBMITTERS} submitters; one writer's fsynced SQLite commits"),
            text(0),
        )
        .baseline(text(1), ratio(1)),
        Row::alone(format!("- {SUBMITTERS} writers' transactions, sharing commits (a task has 3)"), text(0))
            .baseline(text(2), ratio(2)),
    ]
}
