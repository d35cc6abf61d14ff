//! A task as JSON. Its parameters are left out: they can hold the hash of a password.

use engine::{Act, History, Inspected, StepView};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::model::wire_time::utc;

/// A page of tasks, the newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskPage {
    /// The tasks.
    pub tasks: Vec<Task>,
    /// Whether there are more behind them.
    pub more: bool,
}

/// A task. Times are UTC, RFC 3339.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Task {
    /// Its number, as the API's TaskId.
    pub id: i64,
    /// Its kind, as the action that caused it is named.
    pub kind: String,
    /// `preparing`, `running`, `succeed`, `failed` or `error`.
    pub status: String,
    /// The cause in words, as the customer reads it; empty unless `failed` or `error`.
    pub message: String,
    /// The instance that it works on.
    pub instance: String,
    /// The account that it belongs to.
    pub account: String,
    /// The region.
    pub region: String,
    /// How many steps are done, and how many there are.
    pub progress: Progress,
    /// Its steps are being undone, or have been.
    pub unwinding: bool,
    /// It is cancelled, and its worker has not heeded it yet.
    pub cancelling: bool,
    /// How often the current step, or its undo, has begun.
    pub attempt: u32,
    /// How often it was claimed.
    pub claims: u64,
    /// Who claimed it last; empty before the first claim.
    pub owner: String,
    /// When it was accepted.
    pub created: String,
    /// When it was first claimed.
    pub started: Option<String>,
    /// When it ended.
    pub ended: Option<String>,
    /// When its steps must be done, or, once it is unwinding, undone.
    pub deadline: Option<String>,
    /// Not to be claimed before; only of a task that waits.
    pub next_run: Option<String>,
    /// The request that caused it.
    pub request: Request,
}

/// How far a task is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// How many steps are done.
    pub done: u32,
    /// How many there are.
    pub total: u32,
}

/// The request that caused a task.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Request {
    /// Its RequestId; empty when the service itself asked.
    pub request_id: String,
    /// Who asked: the uin of a user, `UIN:NAME` for a federated user, `ROLEID:SESSION` for who took on a role, or `system`.
    pub who: String,
    /// The address that it came from.
    pub client: String,
}

/// A task with what has happened to it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskDetail {
    /// The task.
    #[serde(flatten)]
    pub task: Task,
    /// What has happened to it.
    #[serde(flatten)]
    pub log: Steps,
}

/// What has happened to a task.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Steps {
    /// All steps in their order.
    pub steps: Vec<Step>,
    /// What operators did, oldest first.
    pub operators: Vec<OperatorAct>,
    /// Why the log cannot be read; absent when it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

/// One step. Times are UTC, RFC 3339.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// `waiting`, `running`, `done`, `failed`, `undoing`, `undone` or `stuck` (its undo gave up).
    pub state: String,
    /// When it first began.
    pub started: Option<String>,
    /// When it was done or failed.
    pub ended: Option<String>,
    /// When it was undone, or its undo gave up.
    pub undone: Option<String>,
    /// How often it has begun, or its undo once that has begun.
    pub attempt: u32,
    /// Who worked on it last.
    pub owner: String,
    /// What it answered.
    pub output: Value,
    /// Why it failed, with the detail that no customer sees.
    pub error: Option<String>,
}

/// What an operator did to a task.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OperatorAct {
    /// `retried`, `cancelled` or `abandoned`.
    pub what: String,
    /// When.
    pub at: String,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl From<Inspected> for Task {
    fn from(Inspected { task, held }: Inspected) -> Self {
        let waits = !task.status.is_final() && held.lease_until == 0;
        Self {
            id: task.id.0,
            status: task.status.as_str().to_owned(),
            progress: Progress { done: task.progress.0, total: task.progress.1 },
            unwinding: held.unwinding,
            cancelling: held.cancelling,
            attempt: held.attempt,
            claims: task.epoch,
            owner: held.owner,
            created: utc(task.created_at),
            started: task.started_at.map(utc),
            ended: task.ended_at.map(utc),
            deadline: if held.unwinding { held.undo_deadline } else { held.deadline }.map(utc),
            next_run: waits.then(|| utc(held.run_at)),
            request: Request {
                request_id: task.origin.request_id,
                who: task.origin.operator,
                client: task.origin.client,
            },
            kind: task.kind,
            message: task.message,
            instance: task.subject,
            account: task.tenant,
            region: task.region,
        }
    }
}

impl From<Result<History, String>> for Steps {
    fn from(history: Result<History, String>) -> Self {
        match history {
            Ok(History { steps, acts }) => Self {
                steps: steps.into_iter().map(Step::from).collect(),
                operators: acts.into_iter().map(OperatorAct::from).collect(),
                unreadable: None,
            },
            Err(why) => Self { unreadable: Some(why), ..Self::default() },
        }
    }
}

impl From<StepView> for Step {
    fn from(step: StepView) -> Self {
        Self {
            name: step.name,
            state: step.state.as_str().to_owned(),
            started: step.started.map(utc),
            ended: step.ended.map(utc),
            undone: step.undone.map(utc),
            attempt: step.attempt,
            owner: step.owner,
            output: step.output,
            error: step.error,
        }
    }
}

impl From<Act> for OperatorAct {
    fn from(act: Act) -> Self {
        Self { what: act.what.to_owned(), at: utc(act.at), by: act.operator.name, reason: act.operator.reason }
    }
}
