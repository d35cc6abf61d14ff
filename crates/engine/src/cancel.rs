//! Cancel: an operator stops a task that has not passed its point of no return, and it ends as `failed`, undone.
//!
//! A task that was never claimed ends at once. Of any other the row says that it is to be cancelled, which no worker can
//! overlook: it cannot write that a step is done, nor that the task has succeeded, and a later claim does not run a step.
//! The worker learns it at once, in this process or in another that shares the database, and at the latest at its next write
//! or heartbeat; it drops its step, as a late one is dropped, and unwinds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use db::Tx;
use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, operator_step};
use crate::log::{Event, EventKind, Next, replay};
use crate::registry::Kind;
use crate::step::Failure;
use crate::store;
use crate::store::work::{self, Mark};
use crate::task::{Operator, Status, Task, TaskId};

/// The message of a task that was cancelled: the customer reads it, so the operator's reason is not in it.
pub(crate) const MESSAGE: &str = "the task was cancelled by an operator";

/// Raised when a task is cancelled that a worker of another process may have.
pub(crate) const CANCEL: &str = "cancel";

/// Why a task is not cancelled. The transaction must be rolled back.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// There is none of this number.
    #[error("there is no task {0}")]
    NotFound(TaskId),
    /// It is too late for it, or never was the time; the text says why.
    #[error("{0}")]
    Refused(String),
    /// The database's answer.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl Engine {
    /// Cancels a task; `by` is kept in its log. Answers its status: `failed` when it had not begun, else `running`, which is
    /// undone from now on and ends as `failed`, or as `error` when an undo gives up.
    ///
    /// # Errors
    /// [`CancelError::Refused`] for a task that has ended, is being undone, or has begun a step that is its point of no
    /// return ([`Step::point_of_no_return`](crate::Step::point_of_no_return)).
    pub fn cancel(&self, tx: &Tx<'_>, id: TaskId, by: &Operator) -> Result<Status, CancelError> {
        if let Some(task) = work::cancel_new(tx, id, MESSAGE, self.now())? {
            self.note_cancel(tx, &task, by)?;
            if let Some(kind) = self.inner.registry.get(&task.kind) {
                (kind.ended)(tx, &task, Status::Failed)?;
            }
            self.count_after(tx, &task);
            return Ok(Status::Failed);
        }
        // The row is held from here on: no worker's write comes in between.
        let Some((task, steps)) = work::cancel_running(tx, id, self.inner.clock.steady_ms())? else {
            return Err(self.not_cancellable(tx, id)?);
        };
        let events = store::events(tx, id)?;
        let kind = self.inner.registry.get(&task.kind);
        may_turn_back(kind, &steps, &events).map_err(CancelError::Refused)?;
        self.note_cancel(tx, &task, by)?;
        let inner = Arc::clone(&self.inner);
        tx.after_commit(move || inner.cancels.signal(id));
        if self.inner.db.is_shared() {
            tx.notify(CANCEL);
        }
        self.wake_after(tx);
        Ok(Status::Running)
    }

    fn note_cancel(&self, tx: &Tx<'_>, task: &Task, by: &Operator) -> Result<(), db::Error> {
        let step = operator_step(task);
        work::append(tx, task.id, &step, EventKind::Cancelled, &by.to_json(), &Mark::of_operator(self.now()))
    }

    /// Why a task is neither waiting for its first claim nor going forward.
    fn not_cancellable(&self, tx: &Tx<'_>, id: TaskId) -> Result<CancelError, db::Error> {
        let Some(task) = store::find(tx, id)? else { return Ok(CancelError::NotFound(id)) };
        let why = match task.status {
            Status::Error => "is in error: retry it or abandon it".to_owned(),
            Status::Succeed | Status::Failed => format!("has ended already ({})", task.status),
            Status::Preparing | Status::Running => "is being undone already".to_owned(),
        };
        Ok(CancelError::Refused(format!("task {id} {why}")))
    }
}

/// Whether every step that has begun can be undone; `Err` says which cannot, and why.
fn may_turn_back(kind: Option<&Arc<Kind>>, stored: &str, events: &Result<Vec<Event>, String>) -> Result<(), String> {
    let unknown = "cannot be told how far it is, since its kind has changed since it was submitted: it will end in error by itself";
    let kind = kind.ok_or(unknown)?;
    let names: Vec<_> = kind.step_names().collect();
    if serde_json::from_str::<Vec<String>>(stored).is_ok_and(|stored| stored != names) {
        return Err(unknown.to_owned());
    }
    let events = events.as_ref().map_err(|why| format!("the step log cannot be read: {why}"))?;
    let lines = events.iter().map(|event| (&event.step, event.kind));
    if let Next::Finish(status) = replay(&names, lines, false).map_err(|error| error.to_string())? {
        return Err(format!("all of its steps are over: it will be {status} by itself"));
    }
    let begun = |name: &str| events.iter().any(|event| event.step == name && event.kind == EventKind::Started);
    let mut begun = kind.steps.iter().filter(|step| begun(step.name()));
    match begun.find_map(|step| Some((step.name(), step.point_of_no_return()?))) {
        None => Ok(()),
        Some((step, why)) => Err(format!("it has passed its point of no return: step `{step}` has begun, and {why}")),
    }
}

/// What a task fails with that is cancelled; `detail` is for the log.
pub(crate) fn failure(detail: impl Into<String>) -> Failure {
    Failure::new(MESSAGE, detail)
}

/// Tells the workers of this process which of their tasks are cancelled.
#[derive(Default)]
pub(crate) struct Cancels(Mutex<HashMap<TaskId, CancellationToken>>);

impl Cancels {
    /// The task is cancelled. A worker that has just claimed it and does not watch yet learns it too.
    fn signal(&self, id: TaskId) {
        self.tokens().entry(id).or_default().cancel();
    }

    /// Tells those workers whose tasks are among these.
    pub(crate) fn signal_known(&self, ids: &[TaskId]) {
        let tokens = self.tokens();
        ids.iter().filter_map(|id| tokens.get(id)).for_each(CancellationToken::cancel);
    }

    /// What tells a worker; it calls [`Cancels::forget`] when it lets the task go.
    pub(crate) fn watch(&self, id: TaskId) -> CancellationToken {
        self.tokens().entry(id).or_default().clone()
    }

    pub(crate) fn forget(&self, id: TaskId) {
        self.tokens().remove(&id);
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<TaskId, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
