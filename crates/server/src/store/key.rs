//! Access keys as CAM shows and changes them. What signatures are compared with is in [`super::account`].

use db::{Error, Row, Tx, params};

/// What is told of an access key; its secret is told once, by whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// `AKID…`.
    pub secret_id: String,
    /// The holder's uin.
    pub uin: String,
    /// Whether it may be used.
    pub active: bool,
    /// What it is for.
    pub description: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// When it was used last, as far as it is known; `None`: never.
    pub last_used_at: Option<i64>,
}

/// What stands in the column `status`, and on the wire.
#[must_use]
pub fn status(active: bool) -> &'static str {
    if active { "Active" } else { "Inactive" }
}

macro_rules! columns {
    () => {
        "SELECT secret_id, uin, status, description, created_at, last_used_at FROM access_key"
    };
}

/// The keys of a user of the account, the newest first.
///
/// # Errors
/// The database's.
pub fn of(tx: &Tx<'_>, account: &str, uin: &str) -> Result<Vec<Key>, Error> {
    let sql = concat!(columns!(), " WHERE account = $1 AND uin = $2 ORDER BY created_at DESC, secret_id");
    tx.query(sql, params![account, uin], from_row)
}

/// The account's key with this SecretId.
///
/// # Errors
/// The database's.
pub fn find(tx: &Tx<'_>, account: &str, secret_id: &str) -> Result<Option<Key>, Error> {
    tx.query_opt(concat!(columns!(), " WHERE account = $1 AND secret_id = $2"), params![account, secret_id], from_row)
}

/// Says what a key is for.
///
/// # Errors
/// The database's.
pub fn describe(tx: &Tx<'_>, secret_id: &str, description: &str) -> Result<(), Error> {
    tx.execute("UPDATE access_key SET description = $2 WHERE secret_id = $1", params![secret_id, description]).map(drop)
}

/// Takes a key of the account into or out of use.
///
/// # Errors
/// The database's.
pub fn set_active(tx: &Tx<'_>, account: &str, secret_id: &str, active: bool) -> Result<(), Error> {
    let sql = "UPDATE access_key SET status = $3 WHERE account = $1 AND secret_id = $2";
    tx.execute(sql, params![account, secret_id, status(active)]).map(drop)
}

/// Removes a key of the account.
///
/// # Errors
/// The database's.
pub fn remove(tx: &Tx<'_>, account: &str, secret_id: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM access_key WHERE account = $1 AND secret_id = $2", params![account, secret_id]).map(drop)
}

/// Writes down when a key was used, unless a later use is known.
///
/// # Errors
/// The database's.
pub fn used(tx: &Tx<'_>, secret_id: &str, at: i64) -> Result<(), Error> {
    let sql = "UPDATE access_key SET last_used_at = $2
               WHERE secret_id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
    tx.execute(sql, params![secret_id, at]).map(drop)
}

fn from_row(row: &Row<'_>) -> Result<Key, Error> {
    Ok(Key {
        secret_id: row.text(0)?,
        uin: row.text(1)?,
        active: row.text(2)? == status(true),
        description: row.text(3)?,
        created_at: row.int(4)?,
        last_used_at: row.opt_int(5)?,
    })
}
