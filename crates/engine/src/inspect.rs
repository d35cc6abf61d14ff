//! A task as an operator sees it: how it is held, and what each of its steps has done.

use std::time::Duration;

use db::Tx;
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::log::{Event, EventKind};
use crate::meter::StepTimes;
use crate::store;
use crate::store::inspect;
use crate::task::{Operator, Status, Task, TaskId};

/// A task and how it is held; times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// What it is and where it stands.
    pub task: Task,
    /// Who works on it, and until when.
    pub held: Held,
}

/// How a task is held; times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Held {
    /// Who claimed it last; empty before the first claim.
    pub owner: String,
    /// Nobody else may claim it before; 0: it is free.
    pub lease_until: i64,
    /// Not to be claimed before.
    pub run_at: i64,
    /// How often the current step, or its undo, has begun.
    pub attempt: u32,
    /// Its steps are being undone, or have been.
    pub unwinding: bool,
    /// It is cancelled, and its worker has not heeded it yet.
    pub cancelling: bool,
    /// When its steps must be done; `None` before the first claim.
    pub deadline: Option<i64>,
    /// When undoing must be done; `None` before anything is undone.
    pub undo_deadline: Option<i64>,
    /// The steps' names as they are stored with the task; an error text when they cannot be read.
    pub steps: Result<Vec<String>, String>,
}

/// Which tasks an operator lists, the newest first; a field that is `None` lets all pass.
#[derive(Debug, Clone, Default)]
pub struct InspectFilter {
    /// Only tasks in this status.
    pub status: Option<Status>,
    /// Only tasks of this kind.
    pub kind: Option<String>,
    /// Only tasks on this subject.
    pub subject: Option<String>,
    /// Only this tenant's tasks.
    pub tenant: Option<String>,
    /// How many to leave out.
    pub offset: u32,
    /// How many to show at most.
    pub limit: u32,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// Begun, and neither done nor failed; it may be between two attempts.
    Running,
    /// Being undone; it may be between two attempts.
    Undoing,
    /// Done.
    Done,
    /// Failed, and not undone yet.
    Failed,
    /// Undone.
    Undone,
    /// Its undo gave up: a person must look.
    Stuck,
}

impl StepState {
    /// The word that is shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Undoing => "undoing",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Undone => "undone",
            Self::Stuck => "stuck",
        }
    }
}

/// One step of a task, as its log tells it; times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct StepView {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub state: StepState,
    /// When it first began.
    pub started: Option<i64>,
    /// When it was done or failed.
    pub ended: Option<i64>,
    /// When it was undone, or its undo gave up.
    pub undone: Option<i64>,
    /// How often it has begun, or its undo once that has begun; 0 when it has not, or the log is too old to tell.
    pub attempt: u32,
    /// Who worked on it last; empty when nobody has, or the log is too old to tell.
    pub owner: String,
    /// What it answered; null unless it was done.
    pub output: Value,
    /// Why it failed, and why its undo gave up: in words, with the detail that no client sees.
    pub error: Option<String>,
}

/// What an operator did to a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// `retried`, `cancelled` or `abandoned`.
    pub what: &'static str,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Who, and why.
    pub operator: Operator,
}

/// What has happened to a task.
#[derive(Debug, Clone)]
pub struct History {
    /// All of its steps in their order.
    pub steps: Vec<StepView>,
    /// What operators did, oldest first.
    pub acts: Vec<Act>,
}

impl Engine {
    /// Anybody's task, for operators.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn inspect(&self, tx: &Tx<'_>, id: TaskId) -> Result<Option<Inspected>, db::Error> {
        Ok(inspect::find(tx, id)?.map(|found| self.dated(found)))
    }

    /// A page of anybody's tasks, for operators, the newest first; and whether there are more behind it.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn inspect_list(&self, tx: &Tx<'_>, filter: &InspectFilter) -> Result<(Vec<Inspected>, bool), db::Error> {
        let (page, more) = inspect::list(tx, filter)?;
        Ok((page.into_iter().map(|found| self.dated(found)).collect(), more))
    }

    /// How many tasks are alive: preparing, running or in error, by kind.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn alive(&self, tx: &Tx<'_>) -> Result<Vec<(String, Status, u64)>, db::Error> {
        inspect::alive(tx)
    }

    /// For how long the task has been due that has waited longest for a worker of this host; zero when none waits.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn queue_age(&self, tx: &Tx<'_>) -> Result<Duration, db::Error> {
        let now = self.inner.clock.steady_ms();
        let age = store::work::due(tx, &self.inner.settings.host, now)?.map_or(0, |since| now.saturating_sub(since));
        Ok(Duration::from_millis(u64::try_from(age).unwrap_or(0)))
    }

    /// How long steps took in this process, by kind and name.
    #[must_use]
    pub fn step_times(&self) -> Vec<StepTimes> {
        self.inner.meter.steps()
    }

    /// How many tasks came to an end in this process, by kind and status.
    #[must_use]
    pub fn ends(&self) -> Vec<(&'static str, Status, u64)> {
        self.inner.meter.ends()
    }

    /// How long ago this engine last looked for work; `None` when it is not working.
    #[must_use]
    pub fn last_looked(&self) -> Option<Duration> {
        self.inner.meter.looked()
    }

    /// What is stored goes by the steady time, what is shown by the date.
    fn dated(&self, Inspected { task, held }: Inspected) -> Inspected {
        let date = |steady: i64| if steady == 0 { 0 } else { steady.saturating_add(self.inner.clock.leapt_ms()) };
        let held = Held {
            lease_until: date(held.lease_until),
            run_at: date(held.run_at),
            deadline: held.deadline.map(date),
            undo_deadline: held.undo_deadline.map(date),
            ..held
        };
        Inspected { task, held }
    }

    /// What has happened to a task, for operators. `Err` inside says why its log cannot be read.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn history(&self, tx: &Tx<'_>, task: &Inspected) -> Result<Result<History, String>, db::Error> {
        let events = store::events(tx, task.task.id)?;
        Ok(task.held.steps.clone().and_then(|names| Ok(history(task, names, &events?))))
    }
}

fn history(task: &Inspected, names: Vec<String>, events: &[Event]) -> History {
    let of_step = |name: String| {
        let own: Vec<_> = events.iter().filter(|event| event.step == name).collect();
        step(name, &own)
    };
    let mut steps: Vec<_> = names.into_iter().map(of_step).collect();
    if task.task.status == Status::Running {
        current(&mut steps, &task.held);
    }
    History { steps, acts: events.iter().filter_map(act).collect() }
}

/// What the log of a running task does not say of the step that it is at.
fn current(steps: &mut [StepView], held: &Held) {
    let at = |step: &&mut StepView| match held.unwinding {
        true => !matches!(step.state, StepState::Waiting | StepState::Undone),
        false => step.state == StepState::Running,
    };
    if let Some(step) = steps.iter_mut().rev().find(at) {
        step.state = if held.unwinding { StepState::Undoing } else { StepState::Running };
        (step.attempt, step.owner) = (held.attempt, held.owner.clone());
    }
}

fn step(name: String, events: &[&Event]) -> StepView {
    let find = |kind| events.iter().find(|event| event.kind == kind).copied();
    let (done, failed) = (find(EventKind::Done), find(EventKind::Failed));
    let (undone, stuck) = (find(EventKind::Undone), find(EventKind::UndoFailed));
    let state = match (find(EventKind::Started), done, failed, undone, stuck) {
        (.., Some(_), _) => StepState::Undone,
        (.., None, Some(_)) => StepState::Stuck,
        (_, _, Some(_), ..) => StepState::Failed,
        (_, Some(_), ..) => StepState::Done,
        (Some(_), ..) => StepState::Running,
        _ => StepState::Waiting,
    };
    let causes = [failed.map(failure), stuck.map(|event| format!("its undo gave up: {}", text(&event.data)))];
    let error = causes.into_iter().flatten().collect::<Vec<_>>().join("; ");
    StepView {
        name,
        state,
        started: find(EventKind::Started).map(|event| event.at),
        ended: done.or(failed).map(|event| event.at),
        undone: undone.or(stuck).map(|event| event.at),
        attempt: events.last().map_or(0, |event| event.attempt),
        owner: events.last().map_or_else(String::new, |event| event.owner.clone()),
        output: done.map_or(Value::Null, |event| event.data.clone()),
        error: Some(error).filter(|error| !error.is_empty()),
    }
}

fn failure(event: &Event) -> String {
    match (text(&event.data["message"]), text(&event.data["detail"])) {
        (message, "") => message.to_owned(),
        (message, detail) => format!("{message} ({detail})"),
    }
}

fn act(event: &Event) -> Option<Act> {
    let what = match event.kind {
        EventKind::Retried | EventKind::Cancelled | EventKind::Abandoned => event.kind.as_str(),
        _ => return None,
    };
    Some(Act { what, at: event.at, operator: Operator::from_json(&event.data) })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

impl Operator {
    /// As it stands in the log.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "by": self.name, "reason": self.reason })
    }

    /// Out of the log; older logs have nothing but the name.
    fn from_json(data: &Value) -> Self {
        let name = data.as_str().unwrap_or_else(|| text(&data["by"]));
        Self { name: name.to_owned(), reason: text(&data["reason"]).to_owned() }
    }
}
