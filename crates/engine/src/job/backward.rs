//! Backward: undo a step, write what came of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::guard::{Direction, Ran};
use super::{Job, Onward, Work, end_hook};
use crate::clock::millis;
use crate::log::{EventKind, Next};
use crate::meter::Deed;
use crate::step::{StepContext, Undone};
use crate::store::work::{WriteError, append};
use crate::task::Status;

/// After an undo that panicked, or whose result could not be stored.
const PAUSE: Duration = Duration::from_secs(1);

impl Job {
    /// Undoes a step that has started.
    pub(super) async fn backward(&mut self, work: &mut Work, index: usize) -> Onward {
        let kind = Arc::clone(&work.kind);
        let step = kind.step(index);
        let deadline = self.undo_deadline(work);
        let cx = self.context(work, deadline);
        let begun = Instant::now();
        let ran = self.guard(step.undo(&cx), deadline, Direction::Backward).await?;
        self.inner.meter.took(kind.name, step.name(), Deed::Undo, begun.elapsed());
        let undone = match ran {
            Ran::Answered(undone) => undone,
            Ran::Panicked(text) => {
                tracing::warn!(task = self.task.id.0, step = step.name(), text, "an undo panicked");
                Undone::Retry(PAUSE, "it stopped unexpectedly".to_owned())
            }
            Ran::Late | Ran::Cancelled => {
                let limit = self.inner.settings.undo_deadline.as_secs_f64();
                Undone::GiveUp(format!("it did not finish within {limit} s"))
            }
        };
        work.attempt = 1;
        match undone {
            Undone::Done => self.undone(work, index, cx).await,
            Undone::Retry(after, why) => self.undo_later(work, (index, cx.attempt), after, why).await,
            Undone::GiveUp(why) => self.give_up(work, (index, cx.attempt), why).await,
        }
    }

    /// After a long standstill of the service the deadline may have passed: each claim grants one honest try.
    fn undo_deadline(&self, work: &Work) -> i64 {
        work.undo_deadline.max(work.claimed_at.saturating_add(millis(self.inner.settings.lease)))
    }

    /// One transaction: `undone`, what the step takes back, and at the first step the end.
    async fn undone(&self, work: &Work, index: usize, cx: Arc<StepContext>) -> Onward {
        let attempt = cx.attempt;
        let ended = (index == 0).then(|| self.ended(Status::Failed, work.failure.clone()));
        let (fence, hold, mark, kind) = (self.fence, self.hold(), self.mark(cx.attempt), Arc::clone(&work.kind));
        let written = self.persist(move |tx| {
            match &ended {
                None => fence.step_back(tx, hold)?,
                Some(task) => fence.finish(tx, task)?,
            }
            let step = kind.step(index);
            append(tx, fence.id, step.name(), EventKind::Undone, &Value::Null, &mark)?;
            step.forget(tx, &cx).map_err(WriteError::Hook)?;
            ended.iter().try_for_each(|task| end_hook(tx, &kind, task))
        });
        match (written.await, index.checked_sub(1)) {
            (Ok(()), None) => {
                self.inner.meter.ended(work.kind.name, Status::Failed);
                Ok(None)
            }
            (Ok(()), Some(before)) => Ok(self.onward(hold, Next::Undo(before))),
            (Err(WriteError::Hook(error)), _) => {
                tracing::warn!(task = self.task.id.0, %error, "what an undone step had recorded could not be taken back");
                self.undo_later(work, (index, attempt), PAUSE, "its records could not be taken back".to_owned()).await
            }
            (Err(error), _) => Err(error.into()),
        }
    }

    /// Gives the worker back until the undo is to be tried again; gives up when that would be past the deadline.
    async fn undo_later(&self, work: &Work, at: (usize, u32), after: Duration, why: String) -> Onward {
        let (fence, run_at) = (self.fence, self.steady().saturating_add(millis(after)));
        if run_at > work.undo_deadline {
            return self.give_up(work, at, why).await;
        }
        self.persist(move |tx| fence.give_back(tx, run_at)).await?;
        Ok(None)
    }

    /// The task ends as `error`: a person must look.
    async fn give_up(&self, work: &Work, (index, attempt): (usize, u32), why: String) -> Onward {
        let name = work.kind.step(index).name();
        tracing::error!(task = self.task.id.0, kind = work.kind.name, step = name, why, "an undo gave up");
        let message = format!("{}; step `{name}` could not be undone: {why}", work.failure);
        let (fence, mark, reason) = (self.fence, self.mark(attempt), Value::from(why));
        let also = move |tx: &db::Tx<'_>| Ok(append(tx, fence.id, name, EventKind::UndoFailed, &reason, &mark)?);
        self.end_as_error(Some(Arc::clone(&work.kind)), message, also).await?;
        Ok(None)
    }
}
