//! One SQL text in transactions: an embedded SQLite file with snapshots for readers and group commit for writers, or a
//! PostgreSQL that several processes share.
//!
//! **Readers** run where they are called, on a pooled connection: a look-up by key takes microseconds, less than handing
//! it to another thread would. A read sees one state for all of its statements, at least as new as every write that was
//! answered before it began (a pooled connection of SQLite keeps its view open until something is committed).
//!
//! **Writers** are closures sent to one writer thread. It takes all that wait, runs each in its own savepoint, and ends
//! with one `COMMIT`, so many small transactions share one fsync. A writer's answer is sent after that commit: whatever
//! [`Db::write`] returned `Ok` for is on the disk, power loss included (`synchronous = FULL`).
//!
//! **SQL** is one portable text: `TEXT`, `BIGINT`, `$n` parameters, `RETURNING`, `ON CONFLICT`, partial unique indexes. Only this
//! crate knows which database is behind it.
//!
//! **PostgreSQL** is used in the same way. One group of writers at a time among all processes (an advisory lock), so that code
//! written against one writer stays right. A commit whose answer is lost is looked up before anybody is answered
//! (`postgres/writer.rs`). [`Tx::notify`] wakes the subscribers of all processes. While it is away, reads and writes answer
//! [`Error::Unavailable`] at once or within seconds, and nothing of theirs was written.

mod log;
mod migrate;
mod postgres;
mod readers;
mod row;
mod signals;
pub mod testing;
mod tx;
mod writer;

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use crate::signals::Signals;
use crate::tx::On;
use crate::writer::Store;

pub use migrate::Migration;
pub use row::{Param, Row};
pub use signals::Subscription;
pub use tx::Tx;

/// What can go wrong between us and the database.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A unique index refused the row; the text is the database's.
    #[error("already there: {0}")]
    Conflict(String),
    /// The state was written by a newer version of the program; it was left untouched.
    #[error("the state has format {found}, this program knows formats up to {known}: start the newer version")]
    NewerFormat {
        /// The format number in the state.
        found: i64,
        /// The newest format number that this program knows.
        known: i64,
    },
    /// The transaction's code panicked; nothing of it was written.
    #[error("the transaction panicked and was rolled back")]
    Panic,
    /// The writer thread is gone: the database was closed.
    #[error("the database is closed")]
    Closed,
    /// The database cannot be reached, or does not answer, at the moment; nothing was written.
    #[error("the database is away: {0}")]
    Unavailable(String),
    /// The connection was lost during the commit, and we were stopped before it was known how that ended.
    #[error("the connection to the database was lost during a commit; whether it is written is not known")]
    InDoubt,
    /// The database cannot be used as it is, or its URL; the text says what to do.
    #[error("{0}")]
    Unusable(String),
    /// Anything else that the database said.
    #[error("database: {0}")]
    Database(String),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::ConstraintViolation) => Self::Conflict(error.to_string()),
            _ => Self::Database(error.to_string()),
        }
    }
}

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    source: Source,
    writer: writer::Writer,
    signals: Arc<Signals>,
}

/// Where reads go.
enum Source {
    Sqlite(Arc<readers::Readers>),
    Postgres(postgres::Postgres),
}

impl Db {
    /// Opens or creates the database file and brings it to the newest of `migrations`.
    ///
    /// # Errors
    /// [`Error::NewerFormat`] for a state from the future, [`Error::Database`] for an unreadable file.
    pub fn open(path: &Path, migrations: &[Migration]) -> Result<Self, Error> {
        create_private(path)?;
        let mut connection = Connection::open(path)?;
        configure(&connection)?;
        migrate::migrate(&mut connection, migrations)?;
        log::lengthen(path);
        let readers = Arc::new(readers::Readers::new(path));
        Self::new(Source::Sqlite(Arc::clone(&readers)), Store::Sqlite(connection, readers))
    }

    /// Connects to a PostgreSQL and brings its schema (the first of the `search_path`) to the newest of `migrations`. Any
    /// number of processes may share it; those that start together migrate once. Takes as long as the database does.
    ///
    /// # Errors
    /// [`Error::Unusable`] with what to do about the URL or the database, [`Error::Unavailable`] when it cannot be reached,
    /// [`Error::NewerFormat`] for a state from the future.
    pub fn connect(url: &str, migrations: &[Migration]) -> Result<Self, Error> {
        let (postgres, sink) = postgres::Postgres::connect(url, migrations)?;
        Self::new(Source::Postgres(postgres), Store::Postgres(Box::new(sink)))
    }

    fn new(source: Source, store: Store) -> Result<Self, Error> {
        let signals = Arc::default();
        let writer = writer::Writer::start(store, &signals)?;
        Ok(Self { inner: Arc::new(Inner { source, writer, signals }) })
    }

    /// Whether other processes may work on this database at the same time.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.inner.source, Source::Postgres(_))
    }

    /// Hears of each [`Tx::notify`] on `channel` from now on, whichever process it comes from.
    ///
    /// # Errors
    /// [`Error::Database`] when there can be no thread for it.
    pub fn subscribe(&self, channel: &str) -> Result<Subscription, Error> {
        let subscription = self.inner.signals.subscribe(channel);
        if let Source::Postgres(postgres) = &self.inner.source {
            postgres.listen(&self.inner.signals)?;
        }
        Ok(subscription)
    }

    /// Runs `f` on a reading connection; all of its statements see one and the same state.
    ///
    /// # Errors
    /// Whatever `f` answers, and [`Error`] when no connection can be opened.
    pub fn read<T, E: From<Error>>(&self, f: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        match &self.inner.source {
            Source::Sqlite(readers) => {
                let reader = readers.take()?;
                let result = f(&Tx::new(On::Sqlite(&reader.connection)));
                readers.give_back(reader);
                result
            }
            Source::Postgres(postgres) => in_place(|| postgres.pool.read(|session| f(&Tx::new(On::Postgres(session))))),
        }
    }

    /// As [`Db::read`], for a look through many rows that is taken now and then: what it passes over does not stay in memory.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub fn survey<T, E: From<Error>>(&self, f: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        match &self.inner.source {
            Source::Sqlite(readers) => f(&Tx::new(On::Sqlite(&readers.aside()?))),
            Source::Postgres(_) => self.read(f),
        }
    }

    /// Runs `f` in a writing transaction; `Ok` means that it is durable, `Err` that nothing of it was written.
    ///
    /// # Errors
    /// Whatever `f` answers, and [`Error`] when the commit fails.
    pub async fn write<T, E>(&self, f: impl FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.inner.writer.run(f).await
    }
}

/// Waits for a server on this thread. Where others could do this thread's other work meanwhile, they are told to.
fn in_place<T>(wait: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(tokio::runtime::RuntimeFlavor::MultiThread) => tokio::task::block_in_place(wait),
        _ => wait(),
    }
}

/// Creates the file for its owner only; SQLite gives its side files the same mode.
fn create_private(path: &Path) -> Result<(), Error> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true).mode(0o600);
    options.open(path).map(drop).map_err(|error| Error::Database(format!("{}: {error}", path.display())))
}

/// What holds for the file and is said once, by the writer.
fn configure(connection: &Connection) -> Result<(), Error> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    configure_session(connection)
}

/// What each connection must be told.
fn configure_session(connection: &Connection) -> Result<(), Error> {
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "foreign_keys", "on")?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}
