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

/// A main account as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Twelve digits.
    pub uin: String,
    /// The account's AppId.
    pub app_id: i64,
    /// What the operator calls it.
    pub name: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// How many access keys its own user has.
    pub keys: i64,
    /// How many instances it has that are not gone.
    pub instances: i64,
}

/// All main accounts, the oldest first.
///
/// # Errors
/// The database's.
pub fn all(tx: &Tx<'_>) -> Result<Vec<Account>, Error> {
    let sql = "SELECT a.uin, a.app_id, a.name, a.created_at,
                 (SELECT COUNT(*) FROM access_key k WHERE k.account = a.uin AND k.uin = a.uin),
                 (SELECT COUNT(*) FROM instance i WHERE i.account = a.uin AND i.state IN ('creating', 'running', 'isolated'))
               FROM account a ORDER BY a.created_at, a.uin";
    tx.query(sql, &[], |row| {
        Ok(Account {
            uin: row.text(0)?,
            app_id: row.int(1)?,
            name: row.text(2)?,
            created_at: row.int(3)?,
            keys: row.int(4)?,
            instances: row.int(5)?,
        })
    })
}

/// The AppId of the main account with this uin; `None` when there is none.
///
/// # Errors
/// The database's.
pub fn app_id(tx: &Tx<'_>, uin: &str) -> Result<Option<i64>, Error> {
    tx.query_opt("SELECT app_id FROM account WHERE uin = $1", params![uin], |row| row.int(0))
}

/// Whether a main account has this uin or this AppId, or a user has this uin.
///
/// # Errors
/// The database's.
pub fn is_taken(tx: &Tx<'_>, uin: &str, app_id: i64) -> Result<bool, Error> {
    let sql = "SELECT uin FROM account WHERE uin = $1 OR app_id = $2 UNION ALL SELECT uin FROM cam_user WHERE uin = $1";
    Ok(tx.query_opt(sql, params![uin, app_id], |row| row.text(0))?.is_some())
}

/// Says what the operator calls a main account.
///
/// # Errors
/// The database's.
pub fn rename(tx: &Tx<'_>, uin: &str, name: &str) -> Result<(), Error> {
    tx.execute("UPDATE account SET name = $2 WHERE uin = $1", params![uin, name]).map(drop)
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
