//! A group of transactions as one of PostgreSQL's, one group at a time among all processes.
//!
//! What was written against one writer must stay true with many nodes: a transaction sees everything that ended before it
//! and nothing beside it. So each group begins by taking a lock, which it holds until its end.
//!
//! When the connection dies between the `COMMIT` and its answer, nobody knows what happened, and nobody may be told either.
//! Each group therefore writes its number into its writer's line in `db_writer`. A new connection takes the lock, which it gets
//! only when the old transaction has ended, and reads the line: that is the answer.

use std::sync::Arc;
use std::time::Duration;

use rand::Rng;

use super::Channel;
use super::session::Session;
use super::target::{Role, Target};
use super::values::{Whole, column};
use crate::{Error, params};

/// Waits for the turn of this writer. Each schema has its own.
pub(super) const TURN: &str = "SELECT pg_advisory_xact_lock(1128876866, hashtext(current_schema()))";
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// Writes nothing where nothing was written.
const MARK: &str = "INSERT INTO db_writer (id, sequence, at) SELECT $1, $2, now() \
     WHERE pg_current_xact_id_if_assigned() IS NOT NULL \
     ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, at = excluded.at";
const MARKED: &str = "SELECT sequence FROM db_writer WHERE id = $1";
/// Between two tries to learn how a commit ended.
const PAUSE: Duration = Duration::from_millis(100);

/// The writer's end of the database.
pub(crate) struct Sink {
    target: Arc<Target>,
    session: Option<Session>,
    channel: Channel,
    id: String,
    sequence: i64,
}

impl Sink {
    pub(super) fn new(target: Arc<Target>, session: Session, channel: Channel) -> Self {
        let id = format!("{:016x}", rand::rng().random::<u64>());
        Self { target, session: Some(session), channel, id, sequence: 0 }
    }

    /// What the transactions of the open group run on.
    pub(crate) fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Has the other processes told of a signal when the group is committed.
    pub(crate) fn notify(&self, signal: &str) {
        if let Some(session) = &self.session {
            session.queue(&self.channel.notify(signal));
        }
    }

    /// Opens a group.
    pub(crate) fn begin(&mut self) -> Result<(), Error> {
        self.sequence += 1;
        // A session may have died since it was used last.
        if let Some(session) = self.session.take().filter(Session::is_alive) {
            match open_group(&session) {
                Ok(()) => {
                    self.session = Some(session);
                    return Ok(());
                }
                Err(error) if !session.is_lost() => return Err(error),
                Err(_) => {}
            }
        }
        let session = self.target.connect(Role::Writer)?;
        open_group(&session)?;
        self.session = Some(session);
        Ok(())
    }

    /// Ends the group; `Ok` means that it is on the disk, `Err` that nothing of it is. Waits for as long as neither is known,
    /// and calls `wait` meanwhile, which answers whether to go on waiting.
    pub(crate) fn commit(&mut self, wait: impl FnMut(Duration) -> bool) -> Result<(), Error> {
        // Dropped on every way out but the good one: the server then rolls back what may still be open.
        let Some(session) = self.session.take() else { return Err(Error::Closed) };
        if session.is_lost() {
            return Err(Error::Unavailable("the connection was lost".to_owned()));
        }
        let ended = session.execute_then(MARK, params![&self.id, self.sequence], "COMMIT");
        if session.is_lost() {
            tracing::warn!("the connection was lost during a commit; finding out how it ended");
            drop(session);
            return self.find_out(wait);
        }
        // A refused mark has turned the commit into a rollback.
        ended?;
        self.session = Some(session);
        Ok(())
    }

    fn find_out(&mut self, mut wait: impl FnMut(Duration) -> bool) -> Result<(), Error> {
        loop {
            match self.look() {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(Error::Unavailable("the connection was lost before the commit".to_owned())),
                Err(error) => tracing::debug!(%error, "how a commit ended is not known yet"),
            }
            if !wait(PAUSE) {
                return Err(Error::InDoubt);
            }
        }
    }

    /// Whether the last group was committed.
    fn look(&mut self) -> Result<bool, Error> {
        let session = self.target.connect(Role::Writer)?;
        open_group(&session)?;
        let rows = session.query(MARKED, params![&self.id])?;
        let sequence = rows.first().map(|row| column::<Whole>(row, 0)).transpose()?;
        session.batch("COMMIT")?;
        self.session = Some(session);
        Ok(sequence.is_some_and(|Whole(sequence)| sequence == self.sequence))
    }
}

fn open_group(session: &Session) -> Result<(), Error> {
    session.batch(&format!("{BEGIN}; {TURN}"))
}
