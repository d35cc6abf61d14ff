//! What the state knows: tasks that are alive, how old the queue is, instances, nodes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use db::{Error, Tx};
use engine::Status;

use crate::app::App;
use crate::model::host::Role;
use crate::store;
use crate::store::census::{self, NodesSeen};

/// So long an answer of the state is shown again.
const FRESH: Duration = Duration::from_secs(1);

/// The state in numbers.
#[derive(Debug, Clone)]
pub struct Census {
    /// Tasks that are preparing, running or in error, by kind.
    pub tasks: Vec<(String, Status, u64)>,
    /// For how long the task has been due that has waited longest for a worker.
    pub queue_age: Duration,
    /// Instances that are not gone, by the state of their life.
    pub instances: Vec<(String, u64)>,
    /// The processes that serve, by role, and whether they are there.
    pub processes: Vec<(Role, bool, u64)>,
    /// Their nodes that have a port, by what was last seen of them: state and role.
    pub nodes: Vec<NodesSeen>,
}

/// The last census.
#[derive(Default)]
pub struct Cached(Mutex<Option<(Instant, Census)>>);

impl Cached {
    /// The state in numbers, at most a second old.
    ///
    /// # Errors
    /// The database's.
    pub fn read(&self, app: &App) -> Result<Census, Error> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, census)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(census.clone());
        }
        let census = app.db.read(|tx| take(tx, app))?;
        *last = Some((Instant::now(), census.clone()));
        Ok(census)
    }
}

fn take(tx: &Tx<'_>, app: &App) -> Result<Census, Error> {
    Ok(Census {
        tasks: app.engine.alive(tx)?,
        queue_age: app.engine.queue_age(tx)?,
        instances: census::instances(tx)?,
        processes: processes(tx, app)?,
        nodes: census::nodes(tx)?,
    })
}

/// Where nobody else can be, nobody writes down that it is there.
fn processes(tx: &Tx<'_>, app: &App) -> Result<Vec<(Role, bool, u64)>, Error> {
    if !app.hosting.shared {
        return Ok(vec![(app.hosting.process.role, true, 1)]);
    }
    let since = app.hosting.alive_since(app.clock.steady_ms());
    let mut counts: Vec<(Role, bool, u64)> = Vec::new();
    for process in store::host::processes(tx)? {
        let (role, is_there) = (process.role, process.seen_at >= since);
        match counts.iter_mut().find(|(known, there, _)| (*known, *there) == (role, is_there)) {
            Some((.., count)) => *count += 1,
            None => counts.push((role, is_there, 1)),
        }
    }
    Ok(counts)
}
