//! What a step is, what it is given, and what it may answer.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Task;

/// Why a step cannot work: in words for the client, and in detail for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For the client; becomes the task's message.
    pub message: String,
    /// For operators: logged and kept in the step log, never shown to a client.
    pub detail: String,
}

impl Failure {
    /// A failure with a client's message and an operator's detail.
    pub fn new(message: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { message: message.into(), detail: detail.into() }
    }
}

/// What [`Step::run`] answers.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The step is done; the value is kept for the steps after it.
    Done(Value),
    /// Not yet: run it again after this time. The worker is free meanwhile.
    Retry(Duration),
    /// Not yet, since somebody wants it so: run it again after this time, or after
    /// [`Engine::release`](crate::Engine::release) when there is none. The time does not count: the task's deadline is
    /// counted anew.
    Hold(Option<Duration>),
    /// It cannot work: undo this step and all before it.
    Fail(Failure),
}

/// What [`Step::undo`] answers.
#[derive(Debug, Clone)]
pub enum Undone {
    /// What the step makes is absent now, whether it was ever there or not.
    Done,
    /// Not yet, and why: try again after this time, until the undo's deadline.
    Retry(Duration, String),
    /// It cannot be made absent, and why: the task ends as `error`.
    GiveUp(String),
}

/// One step of a task.
///
/// A step may be run again after a crash at any point of it, also when its first run had done all of its work: `run`
/// and `undo` are idempotent, and an older run may still be at work on another machine (see
/// [`StepContext::generation`]).
#[async_trait]
pub trait Step: Send + Sync + 'static {
    /// The step's name: unique in its kind, stored with each task, never changed.
    fn name(&self) -> &'static str;

    /// Why the task cannot be cancelled any more once this step has begun, as in "deleted keys do not come back"; `None`:
    /// all that it does can be undone.
    fn point_of_no_return(&self) -> Option<&'static str> {
        None
    }

    /// Makes something so in the world outside the database.
    async fn run(&self, cx: &StepContext) -> Outcome;

    /// Writes what `run` learned; commits together with the step's `done`.
    ///
    /// # Errors
    /// Nothing is written, and after a few tries the step counts as failed.
    fn record(&self, tx: &db::Tx<'_>, cx: &StepContext, out: &Value) -> Result<(), db::Error> {
        let _ = (tx, cx, out);
        Ok(())
    }

    /// Makes absent whatever `run` may have made; also called when `run` failed or was never reached.
    async fn undo(&self, cx: &StepContext) -> Undone {
        let _ = cx;
        Undone::Done
    }

    /// Takes back what `record` wrote, if it was called; commits together with the step's `undone`.
    ///
    /// # Errors
    /// Nothing is written, and the undo is tried again until its deadline.
    fn forget(&self, tx: &db::Tx<'_>, cx: &StepContext) -> Result<(), db::Error> {
        let _ = (tx, cx);
        Ok(())
    }
}

/// What a step is told.
#[derive(Debug, Clone)]
pub struct StepContext {
    /// The task as it was claimed.
    pub task: Task,
    /// Grows with every claim and from each task to the next: of two workers on one subject the one with the smaller
    /// generation is stale, and whoever acts for it must be refused. See [`generation`].
    pub generation: u64,
    /// The how manieth time this step (or its undo) begins, from 1.
    pub attempt: u32,
    /// What the done steps answered, by their names.
    pub outputs: BTreeMap<String, Value>,
    /// When this run is dropped and counts as failed, in milliseconds of the clock's steady time.
    pub deadline_ms: i64,
}

impl StepContext {
    /// Whether nobody has claimed the task since: to be asked in each transaction that a step writes on its own, outside of
    /// [`Step::record`].
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn is_current(&self, tx: &db::Tx<'_>) -> Result<bool, db::Error> {
        crate::store::work::is_current(tx, self.task.id, self.task.epoch)
    }

    /// What an earlier step answered.
    #[must_use]
    pub fn output(&self, step: &str) -> Option<&Value> {
        self.outputs.get(step)
    }

    /// What an earlier step answered, as a type.
    ///
    /// # Errors
    /// When the step has no output, or one of another shape.
    pub fn output_as<T: DeserializeOwned>(&self, step: &str) -> Result<T, Failure> {
        T::deserialize(self.output(step).unwrap_or(&Value::Null))
            .map_err(|error| unreadable(format!("output of step `{step}`: {error}")))
    }

    /// The task's parameters as a type.
    ///
    /// # Errors
    /// When they have another shape.
    pub fn params_as<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        T::deserialize(&self.task.params).map_err(|error| unreadable(format!("params: {error}")))
    }
}

fn unreadable(detail: String) -> Failure {
    Failure::new("what is stored of the task does not fit this version of the service", detail)
}

/// The bits of a generation that count the claims of one task.
const EPOCH_BITS: u32 = 20;

/// The generation of a task's `epoch`-th claim.
///
/// A subject has one live task at a time and task numbers grow, so the number comes first and the epoch second. More
/// than a million claims of one task share the last generation.
#[must_use]
pub fn generation(task: crate::TaskId, epoch: u64) -> u64 {
    (task.0.unsigned_abs() << EPOCH_BITS) | epoch.min((1 << EPOCH_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::generation;
    use crate::TaskId;

    #[test]
    fn a_later_claim_and_a_later_task_have_larger_generations() {
        assert!(generation(TaskId(7), 2) > generation(TaskId(7), 1));
        assert!(generation(TaskId(8), 1) > generation(TaskId(7), u64::MAX));
    }
}
