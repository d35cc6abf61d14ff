//! What a claimed task does next: decided from what is stored, before anything is done.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::log::{Event, EventKind, Next, replay};
use crate::registry::Kind;
use crate::store::work::Stored;

/// How a claimed task goes on.
pub(crate) struct Plan {
    pub(crate) kind: Arc<Kind>,
    pub(crate) next: Next,
    /// What the done steps answered.
    pub(crate) outputs: BTreeMap<String, Value>,
    /// The message of the step that failed; empty when none did.
    pub(crate) failure: String,
}

/// Decides; `Err` says in words why nobody can tell, and the task must end as `error`.
pub(crate) fn plan(
    kind: Option<&Arc<Kind>>,
    stored: &Stored,
    events: Result<Vec<Event>, String>,
) -> Result<Plan, String> {
    let kind =
        kind.ok_or_else(|| format!("this version of the service has no tasks of kind `{}`", stored.task.kind))?;
    let steps = stored.content.as_ref().map_err(|why| format!("the stored task cannot be read: {why}"))?;
    same_steps(kind, steps)?;
    let events = events.map_err(|why| format!("the step log cannot be read: {why}"))?;
    let lines = events.iter().map(|event| (event.step.as_str(), event.kind));
    let next = replay(steps, lines, stored.unwinding).map_err(|error| error.to_string())?;
    let failure = failure(&events);
    Ok(Plan { kind: Arc::clone(kind), next, failure, outputs: outputs(events) })
}

fn same_steps(kind: &Kind, stored: &[String]) -> Result<(), String> {
    if kind.step_names().eq(stored.iter().map(String::as_str)) {
        return Ok(());
    }
    let now = kind.step_names().collect::<Vec<_>>().join(", ");
    let then = stored.join(", ");
    Err(format!("the steps of its kind have changed since it was submitted: they were [{then}] and are [{now}]"))
}

fn failure(events: &[Event]) -> String {
    let failed = events.iter().find(|event| event.kind == EventKind::Failed);
    failed.and_then(|event| event.data["message"].as_str()).unwrap_or_default().to_owned()
}

fn outputs(events: Vec<Event>) -> BTreeMap<String, Value> {
    events.into_iter().filter(|event| event.kind == EventKind::Done).map(|event| (event.step, event.data)).collect()
}
