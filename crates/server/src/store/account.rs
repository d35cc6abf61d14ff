//! Accounts, and the access keys that requests are signed with. What CAM shows of keys is in [`super::key`].

use db::{Error, Row, Tx, params};

/// An access key as it is stored.
#[derive(Debug)]
pub struct StoredKey {
    /// `AKID…`.
    pub secret_id: String,
    /// The secret half.
    pub secret_key: api::Secret,
    /// The main account's uin.
    pub account: String,
    /// The holder's uin.
    pub uin: String,
    /// The account's AppId.
    pub app_id: i64,
}

/// Adds an account; happy when it is there.
///
/// # Errors
/// The database's.
pub fn add(tx: &Tx<'_>, uin: &str, app_id: i64, now: i64) -> Result<(), Error> {
    let sql = "INSERT INTO account (uin, app_id, created_at) VALUES ($1, $2, $3) ON CONFLICT (uin) DO NOTHING";
    tx.execute(sql, params![uin, app_id, now]).map(drop)
}

/// Adds an access key of a user of an account, or gives the one of that SecretId another secret and takes it into use again.
///
/// # Errors
/// The database's.
pub fn put_key(tx: &Tx<'_>, key: &StoredKey, now: i64) -> Result<(), Error> {
    let sql = "INSERT INTO access_key (secret_id, secret_key, account, uin, created_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (secret_id) DO UPDATE SET secret_key = excluded.secret_key, status = 'Active'";
    tx.execute(sql, params![&key.secret_id, key.secret_key.expose(), &key.account, &key.uin, now]).map(drop)
}

/// The columns that [`from_row`] reads.
macro_rules! key_columns {
    () => {
        "SELECT k.secret_id, k.secret_key, k.account, k.uin, a.app_id
         FROM access_key k JOIN account a ON a.uin = k.account"
    };
}

/// All access keys that may be used, the newest first.
///
/// # Errors
/// The database's.
pub fn keys(tx: &Tx<'_>) -> Result<Vec<StoredKey>, Error> {
    tx.query(concat!(key_columns!(), " WHERE k.status = 'Active' ORDER BY k.created_at DESC"), &[], from_row)
}

/// The access key with this SecretId, if it may be used.
///
/// # Errors
/// The database's.
pub fn key(tx: &Tx<'_>, secret_id: &str) -> Result<Option<StoredKey>, Error> {
    tx.query_opt(
        concat!(key_columns!(), " WHERE k.secret_id = $1 AND k.status = 'Active'"),
        params![secret_id],
        from_row,
    )
}

fn from_row(row: &Row<'_>) -> Result<StoredKey, Error> {
    Ok(StoredKey {
        secret_id: row.text(0)?,
        secret_key: row.text(1)?.into(),
        account: row.text(2)?,
        uin: row.text(3)?,
        app_id: row.int(4)?,
    })
}
