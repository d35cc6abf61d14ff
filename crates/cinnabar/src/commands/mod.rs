//! The table of contents: one file a command.

mod call;
mod doctor;
mod env;
mod identity;
mod instance;
mod lever;
mod serve;
mod task;
mod trust;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;

/// Managed Redis that you run yourself, spoken to through the Tencent Cloud API 3.0.
#[derive(Parser)]
#[command(name = "cinnabar", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Serve),
    Env(env::Env),
    Trust(trust::Trust),
    Call(call::Call),
    Doctor(doctor::Doctor),
    /// Follow one task, list them, look into one and act on it
    #[command(subcommand)]
    Task(task::Task),
    /// For those who test clients: plan failures, set paces, move the date, go back to the seed
    ///
    /// The server must run with `--test-levers`; see docs/testing-with-cinnabar.md.
    #[command(subcommand)]
    Lever(lever::Lever),
    /// List the instances
    #[command(subcommand)]
    Instance(instance::Instance),
    /// Add, list and delete users
    #[command(subcommand)]
    User(identity::User),
    /// Make, list, disable and delete access keys
    #[command(subcommand)]
    Key(identity::Key),
    /// Say what may be done, and attach that to users and roles
    #[command(subcommand)]
    Policy(identity::Policy),
    /// Make, list and delete roles
    #[command(subcommand)]
    Role(identity::Role),
}

impl Cli {
    /// Does what the command line says; the status is the command's own.
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self.command {
            Command::Serve(serve) => serve.run(),
            Command::Env(env) => env.run(),
            Command::Trust(trust) => trust.run(),
            Command::Call(call) => call.run(),
            Command::Doctor(doctor) => doctor.run(),
            Command::Task(task) => task.run(),
            Command::Lever(lever) => lever.run(),
            Command::Instance(instance) => instance.run(),
            Command::User(user) => user.run(),
            Command::Key(key) => key.run(),
            Command::Policy(policy) => policy.run(),
            Command::Role(role) => role.run(),
        }
    }
}
