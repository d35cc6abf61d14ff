//! What a decision about a request must know of the account's instances.

use db::{Error, Tx, params};

use super::attachment::{self, Holder};
use super::conditions::Conditions;
use super::{role, user};

/// The region of the account's instance with this id, whatever its state.
///
/// # Errors
/// The database's.
pub fn region(tx: &Tx<'_>, account: &str, id: &str) -> Result<Option<String>, Error> {
    let sql = "SELECT region FROM instance WHERE id = $1 AND account = $2";
    tx.query_opt(sql, params![id, account], |row| row.text(0))
}

/// Id and region of each instance of the account, in one region or in all.
///
/// # Errors
/// The database's.
pub fn instances(tx: &Tx<'_>, account: &str, region: Option<&str>) -> Result<Vec<(String, String)>, Error> {
    let mut conditions = Conditions::default();
    conditions.add("account = ?", [account.into()]);
    if let Some(region) = region {
        conditions.add("region = ?", [region.into()]);
    }
    let sql = format!("SELECT id, region FROM instance WHERE {}", conditions.text());
    tx.query(&sql, &conditions.params(), |row| Ok((row.text(0)?, row.text(1)?)))
}

/// The documents of the policies that a user of the account has; `None` when there is no such user.
///
/// # Errors
/// The database's.
pub fn of_user(tx: &Tx<'_>, account: &str, uin: &str) -> Result<Option<Vec<String>>, Error> {
    let found = user::with_uin(tx, account, uin)?;
    found.map(|user| attachment::documents(tx, account, &Holder::User(user.uin))).transpose()
}

/// The documents of the policies that a role of the account has; `None` when there is no such role.
///
/// # Errors
/// The database's.
pub fn of_role(tx: &Tx<'_>, account: &str, role: &str) -> Result<Option<Vec<String>>, Error> {
    let found = role::with_id(tx, account, role)?;
    found.map(|role| attachment::documents(tx, account, &Holder::Role(role.id))).transpose()
}
