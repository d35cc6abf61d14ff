//! `cinnabar key`: access keys, one's own or another user's.

use std::process::ExitCode;

use api::cam::actions::{CreateAccessKey, DeleteAccessKey, GetSecurityLastUsed, ListAccessKeys, UpdateAccessKey};
use api::cam::{
    CreateAccessKeyRequest, DeleteAccessKeyRequest, GetSecurityLastUsedRequest, ListAccessKeysRequest,
    UpdateAccessKeyRequest,
};
use clap::{Args, Subcommand};

use super::uin;
use crate::client::Client;
use crate::connection::Connection;
use crate::error::Error;
use crate::output;

#[derive(Subcommand)]
pub(in crate::commands) enum Key {
    /// List the access keys
    List(Whose),
    Create(Create),
    /// Take a key out of use, at once
    Disable(One),
    /// Take a key into use again
    Enable(One),
    /// Delete a key, at once and for good
    Delete(One),
}

impl Key {
    pub(in crate::commands) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::List(whose) => list(&whose),
            Self::Create(create) => create.run(),
            Self::Disable(one) => one.set("Inactive"),
            Self::Enable(one) => one.set("Active"),
            Self::Delete(one) => one.delete(),
        }
    }
}

#[derive(Args)]
pub(in crate::commands) struct Whose {
    /// Whose keys (default: those of whoever asks)
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

impl Whose {
    /// A client, and the uin of the user if one was named.
    fn open(&self) -> Result<(Client, Option<u64>), Error> {
        let client = self.connection.client()?;
        let target = self.user.as_deref().map(|name| uin(&client, name)).transpose()?;
        Ok((client, target))
    }
}

fn list(whose: &Whose) -> Result<ExitCode, Error> {
    let (client, target_uin) = whose.open()?;
    let keys = client.call::<ListAccessKeys>(&ListAccessKeysRequest { target_uin })?.access_keys.unwrap_or_default();
    let mut rows = Vec::new();
    for key in keys {
        let used = last_used(&client, &key.access_key_id)?;
        rows.push(vec![key.access_key_id, key.status, key.create_time, used, key.description.unwrap_or_default()]);
    }
    output::table(&["KEY", "STATUS", "CREATED", "LAST USED", "DESCRIPTION"], rows);
    Ok(ExitCode::SUCCESS)
}

/// The day, or a dash.
fn last_used(client: &Client, id: &str) -> Result<String, Error> {
    let request = GetSecurityLastUsedRequest { secret_id_list: vec![id.to_owned()] };
    let rows = client.call::<GetSecurityLastUsed>(&request)?.secret_id_last_used_rows;
    Ok(rows.into_iter().find_map(|row| row.last_used_date).unwrap_or_else(|| "-".to_owned()))
}

/// Make a key and print it; its secret is never told again
#[derive(Args)]
pub(in crate::commands) struct Create {
    /// What the key is for: letters, digits and _+=,.@:/-
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    #[command(flatten)]
    whose: Whose,
}

impl Create {
    fn run(self) -> Result<ExitCode, Error> {
        let (client, target_uin) = self.whose.open()?;
        let request = CreateAccessKeyRequest { target_uin, description: self.description };
        let key = client.call::<CreateAccessKey>(&request)?.access_key.unwrap_or_default();
        output::line(&format!("CINNABAR_SECRET_ID={}", key.access_key_id));
        output::line(&format!("CINNABAR_SECRET_KEY={}", key.secret_access_key.expose()));
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Args)]
pub(in crate::commands) struct One {
    /// The key's id, AKID…
    #[arg(value_name = "KEY")]
    id: String,
    #[command(flatten)]
    whose: Whose,
}

impl One {
    fn set(self, status: &str) -> Result<ExitCode, Error> {
        let (client, target_uin) = self.whose.open()?;
        let request = UpdateAccessKeyRequest { access_key_id: self.id, status: status.to_owned(), target_uin };
        client.call::<UpdateAccessKey>(&request)?;
        Ok(ExitCode::SUCCESS)
    }

    fn delete(self) -> Result<ExitCode, Error> {
        let (client, target_uin) = self.whose.open()?;
        client.call::<DeleteAccessKey>(&DeleteAccessKeyRequest { access_key_id: self.id, target_uin })?;
        Ok(ExitCode::SUCCESS)
    }
}
