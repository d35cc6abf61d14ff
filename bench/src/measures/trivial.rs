//! Tasks that do nothing, on any database: what the engine and its transactions take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use db::{Db, Migration, params};
use engine::{Clock, Engine, EnqueueError, Kind, NewTask, Origin, Outcome, Registry, Settings, Step, StepContext};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::error::Error;

/// Who submits, each one task after the other.
pub(super) const SUBMITTERS: usize = 64;
pub(super) const KIND: &str = "Nothing";

pub(super) const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, sql: engine::MIGRATION_SQL },
    Migration { number: 2, sql: engine::LISTS_SQL },
    Migration { number: 3, sql: engine::OPERATORS_SQL },
    Migration { number: 4, sql: engine::HOSTS_SQL },
    Migration { number: 5, sql: "CREATE TABLE row (id @id, value BIGINT NOT NULL)" },
];

/// Tasks that came to their end, a second, on as many engines as there are handles on the database.
pub(super) async fn tasks(nodes: &[Db], time: Duration) -> Result<f64, Error> {
    let ended: Arc<Vec<Notify>> = Arc::new((0..SUBMITTERS).map(|_| Notify::new()).collect());
    let engines =
        nodes.iter().map(|db| Ok((db.clone(), engine(db, kind(&ended))?))).collect::<Result<Vec<_>, Error>>()?;
    let running: Vec<_> = engines.iter().map(|(_, engine)| engine.start()).collect();
    let rate = everybody(SUBMITTERS, time, move |submitter| {
        let (db, engine) = engines[submitter % engines.len()].clone();
        let ended = Arc::clone(&ended);
        async move {
            let new = task(submitter);
            db.write(move |tx| engine.enqueue(tx, new)).await.map_err(refused)?;
            ended[submitter].notified().await;
            Ok(())
        }
    })
    .await?;
    for running in running {
        running.stop(Duration::from_secs(5)).await;
    }
    Ok(rate)
}

/// An engine that knows one kind.
pub(super) fn engine(db: &Db, kind: Kind) -> Result<Engine, Error> {
    let registry = Registry::default().add(kind).map_err(|error| Error::Unexpected(error.to_string()))?;
    let settings = Settings { workers: SUBMITTERS, exclusive: !db.is_shared(), ..Settings::default() };
    Ok(Engine::new(db.clone(), registry, Clock::system(), settings))
}

pub(super) fn refused(error: EnqueueError) -> Error {
    Error::Unexpected(error.to_string())
}

/// Each submitter has its own subject, of which there is one live task at most.
pub(super) fn task(submitter: usize) -> NewTask {
    NewTask {
        kind: KIND,
        tenant: "bench".to_owned(),
        region: String::new(),
        subject: submitter.to_string(),
        host: String::new(),
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
pub(super) async fn commits(db: &Db, writers: usize, time: Duration) -> Result<f64, Error> {
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
