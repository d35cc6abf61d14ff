//! What the state knows: tasks that are alive, how old the queue is, instances, nodes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use db::{Db, Error, Tx};
use engine::{Engine, Status};

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
    pub fn read(&self, db: &Db, engine: &Engine) -> Result<Census, Error> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, census)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(census.clone());
        }
        let census = db.read(|tx| take(tx, engine))?;
        *last = Some((Instant::now(), census.clone()));
        Ok(census)
    }
}

fn take(tx: &Tx<'_>, engine: &Engine) -> Result<Census, Error> {
    Ok(Census {
        tasks: engine.alive(tx)?,
        queue_age: engine.queue_age(tx)?,
        instances: census::instances(tx)?,
        nodes: census::nodes(tx)?,
    })
}
