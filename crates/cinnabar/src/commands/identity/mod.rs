//! `cinnabar user`, `key`, `policy` and `role`: the calls of CAM that give somebody what they need, with names instead of numbers.

mod key;
mod policy;
mod role;
mod user;

use std::path::PathBuf;

use api::cam::actions::{GetUser, ListPolicies};
use api::cam::{GetUserRequest, ListPoliciesRequest, StrategyInfo};
use clap::Args;
use serde_json::json;

pub(super) use key::Key;
pub(super) use policy::Policy;
pub(super) use role::Role;
pub(super) use user::User;

use crate::client::Client;
use crate::error::Error;

/// The lines of one page; the most that the API gives.
const PAGE: u64 = 200;

/// Whom a policy is attached to.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Holder {
    /// The user with this name
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The role with this name
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
}

/// The uin of the user with this name.
fn uin(client: &Client, name: &str) -> Result<u64, Error> {
    Ok(client.call::<GetUser>(&GetUserRequest { name: name.to_owned() })?.uin)
}

/// The number of the policy with this name, or with this number.
fn policy_id(client: &Client, name: &str) -> Result<u64, Error> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let found = policies(client, "All", Some(name))?.into_iter().find(|policy| policy.policy_name == name);
    let missing = || Error::Usage(format!("there is no policy `{name}`; `cinnabar policy list` lists those there are"));
    found.map(|policy| policy.policy_id).ok_or_else(missing)
}

/// All policies of a scope whose names hold the keyword.
fn policies(client: &Client, scope: &str, keyword: Option<&str>) -> Result<Vec<StrategyInfo>, Error> {
    let mut all = Vec::new();
    for page in 1.. {
        let request = ListPoliciesRequest {
            rp: Some(PAGE),
            page: Some(page),
            scope: Some(scope.to_owned()),
            keyword: keyword.map(str::to_owned),
        };
        let answer = client.call::<ListPolicies>(&request)?;
        let last = answer.list.is_empty() || all.len() as u64 + PAGE >= answer.total_num;
        all.extend(answer.list);
        if last {
            break;
        }
    }
    Ok(all)
}

/// A policy's text out of a file, or made of what was given on the command line.
fn document(file: Option<PathBuf>, made: impl FnOnce() -> serde_json::Value) -> Result<String, Error> {
    match file {
        Some(file) => std::fs::read_to_string(&file).map_err(Error::io(file.display().to_string())),
        None => Ok(made().to_string()),
    }
}

/// A policy with one statement.
fn one(statement: &serde_json::Value) -> serde_json::Value {
    json!({"version": "2.0", "statement": [statement]})
}
