//! The real steps, each in a wrapper that lets plans interfere: before its work, after it, and in its undo. What a plan
//! does not touch is the step's own doing; a step is never skipped and never shown as done without its work.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use db::Tx;
use engine::{Failure, Kind, Outcome, Step, StepContext, Undone};
use serde_json::Value;

use super::plan::{Fail, When};
use super::script::{Script, Shown};
use super::{Levers, notes, read};
use crate::store::lever::{self, Use};

/// While the plans cannot be read a step waits so long.
const PAUSE: Duration = Duration::from_secs(1);

/// The kind with each of its steps wrapped.
pub(super) fn wrap(kind: Kind, levers: &Arc<Levers>) -> Kind {
    let wrap =
        |(index, inner)| Box::new(Levered { inner, first: index == 0, levers: Arc::clone(levers) }) as Box<dyn Step>;
    Kind { steps: kind.steps.into_iter().enumerate().map(wrap).collect(), ..kind }
}

struct Levered {
    inner: Box<dyn Step>,
    first: bool,
    levers: Arc<Levers>,
}

/// A task that a plan or a pace has taken.
struct Taken {
    task: i64,
    used: Use,
    script: Script,
}

impl Taken {
    /// Who planned it, for the log.
    fn planned(&self) -> String {
        self.used
            .plan_id
            .map_or_else(|| "planned by the pace".to_owned(), |plan| format!("planned by lever plan {plan}"))
    }
}

impl Levered {
    fn taken(&self, cx: &StepContext) -> Result<Option<Taken>, db::Error> {
        let used = self.levers.db.read(|tx| lever::use_of(tx, cx.task.id.0))?;
        let Some(used) = used else { return Ok(None) };
        Ok(Some(Taken { task: cx.task.id.0, script: read(&used.script)?, used }))
    }

    async fn note(&self, taken: &Taken, text: String) -> Result<(), db::Error> {
        self.write(taken, text, |_, _| Ok(())).await
    }

    async fn write(
        &self,
        taken: &Taken,
        text: String,
        also: impl FnOnce(&Tx<'_>, i64) -> Result<(), db::Error> + Send + 'static,
    ) -> Result<(), db::Error> {
        tracing::info!(task = taken.task, step = self.inner.name(), plan = taken.used.plan_id, "planned: {text}");
        let (id, at) = (taken.used.id, self.levers.clock.now_ms());
        let write = move |tx: &Tx<'_>| {
            notes::add(tx, id, &text, at)?;
            also(tx, id)
        };
        self.levers.db.write(write).await
    }

    /// What holds the step up, if anything does.
    async fn held_up(&self, taken: &Taken) -> Result<Option<Outcome>, db::Error> {
        let (name, now) = (self.inner.name(), self.levers.clock.steady_ms());
        let hold = |ms: i64| Some(Outcome::Hold(Some(Duration::from_millis(ms.unsigned_abs()))));
        if self.first && taken.script.shown(taken.used.polls) != Shown::End {
            self.note(taken, "held until it has been asked for".to_owned()).await?;
            return Ok(Some(Outcome::Hold(None)));
        }
        if let Some(at) = taken.script.not_before.filter(|at| self.first && *at > now) {
            self.note(taken, "held for its pace".to_owned()).await?;
            return Ok(hold(at - now));
        }
        match (&taken.script.delay, taken.used.delayed_until) {
            (Some((step, ms)), None) if step == name => {
                let until = now.saturating_add(*ms);
                let text = format!("step `{name}` is delayed by {ms} ms");
                self.write(taken, text, move |tx, id| lever::set_delayed(tx, id, until)).await?;
                Ok(hold(*ms))
            }
            (Some((step, _)), Some(until)) if step == name && until > now => Ok(hold(until - now)),
            _ => Ok(None),
        }
    }

    async fn fail(&self, taken: &Taken, fail: &Fail) -> Result<Outcome, db::Error> {
        let (name, when) = (self.inner.name(), if fail.when == When::Before { "before" } else { "after" });
        self.note(taken, format!("step `{name}` was made to fail {when} its work")).await?;
        Ok(Outcome::Fail(Failure::new(&fail.message, format!("{}: {when} its work", taken.planned()))))
    }

    async fn run_taken(&self, cx: &StepContext, taken: &Taken) -> Result<Outcome, db::Error> {
        if let Some(held) = self.held_up(taken).await? {
            return Ok(held);
        }
        if let Some(fail) = taken.script.fails(self.inner.name(), When::Before) {
            return self.fail(taken, fail).await;
        }
        let outcome = self.inner.run(cx).await;
        match (&outcome, taken.script.fails(self.inner.name(), When::After)) {
            (Outcome::Done(_), Some(fail)) => self.fail(taken, fail).await,
            _ => Ok(outcome),
        }
    }

    /// Whether the undo gives up, which it does once.
    async fn gives_up(&self, cx: &StepContext) -> Result<Option<String>, db::Error> {
        let name = self.inner.name();
        let Some(taken) = self.taken(cx)?.filter(|taken| taken.script.undo_fails(name) && !taken.used.undo_failed)
        else {
            return Ok(None);
        };
        let text = format!("the undo of step `{name}` was made to give up");
        self.write(&taken, text, lever::set_undo_failed).await?;
        Ok(Some(taken.planned()))
    }
}

#[async_trait]
impl Step for Levered {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn point_of_no_return(&self) -> Option<&'static str> {
        self.inner.point_of_no_return()
    }

    async fn run(&self, cx: &StepContext) -> Outcome {
        let ran = match self.taken(cx) {
            Ok(None) => return self.inner.run(cx).await,
            Ok(Some(taken)) => self.run_taken(cx, &taken).await,
            Err(error) => Err(error),
        };
        ran.unwrap_or_else(|error| {
            tracing::error!(task = cx.task.id.0, %error, "a plan could not be read or noted; trying again");
            Outcome::Retry(PAUSE)
        })
    }

    fn record(&self, tx: &Tx<'_>, cx: &StepContext, out: &Value) -> Result<(), db::Error> {
        self.inner.record(tx, cx, out)
    }

    async fn undo(&self, cx: &StepContext) -> Undone {
        match self.gives_up(cx).await {
            Ok(None) => self.inner.undo(cx).await,
            Ok(Some(planned)) => Undone::GiveUp(planned),
            Err(error) => Undone::Retry(PAUSE, error.to_string()),
        }
    }

    fn forget(&self, tx: &Tx<'_>, cx: &StepContext) -> Result<(), db::Error> {
        self.inner.forget(tx, cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks;
    use crate::tasks::testing::Bench;

    #[tokio::test]
    async fn a_wrapped_step_is_what_it_was() {
        let bench = Bench::with_new().await;
        let levers = Levers::new(bench.db.clone(), bench.clock.clone(), &tasks::kinds(&bench.world));
        let told = |kind: &Kind| {
            let steps = kind.steps.iter().map(|step| (step.name(), step.point_of_no_return()));
            (kind.name, kind.deadline, steps.collect::<Vec<_>>())
        };
        let plain: Vec<_> = tasks::kinds(&bench.world).iter().map(told).collect();
        let wrapped = tasks::kinds(&bench.world).into_iter().map(|kind| told(&levers.wrap(kind)));
        assert_eq!(wrapped.collect::<Vec<_>>(), plain);
        assert!(plain.iter().any(|(.., steps)| steps.iter().any(|(_, point)| point.is_some())));
    }
}
