//! `cinnabar task retry`, `abandon` and `cancel`: an operator acts on a task.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::show::{Which, show};
use crate::error::Error;

/// What the acts have in common.
#[derive(Args)]
struct Acting {
    #[command(flatten)]
    which: Which,
    /// Why; kept in the task's log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who acts; kept in the task's log (default: the name of the user)
    #[arg(long, value_name = "NAME", env = "USER")]
    by: Option<String>,
}

/// Try a task in `error` again, from where it stopped
#[derive(Args)]
pub(crate) struct Retry {
    #[command(flatten)]
    acting: Acting,
}

/// Give up a task in `error`: it ends as `failed` with whatever it has left behind, and its instance is free
#[derive(Args)]
pub(crate) struct Abandon {
    #[command(flatten)]
    acting: Acting,
}

/// Cancel a task that has not passed its point of no return: what it did is undone, and it ends as `failed`
#[derive(Args)]
pub(crate) struct Cancel {
    #[command(flatten)]
    acting: Acting,
}

impl Cancel {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        self.acting.run("cancel")
    }
}

impl Retry {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        self.acting.run("retry")
    }
}

impl Abandon {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        self.acting.run("abandon")
    }
}

impl Acting {
    fn run(self, act: &str) -> Result<ExitCode, Error> {
        let admin = self.which.side.admin()?;
        let body = json!({ "reason": self.reason, "by": self.by.unwrap_or_default() });
        let answer = admin.post(&format!("/tasks/{}/{act}", self.which.id), &body)?;
        self.which.side.show(&admin, &answer, |detail| show(&detail))
    }
}
