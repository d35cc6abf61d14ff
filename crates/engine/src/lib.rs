//! Durable tasks made of steps; knows nothing of Redis or HTTP.
//!
//! # What a task is
//!
//! A row in `task`, and a log of what its steps did in `task_event`. Its [`Kind`] is a static list of named [`Step`]s,
//! run one after the other. A step acts on the outside world in [`Step::run`]; what it learned is written by
//! [`Step::record`] together with the step's `done`. When a step fails, it and all before it are undone in the opposite
//! order. To undo means to make absent, not to reverse: it is happy when there is nothing to do.
//!
//! ```text
//! preparing ──claim──▶ running ──all steps done──────────────────────▶ succeed
//!                         │  a step fails, panics or is late
//!                         └─▶ running, unwinding ──all are undone────▶ failed    the world is as before
//!                                   └──an undo gives up, or is late──▶ error     a person must look; subject locked
//! ```
//!
//! A task whose stored form cannot be read, or whose kind has other steps now, ends in `error` when it is claimed. From
//! `error` it comes only by a person: [`Engine::retry`] (back to `running`, same direction) or [`Engine::abandon`]
//! (`failed`).
//!
//! An operator may cancel a task ([`Engine::cancel`]) unless a step has begun that is its point of no return. One that was
//! not claimed yet is `failed` at once; any other is unwound as if its step had failed.
//!
//! # What is written when
//!
//! Each line is one transaction, so a task of n steps costs its enqueue and n + 1 commits. All that wait share an fsync.
//!
//! | | task | task_event | code of the kind |
//! |---|---|---|---|
//! | enqueue, in the caller's transaction | inserted | | |
//! | claim | owner, epoch + 1, lease, `running` | first step `started` | |
//! | step k did its work | lease, progress | k `done`, k + 1 `started` | `record` |
//! | the last step did its work | `succeed` | `done` | `record`, `ended` |
//! | step k failed | unwinding, deadline of the undo | k `failed` | |
//! | step k was undone | lease | k `undone` | `forget` |
//! | the first step was undone | `failed`, message | `undone` | `forget`, `ended` |
//! | an undo gave up | `error`, message | `undo_failed` | `ended` |
//! | cancel, never claimed | `failed`, message | `cancelled` | `ended` |
//! | cancel, claimed before | cancelling | `cancelled` | |
//! | the worker heeds the cancel | as a step failed | | |
//! | a step, or an undo, answers `Retry` | lease 0, `run_at` | | |
//! | a step answers `Hold` | lease 0, `run_at`, no deadline | | |
//!
//! What comes next is never stored: [`replay`] decides it from the log, a pure function.
//!
//! # Who may write
//!
//! A claim is one `UPDATE` that raises the task's epoch. Every later write of that worker begins with an
//! `UPDATE … WHERE id AND epoch`; when it changes no row, somebody else has the task, and the worker drops everything. A
//! lease keeps others from claiming while the worker lives; a heartbeat renews it. A worker that could not renew its lease
//! drops what its step is doing a tenth of the lease before the end; a process that was stopped meanwhile finds out before it
//! lets a step go on. All engines on one database must go by one clock, closer than that tenth. An engine that has its
//! database to itself ([`Settings::exclusive`]) needs no lease: its claims hold until it ends, and its next start voids them all.
//!
//! The fence stops a stale worker's writes, not its hands. For those there is [`StepContext::generation`]: whoever acts on
//! the world hands it down, and the far side refuses an older one than it has seen.
//!
//! # Where a task runs
//!
//! A task may belong to a host ([`NewTask::host`]): only an engine of that host ([`Settings::host`]) claims it. It waits for as
//! long as there is none, and holds up nobody else's. Several engines may be of one host.
//!
//! # When something fails
//!
//! * A panic in `run` is a failure; one in `undo` is tried again until the deadline of the undo, and then an `error`.
//! * `record` that answers an error or panics is tried three times in all; then its step counts as failed. So does `ended`
//!   of a task that would succeed. `forget`, and `ended` of a task that would fail, let the undo be tried again.
//! * A database that does not write is tried three times; then the worker lets the task go, as soon as it can.
//! * The kind's deadline counts from the first claim. A step that is past it is dropped and has failed. The deadline of the
//!   undo counts from the failure; each claim grants the undo at least one lease's time, so that a service that was down
//!   for long still tries.
//!
//! # Invariants
//!
//! Each has its test in `tests/it/invariants.rs`, the last one in `tests/it/cancel.rs`, and [`testing`] asserts most of them for
//! every kind.
//!
//! 1. A task exists exactly if the transaction of its action committed.
//! 2. `started` is durable before a step acts.
//! 3. A step with `done` never acts again.
//! 4. Every started step is undone before `failed`.
//! 5. No write succeeds under an old epoch.
//! 6. A subject has at most one live task: preparing, running or in error.
//! 7. An end changes only by a person's retry or abandon of an `error`.
//! 8. A task whose cancel was answered with yes begins no further step, and ends in `failed` or `error`, never in `succeed`.

mod cancel;
mod clock;
mod ended;
mod engine;
mod gate;
mod inspect;
mod job;
mod lists;
mod log;
mod meter;
mod plan;
mod registry;
mod step;
mod store;
mod task;
pub mod testing;
mod worker;

pub use cancel::CancelError;
pub use clock::Clock;
pub use engine::{Engine, EnqueueError, Settings};
pub use gate::Gate;
pub use inspect::{Act, Held, History, InspectFilter, Inspected, StepState, StepView};
pub use lists::EndedTasks;
pub use log::{Event, EventKind, Next, Unreadable, replay};
pub use meter::{Histogram, StepTimes, Times};
pub use registry::{Ended, Kind, Registry, RegistryError};
pub use step::{Failure, Outcome, Step, StepContext, Undone, generation};
pub use task::{Brief, NewTask, Operator, Origin, Status, Task, TaskFilter, TaskId};
pub use worker::Running;

/// The tables and indexes of the engine, for [`db::Migration`].
pub const MIGRATION_SQL: &str = include_str!("../../../migrations/0001_engine.sql");
/// What came to them later, so that lists are quick.
pub const LISTS_SQL: &str = include_str!("../../../migrations/0004_lists.sql");

/// What cancelling and looking into tasks added to them; comes after [`LISTS_SQL`].
pub const OPERATORS_SQL: &str = include_str!("../../../migrations/0005_operators.sql");
/// And so that each task can belong to a host.
pub const HOSTS_SQL: &str = include_str!("../../../migrations/0007_task_host.sql");
/// And so that what somebody works on is found among many tasks that wait.
pub const LEASES_SQL: &str = include_str!("../../../migrations/0009_leases.sql");
