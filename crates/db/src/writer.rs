//! The writer thread: many transactions, one commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::Error;
use crate::postgres::Sink;
use crate::readers::Readers;
use crate::signals::Signals;
use crate::tx::{Hook, On, Tx};

/// At most this many transactions share a commit, so that the first of them does not wait too long.
const GROUP: usize = 256;

/// Given how the commit ended, answers the caller.
type Finish = Box<dyn FnOnce(Result<(), Error>) + Send>;
/// What a transaction left to do: the signals that go out with the commit, and the rest.
type Done = (Vec<String>, Finish);
/// Runs on the opened transaction; not at all when it could not be opened.
type Job = Box<dyn FnOnce(Result<On<'_>, Error>) -> Done + Send>;

/// Where groups are written.
pub(crate) enum Store {
    Sqlite(Connection, Arc<Readers>),
    Postgres(Box<Sink>),
}

pub(crate) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
    signals: Arc<Signals>,
}

impl Writer {
    pub(crate) fn start(store: Store, signals: &Arc<Signals>) -> Result<Self, Error> {
        let (jobs, queue) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("db-writer".to_owned())
            .spawn(move || write_groups(store, &queue))
            .map_err(|error| Error::Database(error.to_string()))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), signals: Arc::clone(signals) })
    }

    pub(crate) async fn run<T, E>(&self, f: impl FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let raiser = Arc::clone(&self.signals);
        let job: Job = Box::new(move |on| {
            let (result, hooks, signals) = match on {
                Ok(on) => in_savepoint(on, f),
                Err(error) => (Err(error.into()), Vec::new(), Vec::new()),
            };
            let own = signals.clone();
            let settle = move |commit| {
                let answer = settle(result, hooks, commit);
                if answer.is_ok() {
                    own.iter().for_each(|signal| raiser.raise(signal));
                }
                drop(reply.send(answer));
            };
            (signals, Box::new(settle))
        });
        self.jobs.as_ref().ok_or(Error::Closed)?.send(job).map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        let Some(thread) = self.thread.take() else { return };
        // The last handle may be dropped by a hook, on the writer thread itself.
        if thread.thread().id() != thread::current().id() && thread.join().is_err() {
            tracing::error!("the database writer thread panicked");
        }
    }
}

/// Turns what the transaction answered and how the commit ended into the caller's answer; runs the hooks in between.
fn settle<T, E: From<Error>>(result: Result<T, E>, hooks: Vec<Hook>, commit: Result<(), Error>) -> Result<T, E> {
    commit?;
    let value = result?;
    for hook in hooks {
        hook();
    }
    Ok(value)
}

fn in_savepoint<T, E: From<Error>>(
    on: On<'_>,
    f: impl FnOnce(&Tx<'_>) -> Result<T, E>,
) -> (Result<T, E>, Vec<Hook>, Vec<String>) {
    let tx = Tx::new(on);
    let result = run_savepoint(&tx, f);
    let (hooks, signals) = tx.into_parts();
    let signals = if result.is_ok() { signals } else { Vec::new() };
    (result, hooks, signals)
}

fn run_savepoint<T, E: From<Error>>(tx: &Tx<'_>, f: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
    tx.control("SAVEPOINT job")?;
    let result = catch_unwind(AssertUnwindSafe(|| f(tx))).unwrap_or_else(|_| Err(Error::Panic.into()));
    let broken = tx.broken();
    let result = result.and_then(|value| Ok(broken.map(|()| value)?));
    if result.is_err() {
        tx.control("ROLLBACK TO job")?;
    }
    tx.control("RELEASE job")?;
    result
}

fn write_groups(mut store: Store, queue: &mpsc::Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let jobs = std::iter::once(first).chain(queue.try_iter().take(GROUP - 1));
        store.write_group(jobs, queue);
    }
}

impl Store {
    fn write_group(&mut self, jobs: impl Iterator<Item = Job>, queue: &mpsc::Receiver<Job>) {
        let begun = self.begin();
        let run = |job: Job| match (&begun, self.on()) {
            (Ok(()), Some(on)) => job(Ok(on)),
            (Ok(()), None) => job(Err(Error::Closed)),
            (Err(error), _) => job(Err(error.clone())),
        };
        let mut finishes = Vec::new();
        for (signals, finish) in jobs.map(run) {
            self.notify(&signals);
            finishes.push(finish);
        }
        let ended = begun.and_then(|()| self.commit(queue));
        match &ended {
            // Said already when the connection was lost, or could not be made.
            Err(error @ Error::Unavailable(_)) => tracing::debug!(%error, "a group commit failed"),
            Err(error) => tracing::error!(%error, transactions = finishes.len(), "a group commit failed"),
            Ok(()) => {}
        }
        self.after(ended.is_ok());
        for finish in finishes {
            finish(ended.clone());
        }
    }

    fn on(&self) -> Option<On<'_>> {
        match self {
            Self::Sqlite(connection, _) => Some(On::Sqlite(connection)),
            Self::Postgres(sink) => sink.session().map(On::Postgres),
        }
    }

    fn begin(&mut self) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection, readers) => {
                readers.rest();
                Ok(connection.execute_batch("BEGIN IMMEDIATE")?)
            }
            Self::Postgres(sink) => sink.begin(),
        }
    }

    fn notify(&self, signals: &[String]) {
        if let Self::Postgres(sink) = self {
            signals.iter().for_each(|signal| sink.notify(signal));
        }
    }

    fn commit(&mut self, queue: &mpsc::Receiver<Job>) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection, _) => Ok(connection.execute_batch("COMMIT")?),
            Self::Postgres(sink) => sink.commit(|time| refuse(queue, time)),
        }
    }

    /// Before anyone hears of the end.
    fn after(&self, committed: bool) {
        if let Self::Sqlite(connection, readers) = self {
            if !committed {
                roll_back(connection);
            }
            readers.committed();
        }
    }
}

/// Refuses whatever comes within this time; `false` once nobody is left who could ask.
fn refuse(queue: &mpsc::Receiver<Job>, time: Duration) -> bool {
    let until = Instant::now() + time;
    loop {
        let away = || Error::Unavailable("the connection was lost".to_owned());
        match queue.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(job) => job(Err(away())).1(Err(away())),
            Err(mpsc::RecvTimeoutError::Timeout) => return true,
            Err(mpsc::RecvTimeoutError::Disconnected) => return false,
        }
    }
}

/// After a failed `BEGIN` nothing is open and after some failed commits neither: then there is nothing to roll back.
fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "a rollback failed");
    }
}
