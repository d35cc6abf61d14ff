//! `cinnabar lever`: for those who test clients; the server must run with `--test-levers`.

mod clock;
mod list;
mod pace;
mod plan;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use server::admin::levers::Done;

use crate::admin::{Admin, Answer, Side};
use crate::error::Error;
use crate::output;

#[derive(Subcommand)]
pub(crate) enum Lever {
    /// Plan how tasks end and requests are refused, or cancel a plan
    #[command(subcommand)]
    Plan(plan::Plan),
    Pace(pace::Pace),
    Clock(clock::Clock),
    Release(Release),
    List(list::List),
    Reset(Reset),
}

impl Lever {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::Plan(plan) => plan.run(),
            Self::Pace(pace) => pace.run(),
            Self::Clock(clock) => clock.run(),
            Self::Release(release) => release.run(),
            Self::List(list) => list.run(),
            Self::Reset(reset) => reset.run(),
        }
    }
}

impl Side {
    fn get(&self, path: &str) -> Result<(Admin, Answer), Error> {
        let admin = self.admin()?;
        let answer = admin.get(path).map_err(off)?;
        Ok((admin, answer))
    }

    /// Has something done, and shows the answer as JSON or in the words of `say`.
    fn post<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        say: impl FnOnce(&T) -> String,
    ) -> Result<ExitCode, Error> {
        let admin = self.admin()?;
        let answer = admin.post(path, body).map_err(off)?;
        self.show(&admin, &answer, |done: T| output::line(&say(&done)))
    }
}

/// A server without levers has no such routes.
fn off(error: Error) -> Error {
    match error {
        Error::NoRoute { endpoint } => Error::LeversOff { endpoint },
        other => other,
    }
}

/// Let a task go on that polls hold, as if it had been asked for often enough
#[derive(Args)]
pub(crate) struct Release {
    /// The TaskId
    #[arg(value_name = "TASK")]
    task: i64,
    #[command(flatten)]
    side: Side,
}

impl Release {
    fn run(self) -> Result<ExitCode, Error> {
        let task = self.task;
        let said = |_: &serde_json::Value| format!("task {task} goes on");
        self.side.post(&format!("/levers/tasks/{task}/release"), &json!({}), said)
    }
}

/// Destroy every instance, delete all tasks, plans and paces, bring the true date back, and make the seed again
#[derive(Args)]
pub(crate) struct Reset {
    #[command(flatten)]
    side: Side,
}

impl Reset {
    fn run(self) -> Result<ExitCode, Error> {
        self.side.post("/levers/reset", &json!({}), |done: &Done| {
            let Done { nodes, tasks, seeded } = done;
            format!("removed {nodes} nodes and {tasks} tasks; {seeded} instances are there, as seeded")
        })
    }
}
