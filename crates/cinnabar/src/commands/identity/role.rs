//! `cinnabar role`: what somebody may take on for a while.

use std::path::PathBuf;
use std::process::ExitCode;

use api::cam::actions::{CreateRole, DeleteRole, DescribeRoleList};
use api::cam::{CreateRoleRequest, DeleteRoleRequest, DescribeRoleListRequest};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{PAGE, document, one};
use crate::connection::Connection;
use crate::error::Error;
use crate::output;

#[derive(Subcommand)]
pub(in crate::commands) enum Role {
    List(List),
    Create(Create),
    Delete(Delete),
}

impl Role {
    pub(in crate::commands) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::List(list) => list.run(),
            Self::Create(create) => create.run(),
            Self::Delete(delete) => delete.run(),
        }
    }
}

/// List the roles
#[derive(Args)]
pub(in crate::commands) struct List {
    /// Which page of 200, from 1
    #[arg(long, value_name = "N", default_value_t = 1)]
    page: u64,
    #[command(flatten)]
    connection: Connection,
}

impl List {
    fn run(self) -> Result<ExitCode, Error> {
        let request = DescribeRoleListRequest { page: self.page, rp: PAGE, tags: None };
        let roles = self.connection.client()?.call::<DescribeRoleList>(&request)?.list;
        let rows = roles.into_iter().map(|role| {
            vec![role.role_name, role.role_id, role.add_time, role.role_arn.unwrap_or_default(), role.description]
        });
        output::table(&["ROLE", "ID", "CREATED", "ARN", "DESCRIPTION"], rows.collect());
        Ok(ExitCode::SUCCESS)
    }
}

/// Make a role and print its id
#[derive(Args)]
pub(in crate::commands) struct Create {
    /// 1 to 128 letters, digits and +=,.@_-
    name: String,
    /// Who may take it on, for example `qcs::cam::uin/ACCOUNT:uin/USER` (repeatable)
    #[arg(long, value_name = "PRINCIPAL", required_unless_present = "file")]
    trust: Vec<String>,
    /// The whole trust policy, as JSON
    #[arg(long, value_name = "FILE", conflicts_with = "trust")]
    file: Option<PathBuf>,
    /// What the role is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// How long its temporary keys may live at most, up to 43200
    #[arg(long, value_name = "SECONDS")]
    session: Option<u64>,
    #[command(flatten)]
    connection: Connection,
}

impl Create {
    fn run(self) -> Result<ExitCode, Error> {
        let trust = self.trust;
        let made = || one(&json!({"effect": "allow", "action": "name/sts:AssumeRole", "principal": {"qcs": trust}}));
        let request = CreateRoleRequest {
            role_name: self.name,
            policy_document: document(self.file, made)?,
            description: self.description,
            session_duration: self.session,
            ..Default::default()
        };
        let role = self.connection.client()?.call::<CreateRole>(&request)?;
        output::line(&role.role_id);
        Ok(ExitCode::SUCCESS)
    }
}

/// Delete a role, with what is attached to it; temporary keys of it end
#[derive(Args)]
pub(in crate::commands) struct Delete {
    /// The role's name
    name: String,
    #[command(flatten)]
    connection: Connection,
}

impl Delete {
    fn run(self) -> Result<ExitCode, Error> {
        let request = DeleteRoleRequest { role_name: Some(self.name), ..Default::default() };
        self.connection.client()?.call::<DeleteRole>(&request)?;
        Ok(ExitCode::SUCCESS)
    }
}
