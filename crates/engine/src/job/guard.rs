//! Lets a step work, and watches: its deadline, the lease, a stop, a panic.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

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
}

impl Job {
    /// Works until the deadline; drops the work when the lease is lost or the engine is stopped.
    pub(super) async fn guard<T>(&self, work: impl Future<Output = T>, deadline: i64) -> Result<Ran<T>, Gone> {
        tokio::select! {
            // In this order: a step that is late, or not ours any more, must not even begin.
            biased;
            () = self.stop.killed.cancelled() => Err(Gone::Killed),
            () = self.keep_lease() => Err(Gone::Lost),
            () = self.inner.clock.sleep_until_steady(deadline) => Ok(Ran::Late),
            ran = AssertUnwindSafe(work).catch_unwind() => Ok(match ran {
                Ok(answer) => Ran::Answered(answer),
                Err(payload) => Ran::Panicked(panic_text(payload.as_ref())),
            }),
        }
    }

    /// Renews the lease for as long as it is polled; returns when it is lost.
    async fn keep_lease(&self) {
        if self.inner.settings.exclusive {
            std::future::pending::<()>().await;
        }
        let third = (millis(self.inner.settings.lease) / 3).max(1);
        let mut held_until = self.inner.lease_from(self.steady());
        let mut next = self.steady().saturating_add(third);
        loop {
            self.inner.clock.sleep_until_steady(next).await;
            // Counted from before the write, however long it takes.
            next = self.steady().saturating_add(third);
            let (fence, until) = (self.fence, self.inner.lease_from(self.steady()));
            match self.inner.write(move |tx| fence.renew(tx, until)).await {
                Ok(()) => held_until = until,
                Err(WriteError::Lost) => return,
                Err(error) => tracing::warn!(task = self.task.id.0, %error, "the lease could not be renewed"),
            }
            if self.steady() >= held_until {
                return;
            }
        }
    }
}

fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a text").to_owned()
}
