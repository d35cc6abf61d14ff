//! Lets a step work, and watches: its deadline, the lease, a stop, a panic.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::task::Poll;

use futures_util::FutureExt;

use super::{Gone, Job};
use crate::clock::millis;
use crate::store::work::WriteError;

/// How a step's work came out.
pub(super) enum Ran<T> {
    Answered(T),
    /// With the panic's text.
    Panicked(String),
    /// The deadline passed; the work was dropped.
    Late,
    /// The task is cancelled; the work was dropped. Never told of an undo.
    Cancelled,
}

/// Which way a task goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Forward,
    Backward,
}

impl Job {
    /// Works until the deadline; drops the work when the lease is lost, the engine is stopped, or, unless it is an undo, the
    /// task is cancelled.
    pub(super) async fn guard<T>(
        &self,
        work: impl Future<Output = T>,
        deadline: i64,
        direction: Direction,
    ) -> Result<Ran<T>, Gone> {
        tokio::select! {
            // In this order: a step that is late, or not ours any more, must not even begin.
            biased;
            () = self.stop.killed.cancelled() => Err(Gone::Killed),
            gone = self.keep_lease() => Err(gone),
            () = self.cancelled(direction) => Ok(Ran::Cancelled),
            () = self.inner.clock.sleep_until_steady(deadline) => Ok(Ran::Late),
            ran = self.while_held(AssertUnwindSafe(work).catch_unwind()) => match ran {
                Some(Ok(answer)) => Ok(Ran::Answered(answer)),
                Some(Err(payload)) => Ok(Ran::Panicked(panic_text(payload.as_ref()))),
                None => Err(Gone::Over),
            },
        }
    }

    /// Returns when the task is cancelled and still goes forward.
    async fn cancelled(&self, direction: Direction) {
        match direction {
            Direction::Forward => self.cancel.cancelled().await,
            Direction::Backward => std::future::pending().await,
        }
    }

    /// Lets the work go on only while the lease holds: it is looked at before each poll. A timer alone would not do: a
    /// process that was stopped for long may be woken by what its step waits for, before any timer.
    async fn while_held<F: Future>(&self, work: F) -> Option<F::Output> {
        let mut work = pin!(work);
        poll_fn(|cx| if self.is_over() { Poll::Ready(None) } else { work.as_mut().poll(cx).map(Some) }).await
    }

    fn is_over(&self) -> bool {
        !self.inner.settings.exclusive && self.steady() >= self.acts_until()
    }

    /// Nothing may be done from then on: a tenth of the lease before others may claim the task, since their clocks may
    /// be ahead of ours.
    fn acts_until(&self) -> i64 {
        self.held_until.load(Ordering::SeqCst).saturating_sub(millis(self.inner.settings.lease) / 10)
    }

    /// Renews the lease for as long as it is polled; returns when it is lost or over.
    async fn keep_lease(&self) -> Gone {
        if self.inner.settings.exclusive {
            std::future::pending::<()>().await;
        }
        let third = (millis(self.inner.settings.lease) / 3).max(1);
        let mut next = self.steady().saturating_add(third);
        loop {
            let over = self.inner.clock.sleep_until_steady(self.acts_until());
            // A database that does not answer must not keep us beyond the lease.
            let renewed = tokio::select! {
                biased;
                () = over => return Gone::Over,
                renewed = self.renew(next) => renewed,
            };
            match renewed {
                Err(gone) => return gone,
                Ok(begun) => next = begun.saturating_add(third),
            }
        }
    }

    /// Renews the lease at this time; one that cannot be renewed may be at the next. Answers when the write began.
    async fn renew(&self, at: i64) -> Result<i64, Gone> {
        self.inner.clock.sleep_until_steady(at).await;
        // Counted from before the write, however long it takes.
        let begun = self.steady();
        let (fence, until) = (self.fence, self.inner.lease_from(begun));
        match self.inner.write(move |tx| fence.renew(tx, until)).await {
            Ok(()) => self.held_until.store(until, Ordering::SeqCst),
            Err(WriteError::Lost) => return Err(Gone::Lost),
            Err(WriteError::Cancelled) => self.cancel.cancel(),
            Err(error) => tracing::warn!(task = self.task.id.0, %error, "the lease could not be renewed"),
        }
        Ok(begun)
    }
}

fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a text").to_owned()
}
