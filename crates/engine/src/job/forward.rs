//! Forward: run a step, write what came of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::guard::{Direction, Ran};
use super::{Job, Onward, Work, end_hook};
use crate::cancel;
use crate::clock::millis;
use crate::engine::FOREVER;
use crate::log::{EventKind, Next};
use crate::meter::Deed;
use crate::step::{Failure, Outcome, StepContext};
use crate::store::work::{WriteError, append};
use crate::task::Status;

impl Job {
    /// Runs a step whose `started` is durable.
    pub(super) async fn forward(&mut self, work: &mut Work, index: usize) -> Onward {
        let kind = Arc::clone(&work.kind);
        let step = kind.step(index);
        let cx = self.context(work, work.deadline);
        let (attempt, begun) = (cx.attempt, Instant::now());
        let ran = self.guard(step.run(&cx), work.deadline, Direction::Forward).await?;
        self.inner.meter.took(kind.name, step.name(), Deed::Run, begun.elapsed());
        let outcome = match ran {
            Ran::Answered(outcome) => outcome,
            Ran::Panicked(text) => Outcome::Fail(Failure::new(
                format!("step `{}` stopped unexpectedly", step.name()),
                format!("panic: {text}"),
            )),
            Ran::Late => Outcome::Fail(late(work, step.name())),
            Ran::Cancelled => return self.turn_back(work, (index, attempt), "").await,
        };
        work.attempt = 1;
        match outcome {
            Outcome::Done(out) => self.done(work, index, cx, out).await,
            Outcome::Retry(after) => self.run_later(work, after).await,
            Outcome::Hold(after) => self.hold_task(after).await,
            Outcome::Fail(failure) => self.fail(work, (index, attempt), failure).await,
        }
    }

    /// One transaction: `done`, what the step records, and the next step's `started` or the end.
    async fn done(&mut self, work: &mut Work, index: usize, cx: Arc<StepContext>, out: Value) -> Onward {
        self.task.progress.0 = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let last = index + 1 == work.kind.steps.len();
        let ended = last.then(|| self.ended(Status::Succeed, String::new()));
        let (fence, hold, done, attempt) = (self.fence, self.hold(), self.task.progress.0, cx.attempt);
        let (mark, next) = (self.mark(attempt), self.mark(1));
        let (kind, output) = (Arc::clone(&work.kind), out.clone());
        let written = self.persist(move |tx| {
            match &ended {
                None => fence.advance(tx, hold, done)?,
                Some(task) => fence.finish(tx, task)?,
            }
            let step = kind.step(index);
            append(tx, fence.id, step.name(), EventKind::Done, &output, &mark)?;
            step.record(tx, &cx, &output).map_err(WriteError::Hook)?;
            match &ended {
                None => Ok(append(tx, fence.id, kind.step(index + 1).name(), EventKind::Started, &Value::Null, &next)?),
                Some(task) => end_hook(tx, &kind, task),
            }
        });
        match written.await {
            Ok(()) if last => {
                self.inner.meter.ended(work.kind.name, Status::Succeed);
                Ok(None)
            }
            Ok(()) => {
                work.outputs.insert(work.kind.step(index).name().to_owned(), out);
                Ok(self.onward(hold, Next::Run(index + 1)))
            }
            Err(WriteError::Cancelled) => {
                self.task.progress.0 = self.task.progress.0.saturating_sub(1);
                self.turn_back(work, (index, attempt), "the step had done its work by then").await
            }
            Err(WriteError::Hook(error)) => {
                self.task.progress.0 = self.task.progress.0.saturating_sub(1);
                let message = format!("the result of step `{}` could not be stored", work.kind.step(index).name());
                self.fail(work, (index, attempt), Failure::new(message, error.to_string())).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Gives the worker back until the step is to run again; at the deadline at the latest, to fail then.
    async fn run_later(&self, work: &Work, after: Duration) -> Onward {
        let (fence, run_at) = (self.fence, self.steady().saturating_add(millis(after)).min(work.deadline));
        self.persist(move |tx| fence.give_back(tx, run_at)).await?;
        Ok(None)
    }

    /// Gives the worker back for as long as somebody wants it so.
    async fn hold_task(&self, after: Option<Duration>) -> Onward {
        let (fence, now) = (self.fence, self.steady());
        let run_at = after.map_or(FOREVER, |after| now.saturating_add(millis(after)));
        self.persist(move |tx| fence.hold(tx, run_at)).await?;
        Ok(None)
    }

    /// From here on the steps are undone, this one first; since it failed, or, if that was sooner, the task was cancelled.
    async fn fail(&self, work: &mut Work, (index, attempt): (usize, u32), failure: Failure) -> Onward {
        let Failure { message, detail } = failure.clone();
        let name = work.kind.step(index).name();
        tracing::warn!(task = self.task.id.0, kind = work.kind.name, step = name, message, detail, "a step failed");
        match self.unwind(work, (index, attempt), failure, false).await {
            Err(WriteError::Cancelled) => {
                let detail = format!("the step failed by then: {message} ({detail})");
                self.turn_back(work, (index, attempt), &detail).await
            }
            other => Ok(other?),
        }
    }

    /// The same, since the task is cancelled; `detail` is for the log.
    async fn turn_back(&self, work: &mut Work, at: (usize, u32), detail: &str) -> Onward {
        tracing::info!(task = self.task.id.0, kind = work.kind.name, detail, "cancelled; its steps are undone");
        Ok(self.unwind(work, at, cancel::failure(detail), true).await?)
    }

    /// One transaction: `failed`, and the task is unwinding.
    async fn unwind(
        &self,
        work: &mut Work,
        (index, attempt): (usize, u32),
        Failure { message, detail }: Failure,
        cancelled: bool,
    ) -> Result<Option<Next>, WriteError> {
        let name = work.kind.step(index).name();
        let (fence, hold, mark) = (self.fence, self.hold(), self.mark(attempt));
        let undo_deadline = self.steady().saturating_add(millis(self.inner.settings.undo_deadline));
        let cause = json!({ "message": message, "detail": detail });
        self.persist(move |tx| {
            fence.unwind(tx, hold, undo_deadline, cancelled)?;
            Ok(append(tx, fence.id, name, EventKind::Failed, &cause, &mark)?)
        })
        .await?;
        work.failure = message;
        work.undo_deadline = undo_deadline;
        Ok(self.onward(hold, Next::Undo(index)))
    }
}

fn late(work: &Work, step: &str) -> Failure {
    let message = format!("the task did not finish within {} s", work.kind.deadline.as_secs_f64());
    Failure::new(message, format!("the deadline passed in step `{step}`"))
}
