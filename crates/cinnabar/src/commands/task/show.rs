//! `cinnabar task show` and `cinnabar task steps`: a task as an operator sees it.

use std::process::ExitCode;

use clap::Args;
use server::admin::tasks::view::{OperatorAct, Step, Steps, Task, TaskDetail};

use crate::admin::Side;
use crate::error::Error;
use crate::output;

/// Which task, and how to show it.
#[derive(Args)]
pub(crate) struct Which {
    /// The TaskId
    #[arg(value_name = "ID")]
    pub(super) id: i64,
    #[command(flatten)]
    pub(super) side: Side,
}

/// Show a task of any account: where it stands, who asked for it, who works on it, and its steps
///
/// Asks the operator's side of the server that works in the data folder, on the same machine.
#[derive(Args)]
pub(crate) struct Show {
    #[command(flatten)]
    which: Which,
}

/// Show the steps of a task alone
#[derive(Args)]
pub(crate) struct ShowSteps {
    #[command(flatten)]
    which: Which,
}

impl Show {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let admin = self.which.side.admin()?;
        let answer = admin.get(&format!("/tasks/{}", self.which.id))?;
        self.which.side.show(&admin, &answer, |detail| show(&detail))
    }
}

impl ShowSteps {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let admin = self.which.side.admin()?;
        let answer = admin.get(&format!("/tasks/{}/steps", self.which.id))?;
        self.which.side.show(&admin, &answer, |log| show_steps(&log))
    }
}

/// A task with its steps.
pub(super) fn show(detail: &TaskDetail) {
    output::table(&["FIELD", "VALUE"], fields(&detail.task));
    output::line("");
    show_steps(&detail.log);
}

fn fields(task: &Task) -> Vec<Vec<String>> {
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let direction = match (task.cancelling, task.unwinding) {
        (true, _) => " (to be cancelled)",
        (false, true) => " (undoing)",
        (false, false) => "",
    };
    let rows = [
        ("task", task.id.to_string()),
        ("kind", task.kind.clone()),
        ("status", format!("{}{direction}", task.status)),
        ("message", task.message.clone()),
        ("progress", format!("{}/{}", task.progress.done, task.progress.total)),
        ("instance", task.instance.clone()),
        ("account", task.account.clone()),
        ("region", task.region.clone()),
        ("created", task.created.clone()),
        ("started", or_none(&task.started)),
        ("ended", or_none(&task.ended)),
        ("deadline", or_none(&task.deadline)),
        ("next run", or_none(&task.next_run)),
        ("owner", task.owner.clone()),
        ("claims", task.claims.to_string()),
        ("attempt", task.attempt.to_string()),
        ("request", task.request.request_id.clone()),
        ("asked by", task.request.who.clone()),
        ("asked from", task.request.client.clone()),
    ];
    rows.into_iter()
        .map(|(name, value)| vec![name.to_owned(), if value.is_empty() { "-".to_owned() } else { value }])
        .collect()
}

fn show_steps(log: &Steps) {
    if let Some(why) = &log.unreadable {
        return output::line(why);
    }
    output::table(
        &["STEP", "STATE", "STARTED", "ENDED", "UNDONE", "ATTEMPT", "OWNER", "OUTPUT OR ERROR"],
        log.steps.iter().map(step).collect(),
    );
    if !log.operators.is_empty() {
        output::line("");
        output::table(&["AT", "WHAT", "BY", "REASON"], log.operators.iter().map(act).collect());
    }
}

fn step(step: &Step) -> Vec<String> {
    let time = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let output = if step.output.is_null() { "-".to_owned() } else { step.output.to_string() };
    vec![
        step.name.clone(),
        step.state.clone(),
        time(&step.started),
        time(&step.ended),
        time(&step.undone),
        step.attempt.to_string(),
        if step.owner.is_empty() { "-".to_owned() } else { step.owner.clone() },
        step.error.clone().unwrap_or(output),
    ]
}

fn act(act: &OperatorAct) -> Vec<String> {
    vec![act.at.clone(), act.what.clone(), act.by.clone(), act.reason.clone()]
}
