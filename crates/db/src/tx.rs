//! What SQL runs on.

use std::borrow::Cow;
use std::cell::RefCell;

use rusqlite::Connection;

use crate::postgres::Session;
use crate::row::Cells;
use crate::{Error, Param, Row};

pub(crate) type Hook = Box<dyn FnOnce() + Send>;

/// The connection that a transaction uses.
#[derive(Clone, Copy)]
pub(crate) enum On<'c> {
    Sqlite(&'c Connection),
    Postgres(&'c Session),
}

/// A transaction, or a reading connection: what SQL runs on. After a statement that failed, a transaction must answer an
/// error too: PostgreSQL takes no further statement then.
pub struct Tx<'c> {
    on: On<'c>,
    hooks: RefCell<Vec<Hook>>,
    signals: RefCell<Vec<String>>,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(on: On<'c>) -> Self {
        Self { on, hooks: RefCell::default(), signals: RefCell::default() }
    }

    /// Runs a statement and answers how many rows it changed.
    ///
    /// # Errors
    /// [`Error::Conflict`] when a constraint refused it, else [`Error::Database`] or [`Error::Unavailable`].
    pub fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<usize, Error> {
        match self.on {
            On::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&sqlite_text(sql))?;
                Ok(statement.execute(rusqlite::params_from_iter(params))?)
            }
            On::Postgres(session) => session.execute(&postgres_text(sql), params),
        }
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
        match self.on {
            On::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&sqlite_text(sql))?;
                let mut rows = statement.query(rusqlite::params_from_iter(params))?;
                let mut answer = Vec::new();
                while let Some(row) = rows.next()? {
                    answer.push(map(&Row(Cells::Sqlite(row)))?);
                }
                Ok(answer)
            }
            On::Postgres(session) => {
                let rows = session.query(&postgres_text(sql), params)?;
                rows.iter().map(|row| map(&Row(Cells::Postgres(row)))).collect()
            }
        }
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
        match self.on {
            On::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&sqlite_text(sql))?;
                let mut rows = statement.query(rusqlite::params_from_iter(params))?;
                rows.next()?.map(|row| map(&Row(Cells::Sqlite(row)))).transpose()
            }
            On::Postgres(session) => {
                let rows = session.query(&postgres_text(sql), params)?;
                rows.first().map(|row| map(&Row(Cells::Postgres(row)))).transpose()
            }
        }
    }

    /// Calls `hook` once this transaction is durable; never when it is rolled back.
    pub fn after_commit(&self, hook: impl FnOnce() + Send + 'static) {
        self.hooks.borrow_mut().push(Box::new(hook));
    }

    /// Raises a signal once this transaction is durable, in every process that shares the database; never when it is rolled
    /// back. `channel` is a name of ours, letters and underscores.
    pub fn notify(&self, channel: &str) {
        self.signals.borrow_mut().push(channel.to_owned());
    }

    /// The database's own time, milliseconds since 1970, by which processes on several machines agree; `None` for the embedded
    /// database, whose time is that of its only process.
    ///
    /// # Errors
    /// The database's.
    pub fn database_time_ms(&self) -> Result<Option<i64>, Error> {
        match self.on {
            On::Sqlite(_) => Ok(None),
            On::Postgres(_) => {
                let sql = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
                self.query_opt(sql, &[], |row| row.int(0))
            }
        }
    }

    /// Opens a savepoint, releases it, or rolls back to it.
    pub(crate) fn control(&self, sql: &str) -> Result<(), Error> {
        match self.on {
            On::Sqlite(_) => self.execute(sql, &[]).map(drop),
            On::Postgres(session) => {
                session.queue(sql);
                Ok(())
            }
        }
    }

    /// Whether PostgreSQL takes no further statement, or the connection is gone: why the transaction cannot have worked.
    pub(crate) fn broken(&self) -> Result<(), Error> {
        let On::Postgres(session) = self.on else { return Ok(()) };
        match (session.is_lost(), session.take_refused()) {
            (true, _) => Err(Error::Unavailable("the connection was lost".to_owned())),
            (false, true) => Err(Error::Database("a statement was refused and the transaction went on".to_owned())),
            (false, false) => Ok(()),
        }
    }

    /// What is to be done once it is durable: the hooks, and the signals.
    pub(crate) fn into_parts(self) -> (Vec<Hook>, Vec<String>) {
        (self.hooks.into_inner(), self.signals.into_inner())
    }
}

/// SQLite counts `?1`, the portable text `$1`; no text of ours has a dollar sign elsewhere.
fn sqlite_text(sql: &str) -> Cow<'_, str> {
    if sql.contains('$') { sql.replace('$', "?").into() } else { sql.into() }
}

/// A text that was written for SQLite's count; no text of ours has a question mark elsewhere.
fn postgres_text(sql: &str) -> Cow<'_, str> {
    if sql.contains('?') { sql.replace('?', "$").into() } else { sql.into() }
}
