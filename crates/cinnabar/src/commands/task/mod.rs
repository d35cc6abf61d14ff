//! `cinnabar task`: follow one task, list them, and, for operators, look into one and act on it.

mod act;
mod list;
mod show;
mod wait;

use std::process::ExitCode;

use clap::Subcommand;

use crate::error::Error;

#[derive(Subcommand)]
pub(crate) enum Task {
    Wait(wait::Wait),
    List(list::List),
    Show(show::Show),
    Steps(show::ShowSteps),
    Retry(act::Retry),
    Abandon(act::Abandon),
    Cancel(act::Cancel),
}

impl Task {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::Wait(wait) => wait.run().map_err(|error| Error::Unknown(Box::new(error))),
            Self::List(list) => list.run(),
            Self::Show(show) => show.run(),
            Self::Steps(steps) => steps.run(),
            Self::Retry(retry) => retry.run(),
            Self::Abandon(abandon) => abandon.run(),
            Self::Cancel(cancel) => cancel.run(),
        }
    }
}
