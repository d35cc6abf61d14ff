//! Durable tasks made of steps; knows nothing of Redis or HTTP.

mod clock;
mod engine;
mod job;
mod log;
mod plan;
mod registry;
mod step;
mod store;
mod task;
pub mod testing;
mod worker;

pub use clock::Clock;
pub use engine::{Engine, EnqueueError, Settings};
pub use log::{Event, EventKind, Next, Unreadable, replay};
pub use registry::{Ended, Kind, Registry, RegistryError};
pub use step::{Failure, Outcome, Step, StepContext, Undone, generation};
pub use task::{Brief, NewTask, Origin, Status, Task, TaskFilter, TaskId};
pub use worker::Running;

/// The tables and indexes of the engine, for [`db::Migration`].
pub const MIGRATION_SQL: &str = include_str!("../../../migrations/0001_engine.sql");
