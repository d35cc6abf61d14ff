//! The writer thread: many transactions, one commit.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::readers::Readers;
use crate::{Error, Param, Row};

/// At most this many transactions share a commit, so that the first of them does not wait too long.
const GROUP: usize = 256;

type Hook = Box<dyn FnOnce() + Send>;
/// Given how the commit ended, answers the caller.
type Finish = Box<dyn FnOnce(Result<(), String>) + Send>;
/// Runs on the opened transaction; not at all when it could not be opened.
type Job = Box<dyn FnOnce(Option<&Connection>) -> Finish + Send>;

/// A transaction, or a reading connection: what SQL runs on.
pub struct Tx<'c> {
    connection: &'c Connection,
    hooks: RefCell<Vec<Hook>>,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        Self { connection, hooks: RefCell::default() }
    }

    /// Runs a statement and answers how many rows it changed.
    ///
    /// # Errors
    /// [`Error::Conflict`] when a constraint refused it, else [`Error::Database`].
    pub fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<usize, Error> {
        let mut statement = self.connection.prepare_cached(&dialect(sql))?;
        Ok(statement.execute(rusqlite::params_from_iter(params))?)
    }

    /// Runs a query and maps each of its rows.
    ///
    /// # Errors
    /// Whatever the database or `map` answers.
    pub fn query<T>(
        &self,
        sql: &str,
        params: &[Param<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut statement = self.connection.prepare_cached(&dialect(sql))?;
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        let mut answer = Vec::new();
        while let Some(row) = rows.next()? {
            answer.push(map(&Row(row))?);
        }
        Ok(answer)
    }

    /// Runs a query and maps its first row, if it has one.
    ///
    /// # Errors
    /// Whatever the database or `map` answers.
    pub fn query_opt<T>(
        &self,
        sql: &str,
        params: &[Param<'_>],
        map: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut statement = self.connection.prepare_cached(&dialect(sql))?;
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        rows.next()?.map(|row| map(&Row(row))).transpose()
    }

    /// Calls `hook` once this transaction is durable; never when it is rolled back.
    pub fn after_commit(&self, hook: impl FnOnce() + Send + 'static) {
        self.hooks.borrow_mut().push(Box::new(hook));
    }
}

/// SQLite counts `?1`, the portable text `$1`; no text of ours has a dollar sign elsewhere.
fn dialect(sql: &str) -> std::borrow::Cow<'_, str> {
    if sql.contains('$') { sql.replace('$', "?").into() } else { sql.into() }
}

pub(crate) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(connection: Connection, readers: Arc<Readers>) -> Result<Self, Error> {
        let (jobs, queue) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("db-writer".to_owned())
            .spawn(move || write_groups(&connection, &queue, &readers))
            .map_err(|error| Error::Database(error.to_string()))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    pub(crate) async fn run<T, E>(&self, f: impl FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let (result, hooks) = match connection {
                Some(connection) => in_savepoint(connection, f),
                None => (Err(Error::Closed.into()), Vec::new()),
            };
            Box::new(move |commit| drop(reply.send(settle(result, hooks, commit))))
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
fn settle<T, E: From<Error>>(result: Result<T, E>, hooks: Vec<Hook>, commit: Result<(), String>) -> Result<T, E> {
    commit.map_err(Error::Database)?;
    let value = result?;
    for hook in hooks {
        hook();
    }
    Ok(value)
}

fn in_savepoint<T, E: From<Error>>(
    connection: &Connection,
    f: impl FnOnce(&Tx<'_>) -> Result<T, E>,
) -> (Result<T, E>, Vec<Hook>) {
    let tx = Tx::new(connection);
    let result = run_savepoint(&tx, f);
    (result, tx.hooks.into_inner())
}

fn run_savepoint<T, E: From<Error>>(tx: &Tx<'_>, f: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
    tx.execute("SAVEPOINT job", &[])?;
    let result = catch_unwind(AssertUnwindSafe(|| f(tx))).unwrap_or_else(|_| Err(Error::Panic.into()));
    if result.is_err() {
        tx.execute("ROLLBACK TO job", &[])?;
    }
    tx.execute("RELEASE job", &[])?;
    result
}

fn write_groups(connection: &Connection, queue: &mpsc::Receiver<Job>, readers: &Readers) {
    while let Ok(first) = queue.recv() {
        let jobs = std::iter::once(first).chain(queue.try_iter().take(GROUP - 1));
        write_group(connection, jobs, readers);
    }
}

fn write_group(connection: &Connection, jobs: impl Iterator<Item = Job>, readers: &Readers) {
    readers.rest();
    let begun = connection.execute_batch("BEGIN IMMEDIATE");
    let open = begun.is_ok().then_some(connection);
    let finishes: Vec<Finish> = jobs.map(|job| job(open)).collect();
    let ended = begun.and_then(|()| connection.execute_batch("COMMIT")).map_err(|error| error.to_string());
    if let Err(error) = &ended {
        tracing::error!(error, transactions = finishes.len(), "a group commit failed");
        roll_back(connection);
    }
    readers.committed();
    for finish in finishes {
        finish(ended.clone());
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
