//! One SQL text in transactions: an embedded SQLite file with snapshots for readers and group commit for writers.
//!
//! **Readers** run where they are called, on a pooled connection: a look-up by key takes microseconds, less than handing
//! it to another thread would. A read sees one state for all of its statements, at least as new as every write that was
//! answered before it began (a pooled connection keeps its view open until something is committed).
//!
//! **Writers** are closures sent to one writer thread. It takes all that wait, runs each in its own savepoint, and ends
//! with one `COMMIT`, so many small transactions share one fsync. A writer's answer is sent after that commit: whatever
//! [`Db::write`] returned `Ok` for is on the disk, power loss included (`synchronous = FULL`).
//!
//! **SQL** is one portable text: `TEXT`, `BIGINT`, `$n` parameters, `RETURNING`, `ON CONFLICT`, partial unique indexes. Only this
//! crate knows which database is behind it.

mod migrate;
mod readers;
mod row;
mod writer;

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

pub use migrate::Migration;
pub use row::{Param, Row};
pub use writer::Tx;

/// What can go wrong between us and the database.
#[derive(Debug, thiserror::Error)]
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
    readers: Arc<readers::Readers>,
    writer: writer::Writer,
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
        let readers = Arc::new(readers::Readers::new(path));
        let writer = writer::Writer::start(connection, Arc::clone(&readers))?;
        Ok(Self { inner: Arc::new(Inner { readers, writer }) })
    }

    /// Runs `f` on a reading connection; all of its statements see one and the same state.
    ///
    /// # Errors
    /// Whatever `f` answers, and [`Error`] when no connection can be opened.
    pub fn read<T, E: From<Error>>(&self, f: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let reader = self.inner.readers.take()?;
        let result = f(&Tx::new(&reader.connection));
        self.inner.readers.give_back(reader);
        result
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
