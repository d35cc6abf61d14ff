//! The sessions of readers, shared by all threads.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::session::Session;
use super::target::{PATIENCE, Role, Target};
use crate::Error;

/// So many reads at once; each has a connection, which costs the server a process.
const READERS: usize = 8;

pub(crate) struct Pool {
    target: Arc<Target>,
    state: Mutex<State>,
    free: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Session>,
    open: usize,
}

/// A session in a transaction that sees one state; it goes back when this is dropped.
pub(crate) struct Reader<'p> {
    pool: &'p Pool,
    session: Option<Session>,
}

impl Pool {
    pub(super) fn new(target: Arc<Target>) -> Self {
        Self { target, state: Mutex::default(), free: Condvar::new() }
    }

    /// A session for one read: an idle one, a new one, or the next that comes free.
    pub(crate) fn read<T, E: From<Error>>(&self, f: impl FnOnce(&Session) -> Result<T, E>) -> Result<T, E> {
        let session = match self.idle_or_room()? {
            Some(session) => session,
            None => self.target.connect(Role::Reader).inspect_err(|_| self.one_less())?,
        };
        let reader = Reader { pool: self, session: Some(session) };
        let Some(session) = &reader.session else { return Err(Error::Closed.into()) };
        // Goes out with the first statement.
        session.queue("BEGIN");
        f(session)
    }

    /// An idle session that is still connected, or room for a new one (`None`, counted already).
    fn idle_or_room(&self) -> Result<Option<Session>, Error> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.state();
        loop {
            while let Some(session) = state.idle.pop() {
                if session.is_alive() {
                    return Ok(Some(session));
                }
                state.open -= 1;
            }
            if state.open < READERS {
                state.open += 1;
                return Ok(None);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::Unavailable(format!("all {READERS} reading connections are busy")));
            }
            state = self.free.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Forgets the idle sessions, and `more`.
    fn close(&self, more: usize) {
        let mut state = self.state();
        state.open -= state.idle.len() + more;
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        drop(idle);
        self.free.notify_all();
    }

    fn one_less(&self) {
        self.state().open -= 1;
        self.free.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else { return };
        if session.is_lost() {
            // So are the idle ones, or they do not answer either.
            return self.pool.close(1);
        }
        if std::thread::panicking() {
            return self.pool.one_less();
        }
        session.end_read();
        self.pool.state().idle.push(session);
        self.pool.free.notify_one();
    }
}
