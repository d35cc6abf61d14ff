//! Which plan takes a task: decided in the transaction that enqueues it.

use std::sync::atomic::Ordering;

use db::{Error, Tx};
use engine::{Gate, NewTask, TaskId};

use super::notes;
use super::pace::Pace;
use super::plan::{NewPlan, TaskPlan};
use super::script::{Script, Shown};
use super::{Levers, read};
use crate::store::lever::{self, NewUse, Target};

impl Gate for Levers {
    fn enqueued(&self, tx: &Tx<'_>, id: TaskId, new: &NewTask) -> Result<bool, Error> {
        // The seed is made as it would be without any lever.
        if self.seeding.load(Ordering::SeqCst) {
            return Ok(false);
        }
        let Some(kind) = self.kinds.iter().find(|(name, _)| *name == new.kind) else { return Ok(false) };
        let plan = take(tx, new, &kind.1)?;
        let pace = lever::pace(tx, new.kind)?.map(|spec| read::<Pace>(&spec)).transpose()?;
        let task_plan = plan.as_ref().map(|(_, plan)| plan);
        let Some(script) = Script::of(task_plan, pace.as_ref(), kind, self.clock.steady_ms()) else { return Ok(false) };
        let plan_id = plan.map(|(id, _)| id);
        let at = self.clock.now_ms();
        let note = plan_id.map_or_else(|| "the pace applies".to_owned(), |plan| format!("taken by plan {plan}"));
        let use_of_it = NewUse {
            plan_id,
            task_id: Some(id.0),
            request_id: &new.origin.request_id,
            subject: &new.subject,
            script: &serde_json::json!(script).to_string(),
            notes: &notes::first(&note, at),
            at,
        };
        lever::add_use(tx, &use_of_it)?;
        tracing::info!(task = id.0, kind = new.kind, subject = new.subject, plan = plan_id, "planned: {note}");
        Ok(script.shown(1) == Shown::Preparing)
    }
}

/// Takes a use of the oldest plan that fits.
fn take(tx: &Tx<'_>, new: &NewTask, steps: &[&'static str]) -> Result<Option<(i64, TaskPlan)>, Error> {
    for (plan, subject) in lever::open_plans(tx, Target::Task, new.kind)? {
        if !subject.is_empty() && subject != new.subject {
            continue;
        }
        let task = read::<NewPlan>(&plan.spec)?.task.unwrap_or_default();
        if task.fits(steps) && lever::take(tx, plan.id)? {
            return Ok(Some((plan.id, task)));
        }
    }
    Ok(None)
}
