//! `cinnabar lever plan`: how tasks end and requests are refused.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;
use server::admin::levers::Planned;
use server::levers::plan::{ActionPlan, Delay, Fail, NewPlan, Polls, TaskPlan, When};

use super::Side;
use crate::error::Error;

#[derive(Subcommand)]
pub(crate) enum Plan {
    Task(Task),
    Action(Action),
    Cancel(Cancel),
}

impl Plan {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::Task(task) => task.run(),
            Self::Action(action) => action.run(),
            Self::Cancel(cancel) => cancel.run(),
        }
    }
}

/// For what a plan is.
#[derive(Args)]
struct Whom {
    /// Only for this instance (default: any)
    #[arg(long, value_name = "ID")]
    instance: Option<String>,
    /// For so many tasks or requests
    #[arg(long, value_name = "N", default_value_t = 1)]
    uses: i64,
    #[command(flatten)]
    side: Side,
}

impl Whom {
    fn plan(self, task: Option<TaskPlan>, action: Option<ActionPlan>) -> Result<ExitCode, Error> {
        let plan = NewPlan { instance: self.instance, uses: Some(self.uses), task, action };
        self.side.post("/levers/plans", &plan, |planned: &Planned| format!("plan {}", planned.plan))
    }
}

/// Plan what happens to the next task that fits
///
/// For example, the next purge shows `preparing` once and `running` twice and then fails:
/// cinnabar lever plan task --kind ClearInstance --preparing-polls 1 --running-polls 2 --fail 'the disk is full'
#[derive(Args)]
pub(crate) struct Task {
    /// The kind of task, such as ClearInstance (default: any)
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// So many answers of DescribeTaskInfo show `preparing`
    #[arg(long, value_name = "N", default_value_t = 0)]
    preparing_polls: i64,
    /// The next so many show `running`; the one after shows the end
    #[arg(long, value_name = "N", default_value_t = 0)]
    running_polls: i64,
    /// A step begins so many milliseconds later
    #[arg(long, value_name = "MS")]
    delay: Option<i64>,
    /// The step that begins later (default: the first)
    #[arg(long, value_name = "STEP", requires = "delay")]
    delay_step: Option<String>,
    /// The task fails with this message
    #[arg(long, value_name = "MESSAGE")]
    fail: Option<String>,
    /// The step that fails (default: the last)
    #[arg(long, value_name = "STEP", requires = "fail")]
    fail_step: Option<String>,
    /// The step fails after its work, which is undone then, and not before it
    #[arg(long, requires = "fail")]
    after: bool,
    /// The undo of the step fails too: the task ends in `error`
    #[arg(long, requires = "fail")]
    undo_fails: bool,
    #[command(flatten)]
    whom: Whom,
}

impl Task {
    fn run(self) -> Result<ExitCode, Error> {
        let (preparing, running) = (self.preparing_polls, self.running_polls);
        let when = if self.after { When::After } else { When::Before };
        let (step, undo_fails) = (self.fail_step, self.undo_fails);
        let task = TaskPlan {
            kind: self.kind,
            polls: (preparing != 0 || running != 0).then_some(Polls { preparing, running }),
            delay: self.delay.map(|ms| Delay { step: self.delay_step, ms }),
            fail: self.fail.map(|message| Fail { step, when, message, undo_fails }),
        };
        self.whom.plan(Some(task), None)
    }
}

/// Plan that the next request of an action is refused
///
/// For example: cinnabar lever plan action ClearInstance --uses 2 --code FailedOperation.SystemError --message 'try again'
#[derive(Args)]
pub(crate) struct Action {
    /// The action, such as ClearInstance
    #[arg(value_name = "ACTION")]
    name: String,
    /// The error code
    #[arg(long, value_name = "CODE")]
    code: String,
    /// The error message
    #[arg(long, value_name = "TEXT", default_value = "planned by a test lever")]
    message: String,
    #[command(flatten)]
    whom: Whom,
}

impl Action {
    fn run(self) -> Result<ExitCode, Error> {
        let action = ActionPlan { name: self.name, code: self.code, message: self.message };
        self.whom.plan(None, Some(action))
    }
}

/// Take away what is left of a plan; tasks that it has taken go on as planned
#[derive(Args)]
pub(crate) struct Cancel {
    /// Its number, which `lever list` shows
    #[arg(value_name = "PLAN")]
    plan: i64,
    #[command(flatten)]
    side: Side,
}

impl Cancel {
    fn run(self) -> Result<ExitCode, Error> {
        let path = format!("/levers/plans/{}/cancel", self.plan);
        self.side.post(&path, &json!({}), |planned: &Planned| format!("plan {} is cancelled", planned.plan))
    }
}
