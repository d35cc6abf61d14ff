//! `cinnabar policy`: what may be done, and who may do it.

use std::path::PathBuf;
use std::process::ExitCode;

use api::cam::actions::{
    AttachRolePolicy, AttachUserPolicy, CreatePolicy, DeletePolicy, DetachRolePolicy, DetachUserPolicy, GetPolicy,
    UpdatePolicy,
};
use api::cam::{
    AttachRolePolicyRequest, AttachUserPolicyRequest, CreatePolicyRequest, DeletePolicyRequest,
    DetachRolePolicyRequest, DetachUserPolicyRequest, GetPolicyRequest, StrategyInfo, UpdatePolicyRequest,
};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Holder, document, one, policies, policy_id, uin};
use crate::connection::Connection;
use crate::error::Error;
use crate::output;

#[derive(Subcommand)]
pub(in crate::commands) enum Policy {
    List(List),
    /// Print a policy's text
    Show(One),
    Create(Create),
    Update(Update),
    /// Delete a policy, which is detached from whoever has it
    Delete(One),
    /// Attach a policy: from now on the user or role may do what it allows
    Attach(Attached),
    /// Detach a policy: from now on it says nothing for the user or role
    Detach(Attached),
}

impl Policy {
    pub(in crate::commands) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::List(list) => list.run(),
            Self::Show(one) => one.show(),
            Self::Create(create) => create.run(),
            Self::Update(update) => update.run(),
            Self::Delete(one) => one.delete(),
            Self::Attach(attached) => attached.attach(),
            Self::Detach(attached) => attached.detach(),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

/// List the policies of the account, and the presets
#[derive(Args)]
pub(in crate::commands) struct List {
    /// Only those whose name holds this
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

impl List {
    fn run(self) -> Result<(), Error> {
        let all = policies(&self.connection.client()?, "All", self.search.as_deref())?;
        let row = |policy: StrategyInfo| {
            let kind = if policy.r#type == 2 { "preset" } else { "own" };
            let (id, holders) = (policy.policy_id.to_string(), policy.attach_entity_count.unwrap_or_default());
            vec![policy.policy_name, id, kind.to_owned(), holders.to_string(), policy.description.unwrap_or_default()]
        };
        output::table(&["POLICY", "ID", "TYPE", "ATTACHED", "DESCRIPTION"], all.into_iter().map(row).collect());
        Ok(())
    }
}

#[derive(Args)]
pub(in crate::commands) struct One {
    /// The policy's name or number
    #[arg(value_name = "POLICY")]
    name: String,
    #[command(flatten)]
    connection: Connection,
}

impl One {
    fn show(self) -> Result<(), Error> {
        let client = self.connection.client()?;
        let policy_id = policy_id(&client, &self.name)?;
        output::json(&client.call::<GetPolicy>(&GetPolicyRequest { policy_id })?.policy_document);
        Ok(())
    }

    fn delete(self) -> Result<(), Error> {
        let client = self.connection.client()?;
        let policy_id = vec![policy_id(&client, &self.name)?];
        client.call::<DeletePolicy>(&DeletePolicyRequest { policy_id }).map(drop)
    }
}

/// The policy's text.
#[derive(Args)]
#[group(required = true, multiple = true)]
struct Text {
    /// The whole policy, as JSON
    #[arg(long, value_name = "FILE", conflicts_with_all = ["allow", "resource"])]
    file: Option<PathBuf>,
    /// Allow this action, for example redis:Describe* (repeatable)
    #[arg(long, value_name = "ACTION")]
    allow: Vec<String>,
    /// On this resource, for example qcs::redis:::instance/crs-xxxxxxxx (repeatable; default: *)
    #[arg(long, value_name = "RESOURCE", requires = "allow")]
    resource: Vec<String>,
}

impl Text {
    fn read(self) -> Result<String, Error> {
        let (allow, mut resource) = (self.allow, self.resource);
        document(self.file, || {
            if resource.is_empty() {
                resource.push("*".to_owned());
            }
            one(&json!({"effect": "allow", "action": allow, "resource": resource}))
        })
    }
}

/// Make a policy and print its number
#[derive(Args)]
pub(in crate::commands) struct Create {
    /// 1 to 128 letters, digits and +=,.@_-
    name: String,
    #[command(flatten)]
    text: Text,
    /// What the policy is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

impl Create {
    fn run(self) -> Result<(), Error> {
        let request = CreatePolicyRequest {
            policy_name: self.name,
            policy_document: self.text.read()?,
            description: self.description,
            tags: None,
        };
        let policy = self.connection.client()?.call::<CreatePolicy>(&request)?;
        output::line(&policy.policy_id.to_string());
        Ok(())
    }
}

/// Give a policy another text, which holds at once for whoever has it
#[derive(Args)]
pub(in crate::commands) struct Update {
    /// The policy's name or number
    #[arg(value_name = "POLICY")]
    name: String,
    #[command(flatten)]
    text: Text,
    #[command(flatten)]
    connection: Connection,
}

impl Update {
    fn run(self) -> Result<(), Error> {
        let client = self.connection.client()?;
        let request = UpdatePolicyRequest {
            policy_id: Some(policy_id(&client, &self.name)?),
            policy_document: Some(self.text.read()?),
            ..Default::default()
        };
        client.call::<UpdatePolicy>(&request).map(drop)
    }
}

#[derive(Args)]
pub(in crate::commands) struct Attached {
    /// The policy's name or number
    #[arg(value_name = "POLICY")]
    name: String,
    #[command(flatten)]
    holder: Holder,
    #[command(flatten)]
    connection: Connection,
}

impl Attached {
    fn attach(self) -> Result<(), Error> {
        let client = self.connection.client()?;
        let policy_id = policy_id(&client, &self.name)?;
        match self.holder.user {
            Some(name) => {
                let request = AttachUserPolicyRequest { policy_id, attach_uin: uin(&client, &name)? };
                client.call::<AttachUserPolicy>(&request).map(drop)
            }
            None => {
                let (policy_id, attach_role_name) = (Some(policy_id), self.holder.role);
                let request = AttachRolePolicyRequest { policy_id, attach_role_name, ..Default::default() };
                client.call::<AttachRolePolicy>(&request).map(drop)
            }
        }
    }

    fn detach(self) -> Result<(), Error> {
        let client = self.connection.client()?;
        let policy_id = policy_id(&client, &self.name)?;
        match self.holder.user {
            Some(name) => {
                let request = DetachUserPolicyRequest { policy_id, detach_uin: uin(&client, &name)? };
                client.call::<DetachUserPolicy>(&request).map(drop)
            }
            None => {
                let (policy_id, detach_role_name) = (Some(policy_id), self.holder.role);
                let request = DetachRolePolicyRequest { policy_id, detach_role_name, ..Default::default() };
                client.call::<DetachRolePolicy>(&request).map(drop)
            }
        }
    }
}
