//! Steps that fail, give up, repeat and crash on demand: a wrapper around the real ones.

use std::future::Future;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use db::{Db, Tx};
use serde_json::Value;

use super::Fuse;
use crate::{EventKind, Failure, Kind, Outcome, Step, StepContext, Undone, store};

/// When a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before it has acted.
    Before,
    /// After it has acted: as when the answer is lost.
    After,
}

/// What goes wrong in a case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// This step fails, then.
    pub fail: Option<(&'static str, Moment)>,
    /// The undo of this step gives up, without acting.
    pub give_up: Option<&'static str>,
    /// Every `run` and every `undo` happens twice in a row; the second answer counts.
    pub twice: bool,
}

/// The kind with each of its steps wrapped.
pub(super) fn wrap(kind: Kind, db: &Db, faults: &Faults, fuse: Option<&Fuse>) -> Kind {
    let wrap = |inner| {
        let faulty = Faulty { inner, db: db.clone(), faults: *faults, fuse: fuse.cloned().map(Arc::new) };
        Box::new(faulty) as Box<dyn Step>
    };
    Kind { steps: kind.steps.into_iter().map(wrap).collect(), ..kind }
}

struct Faulty {
    inner: Box<dyn Step>,
    db: Db,
    faults: Faults,
    fuse: Option<Arc<Fuse>>,
}

impl Faulty {
    async fn boundary(&self) {
        if let Some(fuse) = &self.fuse {
            fuse.boundary().await;
        }
    }

    /// Works, with one boundary where the work first waits.
    async fn with_boundary<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let first = std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => Poll::Ready(None),
        });
        match first.await {
            Some(answer) => answer,
            None => {
                self.boundary().await;
                work.await
            }
        }
    }

    fn fails(&self, moment: Moment) -> bool {
        self.faults.fail == Some((self.name(), moment))
    }

    async fn act(&self, cx: &StepContext) -> Outcome {
        let failure =
            || Outcome::Fail(Failure::new(format!("step {} was made to fail", self.name()), "by the harness"));
        if self.fails(Moment::Before) {
            return failure();
        }
        let mut outcome = self.with_boundary(self.inner.run(cx)).await;
        if self.faults.twice {
            outcome = self.inner.run(cx).await;
        }
        if self.fails(Moment::After) && matches!(outcome, Outcome::Done(_)) { failure() } else { outcome }
    }

    /// The rules that each act of each step must keep.
    fn assert_may_act(&self, cx: &StepContext) {
        let events = self.db.read(|tx| store::events(tx, cx.task.id));
        let events = events.ok().and_then(Result::ok).unwrap_or_default();
        let seen = |kind| events.iter().any(|event| event.step == self.name() && event.kind == kind);
        assert!(seen(EventKind::Started), "step {} acts before its `started` is durable", self.name());
        assert!(!seen(EventKind::Done), "step {} acts again after its `done`", self.name());
    }
}

#[async_trait]
impl Step for Faulty {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn point_of_no_return(&self) -> Option<&'static str> {
        self.inner.point_of_no_return()
    }

    async fn run(&self, cx: &StepContext) -> Outcome {
        self.assert_may_act(cx);
        self.boundary().await;
        let outcome = self.act(cx).await;
        self.boundary().await;
        outcome
    }

    fn record(&self, tx: &Tx<'_>, cx: &StepContext, out: &Value) -> Result<(), db::Error> {
        self.inner.record(tx, cx, out)
    }

    async fn undo(&self, cx: &StepContext) -> Undone {
        self.boundary().await;
        if self.faults.give_up == Some(self.name()) {
            return Undone::GiveUp("the harness made it give up".to_owned());
        }
        let mut undone = self.with_boundary(self.inner.undo(cx)).await;
        if self.faults.twice {
            undone = self.inner.undo(cx).await;
        }
        self.boundary().await;
        undone
    }

    fn forget(&self, tx: &Tx<'_>, cx: &StepContext) -> Result<(), db::Error> {
        self.inner.forget(tx, cx)
    }
}
