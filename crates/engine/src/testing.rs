//! The harness for task kinds: fail each step, repeat each step, give up each undo, crash at each boundary.
//!
//! For use in tests only, of this crate and of those that define kinds. A kind is put into a [`World`]: a database, what
//! the steps act on, and a [`World::check`] that looks at both once the task has ended. Each case gets a new world:
//!
//! ```ignore
//! engine::testing::fail_each_step(NewWorld::make).await;         // before and after it acts; all is undone
//! engine::testing::fail_each_undo(NewWorld::make).await;         // each undo gives up once: `error`
//! engine::testing::repeat_each_step(NewWorld::make).await;       // each run and each undo happens twice
//! engine::testing::crash_at_each_boundary(NewWorld::make).await; // the engine dies there; a new one ends the task
//! engine::testing::matrix(NewWorld::make).await;                 // each step × each fault × each way of the undo
//! ```
//!
//! The harness asserts, in every case: the final status is the one that the faults call for; each step's `started` was
//! durable before it acted; no step acted after its `done`; before `failed` every started step was undone. The check has
//! to assert the rest: after `succeed` everything is there, after `failed` nothing is.
//!
//! A crash is a fuse at a numbered boundary: before and after each commit of the engine, before and after each `run` and
//! `undo`, and where a `run` or an `undo` first waits. Whoever comes to it or passes any later one stands still for ever,
//! and the engine is dropped: nothing more is written, every future is gone. A new engine on the same world goes on.
//!
//! Steps that answer `Retry` cost no time: while a task waits, the world's clock is moved to its next run.

#![expect(clippy::expect_used, reason = "a harness of tests fails by panic")]

mod case;
mod cases;
mod faults;
mod fuse;
mod matrix;

use async_trait::async_trait;
use db::{Db, Tx};

pub use case::Person;
pub use cases::{crash_at_each_boundary, crash_with, fail_each_step, fail_each_undo, repeat_each_step, run_with};
pub use faults::{Faults, How, Kill, Moment, Point};
pub(crate) use fuse::Fuse;
pub use matrix::{Tally, matrix, plain_matrix};

use crate::{Clock, Engine, EnqueueError, Event, Kind, Status, Task, TaskId};

/// What a kind is tried in: made anew for each case, and outliving the engine that crashes in it.
#[async_trait]
pub trait World: Send + Sync + 'static {
    /// The database, with the engine's tables and those that the kind writes.
    fn db(&self) -> Db;

    /// The kind under test, acting on this world; called again after a crash.
    fn kind(&self) -> Kind;

    /// The time; a real clock unless the kind needs another.
    fn clock(&self) -> Clock {
        Clock::system()
    }

    /// Enqueues the task in one transaction with what its action writes.
    ///
    /// # Errors
    /// Ends the test.
    fn enqueue(&self, engine: &Engine, tx: &Tx<'_>) -> Result<TaskId, EnqueueError>;

    /// Does what the service does for the long run, after a person gave up a task: it repairs what is left behind.
    async fn settle(&self) {}

    /// Asserts that the world is as it should be after this end.
    async fn check(&self, report: &Report);
}

/// How a case ended.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was done to the task, in words: for the messages of assertions.
    pub case: String,
    /// The faults that were arranged.
    pub faults: Faults,
    /// The number of the boundary at which the engine crashed, 0 where it was killed; `None` when it did not crash.
    pub crashed_at: Option<usize>,
    /// The final status.
    pub status: Status,
    /// The task.
    pub task: Task,
    /// Its step log.
    pub events: Vec<Event>,
}
