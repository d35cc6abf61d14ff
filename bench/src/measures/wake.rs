//! How long it takes until a worker begins a task, when nothing else goes on: from the order to the first step, with both
//! of the commits in between; beside a lone commit of the same run.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use db::{Db, params};
use engine::{Kind, Outcome, Step, StepContext};
use tokio::runtime::Builder;
use tokio::sync::mpsc;

use super::Bench;
use super::trivial::{KIND, MIGRATIONS, engine, refused, task};
use crate::cluster::Cluster;
use crate::cores;
use crate::error::Error;
use crate::histogram::Histogram;
use crate::output::Row;
use crate::stats::millis;

/// What is wanted of the embedded database.
const TARGET_MS: f64 = 5.0;
/// Between two tasks, so that the next one finds everybody asleep.
const REST: Duration = Duration::from_millis(4);

/// SQLite, then PostgreSQL where it is installed.
pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    let samples = bench.plan.pick(2000, 400);
    let file = bench.scratch.folder("wake")?.join("state.db");
    let mut rows = vec![on(|| Ok(Db::open(&file, MIGRATIONS)?), "SQLite", samples)?];
    if let Some(cluster) = Cluster::start(&bench.scratch)? {
        rows.push(on(|| cluster.connect(MIGRATIONS), "PostgreSQL", samples)?);
    }
    Ok(rows)
}

fn on(open: impl FnOnce() -> Result<Db, Error>, name: &str, samples: usize) -> Result<Row, Error> {
    let (starts, commits) = cores::on(cores::SERVER, || {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Error::io("the runtime"))?;
        let db = open()?;
        runtime.block_on(async { Ok::<_, Error>((starts(&db, samples).await?, commits(&db, samples).await?)) })
    })??;
    let both = |times: &Histogram| [0.5, 0.99].map(|share| millis(times.quantile(share) / 1e6)).join(", ");
    let p99 = starts.quantile(0.99) / 1e3;
    let row = Row::alone(format!("order → first step, idle, {name}, p50, p99; a lone commit's"), both(&starts))
        .baseline(both(&commits), starts.quantile(0.5) / commits.quantile(0.5));
    Ok(if name == "SQLite" { row.target("p99 ≤ 5 ms", p99 <= TARGET_MS) } else { row })
}

async fn starts(db: &Db, samples: usize) -> Result<Histogram, Error> {
    let (begun, mut begins) = mpsc::unbounded_channel();
    let (over, mut ends) = mpsc::unbounded_channel();
    let kind = Kind {
        name: KIND,
        steps: vec![Box::new(Tells(begun))],
        deadline: Duration::from_secs(60),
        ended: Box::new(move |tx, _, _| {
            let over = over.clone();
            // Nobody listens any more only when the measurement has failed.
            tx.after_commit(move || over.send(()).unwrap_or_default());
            Ok(())
        }),
    };
    let engine = engine(db, kind)?;
    let running = engine.start();
    let mut times = Histogram::new();
    for _ in 0..samples {
        tokio::time::sleep(REST).await;
        let (ordered, own) = (Instant::now(), engine.clone());
        db.write(move |tx| own.enqueue(tx, task(0))).await.map_err(refused)?;
        let gone = || Error::Unexpected("the engine is gone".to_owned());
        let begun: Instant = begins.recv().await.ok_or_else(gone)?;
        times.record(begun.saturating_duration_since(ordered));
        ends.recv().await.ok_or_else(gone)?;
    }
    running.stop(Duration::from_secs(5)).await;
    Ok(times)
}

async fn commits(db: &Db, samples: usize) -> Result<Histogram, Error> {
    let mut times = Histogram::new();
    for _ in 0..samples {
        tokio::time::sleep(REST).await;
        let begun = Instant::now();
        let sql = "INSERT INTO row (value) VALUES ($1)";
        let written: Result<_, db::Error> = db.write(move |tx| tx.execute(sql, params![1_i64])).await;
        written?;
        times.record(begun.elapsed());
    }
    Ok(times)
}

/// Says when it began.
struct Tells(mpsc::UnboundedSender<Instant>);

#[async_trait]
impl Step for Tells {
    fn name(&self) -> &'static str {
        "tells"
    }

    async fn run(&self, _cx: &StepContext) -> Outcome {
        // Nobody listens any more only when the measurement has failed.
        let _ = self.0.send(Instant::now());
        Outcome::Done(serde_json::Value::Null)
    }
}
