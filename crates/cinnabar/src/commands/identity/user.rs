//! `cinnabar user`: sub-users.

use std::process::ExitCode;

use api::cam::actions::{AddUser, DeleteUser, ListUsers};
use api::cam::{AddUserRequest, DeleteUserRequest, ListUsersRequest};
use clap::{Args, Subcommand};

use crate::connection::Connection;
use crate::error::Error;
use crate::output;

#[derive(Subcommand)]
pub(in crate::commands) enum User {
    List(List),
    Add(Add),
    Delete(Delete),
}

impl User {
    pub(in crate::commands) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::List(list) => list.run(),
            Self::Add(add) => add.run(),
            Self::Delete(delete) => delete.run(),
        }
    }
}

/// List the users
#[derive(Args)]
pub(in crate::commands) struct List {
    #[command(flatten)]
    connection: Connection,
}

impl List {
    fn run(self) -> Result<ExitCode, Error> {
        let users = self.connection.client()?.call::<ListUsers>(&ListUsersRequest {})?.data;
        let rows = users.into_iter().map(|user| vec![user.name, user.uin.to_string(), user.create_time, user.remark]);
        output::table(&["USER", "UIN", "CREATED", "REMARK"], rows.collect());
        Ok(ExitCode::SUCCESS)
    }
}

/// Add a user, who may do nothing until a policy is attached; prints its uin
#[derive(Args)]
pub(in crate::commands) struct Add {
    /// 1 to 64 letters, digits and +=,.@_-
    name: String,
    /// What the user is for
    #[arg(long, value_name = "TEXT")]
    remark: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

impl Add {
    fn run(self) -> Result<ExitCode, Error> {
        let request = AddUserRequest { name: self.name, remark: self.remark, ..Default::default() };
        let user = self.connection.client()?.call::<AddUser>(&request)?;
        output::line(&user.uin.to_string());
        Ok(ExitCode::SUCCESS)
    }
}

/// Delete a user, with what is attached to it
#[derive(Args)]
pub(in crate::commands) struct Delete {
    /// The user's name
    name: String,
    /// Also if the user has access keys, which are deleted
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Delete {
    fn run(self) -> Result<ExitCode, Error> {
        let request = DeleteUserRequest { name: self.name, force: Some(self.force.into()) };
        self.connection.client()?.call::<DeleteUser>(&request)?;
        Ok(ExitCode::SUCCESS)
    }
}
