//! Steps that fail, give up, repeat and crash on demand: a wrapper around the real ones.

use std::future::Future;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use db::{Db, Tx};
use serde_json::Value;

use super::Fuse;
use crate::{Clock, EventKind, Failure, Kind, Outcome, Step, StepContext, Undone, store};

/// When a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before it has acted.
    Before,
    /// After it has acted: as when the answer is lost.
    After,
}

/// How a step, or an undo, comes to its bad end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum How {
    /// It answers so.
    #[default]
    Answers,
    /// It panics; an undo does so until its deadline.
    Panics,
    /// It does not return before its deadline, to which the clock is moved.
    TimesOut,
}

impl How {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Answers, Self::Panics, Self::TimesOut];
}

/// Where the whole engine is killed, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kill {
    /// In this step.
    pub step: &'static str,
    /// In its undo, not in its run.
    pub undo: bool,
    /// When.
    pub point: Point,
}

/// The moment of a [`Kill`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// It is durable that the step has started; it has not acted.
    Before,
    /// Where the step waits for the outside world, the how-manieth time.
    During(usize),
    /// It has acted; that is not written down yet.
    After,
}

/// What goes wrong in a case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// This step fails, then.
    pub fail: Option<(&'static str, Moment)>,
    /// How it does.
    pub how: How,
    /// The undo of this step gives up, without acting.
    pub give_up: Option<&'static str>,
    /// How it does.
    pub stuck: How,
    /// The engine is killed there, and another goes on.
    pub kill: Option<Kill>,
    /// Every `run` and every `undo` happens twice in a row; the second answer counts.
    pub twice: bool,
}

/// The kind with each of its steps wrapped.
pub(super) fn wrap(kind: Kind, (db, clock): (&Db, &Clock), faults: &Faults, fuse: Option<&Fuse>) -> Kind {
    let wrap = |inner| {
        let (db, clock, fuse) = (db.clone(), clock.clone(), fuse.cloned().map(Arc::new));
        let faulty = Faulty { inner, db, clock, faults: *faults, fuse };
        Box::new(faulty) as Box<dyn Step>
    };
    Kind { steps: kind.steps.into_iter().map(wrap).collect(), ..kind }
}

struct Faulty {
    inner: Box<dyn Step>,
    db: Db,
    clock: Clock,
    faults: Faults,
    fuse: Option<Arc<Fuse>>,
}

impl Faulty {
    async fn boundary(&self) {
        if let Some(fuse) = &self.fuse {
            fuse.boundary().await;
        }
    }

    fn dies(&self, undo: bool, point: Point) -> bool {
        self.faults.kill == Some(Kill { step: self.name(), undo, point })
    }

    /// The engine dies here if it is to.
    async fn kill(&self, undo: bool, point: Point) {
        if let Some(fuse) = self.fuse.as_ref().filter(|_| self.dies(undo, point)) {
            fuse.blow();
            fuse.boundary().await;
        }
    }

    /// Works, with one boundary where the work first waits, and dies where it waits for the time of a kill.
    async fn with_boundary<T>(&self, undo: bool, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let (mut waits, mut counted) = (0, false);
        loop {
            let polled = std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                // Polled again right after a boundary, it has not been woken.
                Poll::Pending if std::mem::take(&mut counted) => Poll::Pending,
                Poll::Pending => {
                    waits += 1;
                    if waits == 1 || self.dies(undo, Point::During(waits)) { Poll::Ready(None) } else { Poll::Pending }
                }
            });
            if let Some(answer) = polled.await {
                return answer;
            }
            counted = true;
            if waits == 1 {
                self.boundary().await;
            }
            self.kill(undo, Point::During(waits)).await;
        }
    }

    fn fails(&self, moment: Moment) -> bool {
        self.faults.fail == Some((self.name(), moment))
    }

    async fn act(&self, cx: &StepContext) -> Outcome {
        if self.fails(Moment::Before) {
            return self.failure(cx).await;
        }
        let mut outcome = self.with_boundary(false, self.inner.run(cx)).await;
        if self.faults.twice {
            outcome = self.inner.run(cx).await;
        }
        self.kill(false, Point::After).await;
        if self.fails(Moment::After) && matches!(outcome, Outcome::Done(_)) { self.failure(cx).await } else { outcome }
    }

    async fn failure(&self, cx: &StepContext) -> Outcome {
        self.end_badly(self.faults.how, cx).await;
        Outcome::Fail(Failure::new(format!("step {} was made to fail", self.name()), "by the harness"))
    }

    /// Returns only when an answer is to follow.
    async fn end_badly(&self, how: How, cx: &StepContext) {
        match how {
            How::Answers => {}
            // As a panic, but without a word on stderr, of which there would be thousands.
            How::Panics => std::panic::resume_unwind(Box::new(format!("step {} was made to panic", self.name()))),
            How::TimesOut => {
                let left = cx.deadline_ms.saturating_sub(self.clock.steady_ms());
                self.clock.advance(Duration::from_millis(u64::try_from(left).unwrap_or(0) + 1));
                std::future::pending().await
            }
        }
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
        self.kill(false, Point::Before).await;
        let outcome = self.act(cx).await;
        self.boundary().await;
        outcome
    }

    fn record(&self, tx: &Tx<'_>, cx: &StepContext, out: &Value) -> Result<(), db::Error> {
        self.inner.record(tx, cx, out)
    }

    async fn undo(&self, cx: &StepContext) -> Undone {
        self.boundary().await;
        self.kill(true, Point::Before).await;
        if self.faults.give_up == Some(self.name()) {
            self.end_badly(self.faults.stuck, cx).await;
            return Undone::GiveUp("the harness made it give up".to_owned());
        }
        let mut undone = self.with_boundary(true, self.inner.undo(cx)).await;
        if self.faults.twice {
            undone = self.inner.undo(cx).await;
        }
        self.kill(true, Point::After).await;
        self.boundary().await;
        undone
    }

    fn forget(&self, tx: &Tx<'_>, cx: &StepContext) -> Result<(), db::Error> {
        self.inner.forget(tx, cx)
    }
}
