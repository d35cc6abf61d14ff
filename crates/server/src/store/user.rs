//! Sub-users. The main account's own user has no row.

use db::{Error, Row, Tx, params};

/// A sub-user as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Twelve digits.
    pub uin: String,
    /// The main account's uin.
    pub account: String,
    /// Unique in the account.
    pub name: String,
    /// What it is for.
    pub remark: String,
    /// Telephone number; empty: none.
    pub phone: String,
    /// Of the telephone number, such as `86`.
    pub country_code: String,
    /// Mail address; empty: none.
    pub email: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

macro_rules! columns {
    () => {
        "SELECT uin, account, name, remark, phone, country_code, email, created_at FROM cam_user"
    };
}

/// Adds a user, whose uin and name must be free.
///
/// # Errors
/// The database's.
pub fn add(tx: &Tx<'_>, user: &User) -> Result<(), Error> {
    let sql = "INSERT INTO cam_user (uin, account, name, remark, phone, country_code, email, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let User { uin, account, name, remark, phone, country_code, email, created_at } = user;
    tx.execute(sql, params![uin, account, name, remark, phone, country_code, email, *created_at]).map(drop)
}

/// Whether a user or a main account has this uin.
///
/// # Errors
/// The database's.
pub fn is_taken(tx: &Tx<'_>, uin: &str) -> Result<bool, Error> {
    let sql = "SELECT uin FROM cam_user WHERE uin = $1 UNION ALL SELECT uin FROM account WHERE uin = $1";
    Ok(tx.query_opt(sql, params![uin], |row| row.text(0))?.is_some())
}

/// The account's user of this name.
///
/// # Errors
/// The database's.
pub fn named(tx: &Tx<'_>, account: &str, name: &str) -> Result<Option<User>, Error> {
    tx.query_opt(concat!(columns!(), " WHERE account = $1 AND name = $2"), params![account, name], from_row)
}

/// The account's user with this uin.
///
/// # Errors
/// The database's.
pub fn with_uin(tx: &Tx<'_>, account: &str, uin: &str) -> Result<Option<User>, Error> {
    tx.query_opt(concat!(columns!(), " WHERE account = $1 AND uin = $2"), params![account, uin], from_row)
}

/// All users of the account, the newest first.
///
/// # Errors
/// The database's.
pub fn all(tx: &Tx<'_>, account: &str) -> Result<Vec<User>, Error> {
    tx.query(concat!(columns!(), " WHERE account = $1 ORDER BY created_at DESC, uin"), params![account], from_row)
}

/// How many users the account has.
///
/// # Errors
/// The database's.
pub fn count(tx: &Tx<'_>, account: &str) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) FROM cam_user WHERE account = $1";
    Ok(tx.query_opt(sql, params![account], |row| row.int(0))?.unwrap_or_default())
}

/// Writes down what may change of a user: remark, telephone number and mail address.
///
/// # Errors
/// The database's.
pub fn update(tx: &Tx<'_>, user: &User) -> Result<(), Error> {
    let sql =
        "UPDATE cam_user SET remark = $3, phone = $4, country_code = $5, email = $6 WHERE account = $1 AND uin = $2";
    let User { uin, account, remark, phone, country_code, email, .. } = user;
    tx.execute(sql, params![account, uin, remark, phone, country_code, email]).map(drop)
}

/// Removes a user with its keys and with what is attached to it.
///
/// # Errors
/// The database's.
pub fn remove(tx: &Tx<'_>, account: &str, uin: &str) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM cam_attachment WHERE account = $1 AND kind = 'user' AND holder = $2",
        params![account, uin],
    )?;
    tx.execute("DELETE FROM access_key WHERE account = $1 AND uin = $2", params![account, uin])?;
    tx.execute("DELETE FROM cam_user WHERE account = $1 AND uin = $2", params![account, uin]).map(drop)
}

fn from_row(row: &Row<'_>) -> Result<User, Error> {
    Ok(User {
        uin: row.text(0)?,
        account: row.text(1)?,
        name: row.text(2)?,
        remark: row.text(3)?,
        phone: row.text(4)?,
        country_code: row.text(5)?,
        email: row.text(6)?,
        created_at: row.int(7)?,
    })
}
