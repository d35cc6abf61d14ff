//! `cinnabar task`: follow one task, or list them.

mod list;
mod wait;

use std::process::ExitCode;

use clap::Subcommand;

use crate::error::Error;

#[derive(Subcommand)]
pub(crate) enum Task {
    Wait(wait::Wait),
    List(list::List),
}

impl Task {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::Wait(wait) => wait.run().map_err(|error| Error::Unknown(Box::new(error))),
            Self::List(list) => list.run(),
        }
    }
}
