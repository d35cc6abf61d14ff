//! Main accounts: each owns its instances, tasks and users, and sees nothing of another. Only operators make them.

use std::sync::Arc;

use api::Secret;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use db::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::problem::{Body, Problem};
use super::{Admin, Routes};
use crate::model::wire_time::utc;
use crate::store::account::StoredKey;
use crate::{ids, store};

/// The longest name, in characters.
const LONGEST: usize = 64;

/// The family's routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().routes(routes!(list)).routes(routes!(add)).routes(routes!(add_key))
}

/// All main accounts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Accounts {
    /// The oldest first.
    pub accounts: Vec<Account>,
}

/// A main account.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// Its uin.
    pub uin: String,
    /// Its AppId.
    pub app_id: i64,
    /// What the operator calls it; customers do not see it.
    pub name: String,
    /// When it was made, UTC, RFC 3339.
    pub created: String,
    /// How many access keys its own user has.
    pub keys: i64,
    /// How many instances it has that are not gone.
    pub instances: i64,
}

/// A main account that is to be made.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// What the operator calls it, 64 characters at most.
    #[serde(default)]
    pub name: String,
}

/// A new access key of a main account's own user.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NewKey {
    /// The account's uin.
    pub uin: String,
    /// The account's AppId.
    pub app_id: i64,
    /// The public half.
    pub secret_id: String,
    /// The secret half, which is not shown again.
    #[schema(value_type = String)]
    pub secret_key: Secret,
}

impl From<store::account::Account> for Account {
    fn from(account: store::account::Account) -> Self {
        let store::account::Account { uin, app_id, name, created_at, keys, instances } = account;
        Self { uin, app_id, name, created: utc(created_at), keys, instances }
    }
}

type Asked = State<Arc<Admin>>;

/// Lists the main accounts.
#[utoipa::path(get, path = "/accounts", tag = "accounts", responses((status = 200, body = Accounts)))]
async fn list(State(admin): Asked) -> Result<Json<Accounts>, Problem> {
    let accounts = admin.app.db.read(store::account::all)?;
    Ok(Json(Accounts { accounts: accounts.into_iter().map(Account::from).collect() }))
}

/// Makes a main account, and the first access key of its own user.
#[utoipa::path(post, path = "/accounts", tag = "accounts", request_body = NewAccount,
    responses((status = 200, body = NewKey), (status = 400, body = Body)))]
async fn add(State(admin): Asked, new: Result<Json<NewAccount>, JsonRejection>) -> Result<Json<NewKey>, Problem> {
    let name = new?.0.name;
    if name.chars().count() > LONGEST || name.chars().any(char::is_control) {
        return Err(Problem::bad_request(format!(
            "`name` must be {LONGEST} characters at most, none of them a control"
        )));
    }
    let now = admin.app.clock.now_ms();
    let key = admin.app.db.write(move |tx| {
        let (uin, app_id) = free(tx)?;
        store::account::add(tx, &uin, app_id, now)?;
        store::account::rename(tx, &uin, &name)?;
        give_key(tx, uin, app_id, now)
    });
    told(key.await?, "a main account was added by an operator")
}

/// Gives a main account's own user another access key. Those that it has stay good; CAM takes them away.
#[utoipa::path(post, path = "/accounts/{uin}/keys", tag = "accounts", params(("uin" = String, Path, description = "The account's uin")),
    responses((status = 200, body = NewKey), (status = 404, body = Body)))]
async fn add_key(State(admin): Asked, uin: Result<Path<String>, PathRejection>) -> Result<Json<NewKey>, Problem> {
    let (Path(uin), now) = (uin?, admin.app.clock.now_ms());
    let key = admin.app.db.write(move |tx| match store::account::app_id(tx, &uin)? {
        Some(app_id) => Ok(give_key(tx, uin, app_id, now)?),
        None => Err(Problem::not_found(format!("there is no main account {uin}; GET /accounts lists them"))),
    });
    told(key.await?, "a key was added to a main account by an operator")
}

fn told(key: NewKey, what: &'static str) -> Result<Json<NewKey>, Problem> {
    tracing::info!(uin = key.uin, secret_id = key.secret_id, "{what}");
    Ok(Json(key))
}

/// A uin and an AppId that nobody has.
fn free(tx: &Tx<'_>) -> Result<(String, i64), db::Error> {
    loop {
        let (uin, app_id) = ids::account();
        if !store::account::is_taken(tx, &uin, app_id)? {
            return Ok((uin, app_id));
        }
    }
}

fn give_key(tx: &Tx<'_>, uin: String, app_id: i64, now: i64) -> Result<NewKey, db::Error> {
    let (secret_id, secret_key) = (ids::secret_id(), Secret::from(ids::secret_key()));
    let key = StoredKey { secret_id, secret_key, account: uin.clone(), uin, app_id };
    store::account::put_key(tx, &key, now)?;
    store::identity::changed(tx)?;
    let StoredKey { secret_id, secret_key, uin, app_id, .. } = key;
    Ok(NewKey { uin, app_id, secret_id, secret_key })
}
