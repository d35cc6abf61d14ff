//! Durable tasks a second, from the submission to the end, against fsynced commits a second.
//!
//! A task of one step costs three transactions, each durable before what follows it: enqueue, claim, end. Done one after
//! the other they would allow a third of the commits a second. They are not: transactions that wait while a commit is under
//! way share the next one (group commit), so that 64 tasks at once share fsyncs. The second baseline has the same advantage.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use db::{Db, Migration, params};
use engine::{Clock, Engine, EnqueueError, Kind, NewTask, Origin, Outcome, Registry, Settings, Step, StepContext};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::Bench;
use crate::cores;
use crate::error::Error;
use crate::output::{self, Row};
use crate::stats::median;

/// Who submits, each one task after the other.
const SUBMITTERS: usize = 64;
const KIND: &str = "Nothing";

const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, sql: engine::MIGRATION_SQL },
    Migration { number: 2, sql: engine::LISTS_SQL },
    Migration { number: 3, sql: engine::OPERATORS_SQL },
    Migration { number: 4, sql: "CREATE TABLE row (id @id, value BIGINT NOT NULL)" },
];

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
        Ok([tasks(&db, time).await?, commits(&db, 1, time).await?, commits(&db, SUBMITTERS, time).await?])
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

/// Tasks that came to their end, a second.
async fn tasks(db: &Db, time: Duration) -> Result<f64, Error> {
    let db = db.clone();
    let ended: Arc<Vec<Notify>> = Arc::new((0..SUBMITTERS).map(|_| Notify::new()).collect());
    let registry = Registry::default().add(kind(&ended)).map_err(|error| Error::Unexpected(error.to_string()))?;
    let settings = Settings { workers: SUBMITTERS, ..Settings::default() };
    let engine = Engine::new(db.clone(), registry, Clock::system(), settings);
    let running = engine.start();
    let rate = everybody(SUBMITTERS, time, move |submitter| {
        let (db, engine, ended) = (db.clone(), engine.clone(), Arc::clone(&ended));
        async move {
            let new = task(submitter);
            db.write(move |tx| engine.enqueue(tx, new)).await.map_err(refused)?;
            ended[submitter].notified().await;
            Ok(())
        }
    })
    .await?;
    running.stop(Duration::from_secs(5)).await;
    Ok(rate)
}

fn refused(error: EnqueueError) -> Error {
    Error::Unexpected(error.to_string())
}

/// Each submitter has its own subject, of which there is one live task at most.
fn task(submitter: usize) -> NewTask {
    NewTask {
        kind: KIND,
        tenant: "bench".to_owned(),
        region: String::new(),
        subject: submitter.to_string(),
        params: serde_json::Value::Null,
        origin: Origin::default(),
    }
}

fn kind(ended: &Arc<Vec<Notify>>) -> Kind {
    let ended = Arc::clone(ended);
    Kind {
        name: KIND,
        steps: vec![Box::new(Nothing)],
        deadline: Duration::from_secs(60),
        ended: Box::new(move |tx, task, _| {
            let (ended, subject) = (Arc::clone(&ended), task.subject.parse().unwrap_or(0_usize));
            tx.after_commit(move || ended[subject].notify_one());
            Ok(())
        }),
    }
}

struct Nothing;

#[async_trait]
impl Step for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    async fn run(&self, _cx: &StepContext) -> Outcome {
        Outcome::Done(serde_json::Value::Null)
    }
}

/// Transactions of one row each, a second, of so many writers at once.
async fn commits(db: &Db, writers: usize, time: Duration) -> Result<f64, Error> {
    let db = db.clone();
    everybody(writers, time, move |_| {
        let db = db.clone();
        async move {
            let sql = "INSERT INTO row (value) VALUES ($1)";
            let written: Result<_, db::Error> = db.write(move |tx| tx.execute(sql, params![1_i64])).await;
            Ok(written.map(drop)?)
        }
    })
    .await
}

/// Lets `count` do something over and over for `time`; how often it was done, a second.
async fn everybody<F>(
    count: usize,
    time: Duration,
    act: impl Fn(usize) -> F + Clone + Send + 'static,
) -> Result<f64, Error>
where
    F: Future<Output = Result<(), Error>> + Send,
{
    let (start, done) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let mut all = JoinSet::new();
    for who in 0..count {
        let (act, done) = (act.clone(), Arc::clone(&done));
        all.spawn(async move {
            while start.elapsed() < time {
                act(who).await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, Error>(())
        });
    }
    while let Some(ended) = all.join_next().await {
        ended.map_err(|error| Error::Unexpected(error.to_string()))??;
    }
    Ok(done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64())
}
