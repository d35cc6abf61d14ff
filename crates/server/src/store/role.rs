//! Roles: what somebody may take on for a while.

use db::{Error, Row, Tx, params};

use super::{tags_from_json, tags_to_json};

/// A role as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Nineteen digits.
    pub id: String,
    /// The main account's uin.
    pub account: String,
    /// Unique in the account.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The trust policy: who may take it on.
    pub document: String,
    /// The seconds that its temporary keys may live at most.
    pub session_duration: i64,
    /// Keys and values.
    pub tags: Vec<(String, String)>,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// When it was changed last.
    pub updated_at: i64,
}

macro_rules! columns {
    () => {
        "SELECT id, account, name, description, document, session_duration, tags, created_at, updated_at FROM cam_role"
    };
}

/// Adds a role, whose id and name must be free.
///
/// # Errors
/// The database's.
pub fn add(tx: &Tx<'_>, role: &Role) -> Result<(), Error> {
    let sql = "INSERT INTO cam_role
                 (id, account, name, description, document, session_duration, tags, created_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let Role { id, account, name, description, document, session_duration, tags, created_at, updated_at } = role;
    let tags = tags_to_json(tags);
    let values = params![id, account, name, description, document, *session_duration, &tags, *created_at, *updated_at];
    tx.execute(sql, values).map(drop)
}

/// Whether any account has a role with this id.
///
/// # Errors
/// The database's.
pub fn is_taken(tx: &Tx<'_>, id: &str) -> Result<bool, Error> {
    Ok(tx.query_opt("SELECT id FROM cam_role WHERE id = $1", params![id], |row| row.text(0))?.is_some())
}

/// The account's role with this id.
///
/// # Errors
/// The database's.
pub fn with_id(tx: &Tx<'_>, account: &str, id: &str) -> Result<Option<Role>, Error> {
    tx.query_opt(concat!(columns!(), " WHERE account = $1 AND id = $2"), params![account, id], from_row)
}

/// The account's role of this name.
///
/// # Errors
/// The database's.
pub fn named(tx: &Tx<'_>, account: &str, name: &str) -> Result<Option<Role>, Error> {
    tx.query_opt(concat!(columns!(), " WHERE account = $1 AND name = $2"), params![account, name], from_row)
}

/// All roles of the account, the newest first.
///
/// # Errors
/// The database's.
pub fn all(tx: &Tx<'_>, account: &str) -> Result<Vec<Role>, Error> {
    tx.query(concat!(columns!(), " WHERE account = $1 ORDER BY created_at DESC, id"), params![account], from_row)
}

/// How many roles the account has.
///
/// # Errors
/// The database's.
pub fn count(tx: &Tx<'_>, account: &str) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) FROM cam_role WHERE account = $1";
    Ok(tx.query_opt(sql, params![account], |row| row.int(0))?.unwrap_or_default())
}

/// Removes a role with what is attached to it.
///
/// # Errors
/// The database's.
pub fn remove(tx: &Tx<'_>, account: &str, id: &str) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM cam_attachment WHERE account = $1 AND kind = 'role' AND holder = $2",
        params![account, id],
    )?;
    tx.execute("DELETE FROM cam_role WHERE account = $1 AND id = $2", params![account, id]).map(drop)
}

fn from_row(row: &Row<'_>) -> Result<Role, Error> {
    Ok(Role {
        id: row.text(0)?,
        account: row.text(1)?,
        name: row.text(2)?,
        description: row.text(3)?,
        document: row.text(4)?,
        session_duration: row.int(5)?,
        tags: tags_from_json(&row.text(6)?)?,
        created_at: row.int(7)?,
        updated_at: row.int(8)?,
    })
}
