//! One claimed task: runs its steps forward, or undoes them backward, until it ends, waits, or is lost.

mod backward;
mod forward;
mod guard;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use db::Tx;
use futures_util::FutureExt;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::engine::Inner;
use crate::log::Next;
use crate::registry::Kind;
use crate::step::{StepContext, generation};
use crate::store::work::{Fence, Hold, Mark, WriteError};
use crate::task::{Status, Task};
use crate::worker::{Claimed, Stop};

/// A write that fails is tried again after each of these.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(500)];
/// Between the tries to give a task back while the database does not write.
const GIVE_BACK_PAUSE: Duration = Duration::from_millis(250);

/// Why a worker lets go of a task that is neither ended nor given back.
enum Gone {
    /// Somebody else has it: a write was refused.
    Lost,
    /// The lease is over, or nearly, and was not renewed: somebody else may have it.
    Over,
    /// The engine is being stopped.
    Killed,
    /// The database does not write.
    Database(db::Error),
}

impl From<WriteError> for Gone {
    fn from(error: WriteError) -> Self {
        match error {
            // What could be refused for a cancel is handled where it is written.
            WriteError::Lost | WriteError::Cancelled => Self::Lost,
            WriteError::Hook(error) | WriteError::Database(error) => Self::Database(error),
        }
    }
}

/// What a job answers after each of its acts: what is next, or nothing when the task ended or was given back.
type Onward = Result<Option<Next>, Gone>;

pub(crate) struct Job {
    inner: Arc<Inner>,
    stop: Stop,
    fence: Fence,
    /// The lease as it was last written.
    held_until: AtomicI64,
    /// Who this worker is.
    owner: Arc<str>,
    /// The task is cancelled.
    cancel: CancellationToken,
    task: Task,
    work: Result<Work, String>,
}

impl Drop for Job {
    fn drop(&mut self) {
        self.inner.cancels.forget(self.task.id);
    }
}

/// What is known of a task whose stored form can be read.
struct Work {
    kind: Arc<Kind>,
    next: Next,
    outputs: BTreeMap<String, Value>,
    failure: String,
    attempt: u32,
    claimed_at: i64,
    deadline: i64,
    undo_deadline: i64,
}

impl Job {
    pub(crate) fn new(inner: Arc<Inner>, stop: Stop, claimed: Claimed, now: i64) -> Self {
        let Claimed { stored, plan } = claimed;
        let fence = Fence { id: stored.task.id, epoch: i64::try_from(stored.task.epoch).unwrap_or(i64::MAX) };
        let work = plan.map(|plan| Work {
            kind: plan.kind,
            next: plan.next,
            outputs: plan.outputs,
            failure: plan.failure,
            attempt: stored.attempt,
            claimed_at: now,
            deadline: stored.deadline,
            undo_deadline: stored.undo_deadline.unwrap_or(stored.deadline),
        });
        let held_until = AtomicI64::new(inner.lease_from(now));
        let (owner, cancel) = (Arc::from(inner.settings.name.as_str()), inner.cancels.watch(stored.task.id));
        if stored.cancelling {
            cancel.cancel();
        }
        Self { inner, stop, fence, held_until, owner, cancel, task: stored.task, work }
    }

    /// Works until there is nothing left for this worker to do. Never panics.
    pub(crate) async fn run(mut self) {
        let task = self.task.id.0;
        match AssertUnwindSafe(self.drive()).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(Gone::Lost)) => tracing::warn!(task, "another worker has the task; a late write is refused"),
            Ok(Err(Gone::Over)) => {
                tracing::warn!(task, "the lease is over; what the step was doing is dropped, another worker goes on");
            }
            Ok(Err(Gone::Killed)) => {
                tracing::info!(task, "stopped in the middle of a step; the next start resumes it");
                drop(self.give_back().await);
            }
            Ok(Err(Gone::Database(error))) => {
                tracing::error!(task, %error, "the database does not write; the task is given back");
                self.give_back_somehow().await;
            }
            Err(_) => {
                tracing::error!(task, "the worker panicked; the task is given back");
                self.give_back_somehow().await;
            }
        }
    }

    async fn drive(&mut self) -> Result<(), Gone> {
        let mut work = match std::mem::replace(&mut self.work, Err(String::new())) {
            Ok(work) => work,
            Err(why) => return self.end_unreadable(why).await,
        };
        let mut next = Some(work.next);
        while let Some(act) = next {
            next = match act {
                Next::Run(index) => self.forward(&mut work, index).await?,
                Next::Undo(index) => self.backward(&mut work, index).await?,
                Next::Finish(status) => self.finish(&work, status).await?,
            };
        }
        Ok(())
    }

    /// The log says that all is done but the final status: it is written on its own.
    async fn finish(&self, work: &Work, status: Status) -> Onward {
        let task = self.ended(status, if status == Status::Failed { work.failure.clone() } else { String::new() });
        let (fence, kind) = (self.fence, Arc::clone(&work.kind));
        self.persist(move |tx| {
            fence.finish(tx, &task)?;
            end_hook(tx, &kind, &task)
        })
        .await?;
        self.inner.meter.ended(work.kind.name, status);
        Ok(None)
    }

    /// Nobody can tell what the task has done: it ends as `error`, and its kind, where it still exists, is told.
    async fn end_unreadable(&self, why: String) -> Result<(), Gone> {
        tracing::error!(task = self.task.id.0, why, "a person must look at this task");
        let kind = self.inner.registry.get(&self.task.kind).cloned();
        Ok(self.end_as_error(kind, why, |_| Ok(())).await?)
    }

    /// Ends the task as `error` together with what `also` writes; without its kind's `ended` when that fails.
    async fn end_as_error(
        &self,
        kind: Option<Arc<Kind>>,
        message: String,
        also: impl Fn(&Tx<'_>) -> Result<(), WriteError> + Clone + Send + 'static,
    ) -> Result<(), WriteError> {
        let (fence, task) = (self.fence, self.ended(Status::Error, message));
        let bare = move |tx: &Tx<'_>, task: &Task| {
            fence.finish(tx, task)?;
            also(tx)
        };
        let (with_hook, ended) = (bare.clone(), task.clone());
        let told = self.persist(move |tx| {
            with_hook(tx, &ended)?;
            kind.as_ref().map_or(Ok(()), |kind| end_hook(tx, kind, &ended))
        });
        let written = match told.await {
            Err(WriteError::Hook(error)) => {
                tracing::error!(task = self.task.id.0, %error, "the kind could not note the error; written without it");
                self.persist(move |tx| bare(tx, &task)).await
            }
            other => other,
        };
        written.inspect(|()| self.inner.meter.ended(&self.task.kind, Status::Error))
    }

    /// Writes a transaction; tries again when it fails for another reason than a lost lease.
    async fn persist(
        &self,
        f: impl Fn(&Tx<'_>) -> Result<(), WriteError> + Clone + Send + 'static,
    ) -> Result<(), WriteError> {
        for pause in PAUSES {
            match self.inner.write(f.clone()).await {
                Err(WriteError::Hook(error) | WriteError::Database(error)) => {
                    tracing::warn!(task = self.task.id.0, %error, "a write failed; trying again");
                }
                other => return other,
            }
            tokio::time::sleep(pause).await;
        }
        self.inner.write(f).await
    }

    async fn give_back(&self) -> Result<(), WriteError> {
        let (fence, now) = (self.fence, self.steady());
        self.inner.write(move |tx| fence.give_back(tx, now)).await
    }

    /// A claim that is never given back would hold the task until the next start, or until the lease ends.
    async fn give_back_somehow(&self) {
        while let Err(WriteError::Hook(_) | WriteError::Database(_)) = self.give_back().await {
            tokio::select! {
                () = self.stop.stopping.cancelled() => return,
                () = tokio::time::sleep(GIVE_BACK_PAUSE) => {}
            }
        }
    }

    /// How the task is held after the next write: not at all when the engine is stopping.
    fn hold(&self) -> Hold {
        if self.stop.stopping.is_cancelled() {
            Hold { lease_until: 0, attempt: 0 }
        } else {
            Hold { lease_until: self.inner.lease_from(self.steady()), attempt: 1 }
        }
    }

    /// What follows after a write that held the task so.
    fn onward(&self, hold: Hold, next: Next) -> Option<Next> {
        self.held_until.store(hold.lease_until, Ordering::SeqCst);
        (hold.lease_until > 0).then_some(next)
    }

    /// The task as it is once it has ended.
    fn ended(&self, status: Status, message: String) -> Task {
        Task { status, message, ended_at: Some(self.now()), ..self.task.clone() }
    }

    fn context(&self, work: &Work, deadline_ms: i64) -> Arc<StepContext> {
        Arc::new(StepContext {
            generation: generation(self.task.id, self.task.epoch),
            task: self.task.clone(),
            attempt: work.attempt,
            outputs: work.outputs.clone(),
            deadline_ms,
        })
    }

    /// What this worker writes below a line of the log.
    fn mark(&self, attempt: u32) -> Mark {
        Mark { at: self.now(), owner: Arc::clone(&self.owner), attempt }
    }

    /// The date, for what is written down.
    fn now(&self) -> i64 {
        self.inner.clock.now_ms()
    }

    /// The time by which deadlines, leases and waits go.
    fn steady(&self) -> i64 {
        self.inner.clock.steady_ms()
    }
}

/// Tells the kind of a task's end, in the transaction that writes it.
fn end_hook(tx: &Tx<'_>, kind: &Kind, task: &Task) -> Result<(), WriteError> {
    (kind.ended)(tx, task, task.status).map_err(WriteError::Hook)
}
