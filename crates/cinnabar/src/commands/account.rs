//! `cinnabar account`: main accounts, which only operators make.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;
use server::admin::accounts::{self, Accounts, NewAccount, NewKey};

use crate::admin::Side;
use crate::error::Error;
use crate::output;

#[derive(Subcommand)]
pub(crate) enum Account {
    Add(Add),
    Key(Key),
    List(List),
}

impl Account {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::Add(add) => add.run(),
            Self::Key(key) => key.run(),
            Self::List(list) => list.run(),
        }
    }
}

/// Make a main account, and print its first key pair, which is not shown again
///
/// It owns its instances, tasks and users, and sees nothing of another account. Asks the operator's side of the server that works
/// in the data folder, on the same machine.
#[derive(Args)]
pub(crate) struct Add {
    /// What you call it; its customers do not see it
    #[arg(long, value_name = "TEXT", default_value = "")]
    name: String,
    #[command(flatten)]
    side: Side,
}

impl Add {
    fn run(self) -> Result<ExitCode, Error> {
        let admin = self.side.admin()?;
        let answer = admin.post("/accounts", &NewAccount { name: self.name })?;
        self.side.show(&admin, &answer, show)
    }
}

/// Give a main account another key pair, and print it; the ones that it has stay good
#[derive(Args)]
pub(crate) struct Key {
    /// The account's uin
    #[arg(value_name = "UIN", value_parser = digits)]
    uin: String,
    #[command(flatten)]
    side: Side,
}

impl Key {
    fn run(self) -> Result<ExitCode, Error> {
        let admin = self.side.admin()?;
        let answer = admin.post(&format!("/accounts/{}/keys", self.uin), &json!({}))?;
        self.side.show(&admin, &answer, show)
    }
}

/// A uin, as it stands in a path.
fn digits(text: &str) -> Result<String, String> {
    let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(text.to_owned()) } else { Err("a uin is digits; `cinnabar account list` has them".to_owned()) }
}

/// List the main accounts
#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    side: Side,
}

impl List {
    fn run(self) -> Result<ExitCode, Error> {
        let admin = self.side.admin()?;
        let answer = admin.get("/accounts")?;
        self.side.show(&admin, &answer, |all: Accounts| {
            let header = ["UIN", "APPID", "NAME", "CREATED", "KEYS", "INSTANCES"];
            output::table(&header, all.accounts.into_iter().map(row).collect());
        })
    }
}

fn row(account: accounts::Account) -> Vec<String> {
    let accounts::Account { uin, app_id, name, created, keys, instances } = account;
    let name = if name.is_empty() { "-".to_owned() } else { name };
    vec![uin, app_id.to_string(), name, created, keys.to_string(), instances.to_string()]
}

fn show(key: NewKey) {
    let rows = [
        ("uin", key.uin),
        ("AppId", key.app_id.to_string()),
        ("SecretId", key.secret_id),
        ("SecretKey", key.secret_key.expose().to_owned()),
    ];
    output::table(&["FIELD", "VALUE"], rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect());
    output::line("\nThe SecretKey is not shown again.");
}
