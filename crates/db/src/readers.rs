//! Reading connections, each with its view of the state kept open between reads.
//!
//! To open and close a view costs two file locks and the page cache, as much as a look-up by key. So a connection keeps its view
//! for as long as nothing is committed, which a counter tells. Before each group of writes and after it the writer closes the
//! views of the idle connections: an open view keeps the log from being begun anew once it is folded into the database.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags};

use crate::Error;

/// How much of the file readers map into memory; the database takes its own limit when that is less.
const MAPPED_BYTES: i64 = 64 << 30;

/// The page cache of a survey: a negative number is a size in KiB.
const SURVEY_CACHE: i64 = -256;

/// One connection.
pub(crate) struct Reader {
    pub(crate) connection: Connection,
    /// The number of commits that its open view has seen at least.
    view: Option<u64>,
}

/// All connections that nobody uses at the moment.
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Reader>>,
    commits: AtomicU64,
}

impl Readers {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::default(), commits: AtomicU64::new(0) }
    }

    /// A connection whose view has seen every commit that was answered before.
    pub(crate) fn take(&self) -> Result<Reader, Error> {
        let pooled = self.idle().pop();
        let mut reader = match pooled {
            Some(reader) => reader,
            None => Reader { connection: open(&self.path)?, view: None },
        };
        reader.renew(self.commits.load(Ordering::SeqCst))?;
        Ok(reader)
    }

    pub(crate) fn give_back(&self, mut reader: Reader) {
        // A commit in the meantime has passed this one over.
        if reader.view != Some(self.commits.load(Ordering::SeqCst)) && reader.close().is_err() {
            return;
        }
        self.idle().push(reader);
    }

    /// A connection for one survey, with its view open. What it passes over is not kept: not mapped, and hardly cached.
    pub(crate) fn aside(&self) -> Result<Connection, Error> {
        let connection = open_unmapped(&self.path)?;
        connection.pragma_update(None, "cache_size", SURVEY_CACHE)?;
        connection.execute_batch("BEGIN")?;
        Ok(connection)
    }

    /// To be called after a commit and before anyone hears of it.
    pub(crate) fn committed(&self) {
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.rest();
    }

    /// Closes the views of the idle connections.
    pub(crate) fn rest(&self) {
        self.idle().retain_mut(|reader| reader.close().is_ok());
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    fn renew(&mut self, commits: u64) -> Result<(), Error> {
        if self.view != Some(commits) {
            self.close()?;
            self.connection.execute_batch("BEGIN")?;
            self.view = Some(commits);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        if self.view.take().is_some() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        Ok(())
    }
}

fn open(path: &Path) -> Result<Connection, Error> {
    let connection = open_unmapped(path)?;
    connection.pragma_update(None, "mmap_size", MAPPED_BYTES)?;
    Ok(connection)
}

fn open_unmapped(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    crate::configure_session(&connection)?;
    Ok(connection)
}
