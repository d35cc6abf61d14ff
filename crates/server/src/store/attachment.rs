//! Which policy is attached to whom.

use db::{Error, Tx, params};
use policy::PRESETS;

/// Whom a policy is attached to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// The user with this uin.
    User(String),
    /// The role with this id.
    Role(String),
}

impl Holder {
    fn columns(&self) -> (&'static str, &str) {
        match self {
            Self::User(uin) => ("user", uin),
            Self::Role(id) => ("role", id),
        }
    }
}

/// A policy that is attached to a holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The policy's number.
    pub policy_id: i64,
    /// The uin of the user who attached it.
    pub operator: String,
    /// When, in milliseconds since 1970.
    pub created_at: i64,
}

/// To how many users and roles a policy of the account, or a preset, is attached in the account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// The policy's number.
    pub policy_id: i64,
    /// Users.
    pub users: i64,
    /// Roles.
    pub roles: i64,
}

/// Attaches a policy; happy when it is attached.
///
/// # Errors
/// The database's.
pub fn put(tx: &Tx<'_>, account: &str, holder: &Holder, new: &Attachment) -> Result<(), Error> {
    let sql = "INSERT INTO cam_attachment (account, kind, holder, policy_id, operator, created_at)
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kind, holder, policy_id) DO NOTHING";
    let (kind, id) = holder.columns();
    tx.execute(sql, params![account, kind, id, new.policy_id, &new.operator, new.created_at]).map(drop)
}

/// Detaches a policy; happy when it is not attached.
///
/// # Errors
/// The database's.
pub fn remove(tx: &Tx<'_>, account: &str, holder: &Holder, policy_id: i64) -> Result<(), Error> {
    let sql = "DELETE FROM cam_attachment WHERE account = $1 AND kind = $2 AND holder = $3 AND policy_id = $4";
    let (kind, id) = holder.columns();
    tx.execute(sql, params![account, kind, id, policy_id]).map(drop)
}

/// What is attached to a holder, the latest first.
///
/// # Errors
/// The database's.
pub fn of(tx: &Tx<'_>, account: &str, holder: &Holder) -> Result<Vec<Attachment>, Error> {
    let sql = "SELECT policy_id, operator, created_at FROM cam_attachment
               WHERE account = $1 AND kind = $2 AND holder = $3 ORDER BY created_at DESC, policy_id";
    let (kind, id) = holder.columns();
    tx.query(sql, params![account, kind, id], |row| {
        Ok(Attachment { policy_id: row.int(0)?, operator: row.text(1)?, created_at: row.int(2)? })
    })
}

/// The texts of the policies that are attached to a holder.
///
/// # Errors
/// The database's.
pub fn documents(tx: &Tx<'_>, account: &str, holder: &Holder) -> Result<Vec<String>, Error> {
    let sql = "SELECT a.policy_id, COALESCE(p.document, '') FROM cam_attachment a
               LEFT JOIN cam_policy p ON p.id = a.policy_id AND p.account = a.account
               WHERE a.account = $1 AND a.kind = $2 AND a.holder = $3 ORDER BY a.policy_id";
    let (kind, id) = holder.columns();
    let stored = tx.query(sql, params![account, kind, id], |row| Ok((row.int(0)?, row.text(1)?)))?;
    let preset = |id: i64| PRESETS.iter().find(|preset| preset.id == id).map(|preset| preset.document.to_owned());
    Ok(stored.into_iter().map(|(id, document)| preset(id).unwrap_or(document)).collect())
}

/// To how many holders of the account each policy is attached; those that are attached to none are left out.
///
/// # Errors
/// The database's.
pub fn counts(tx: &Tx<'_>, account: &str) -> Result<Vec<Count>, Error> {
    let sql = "SELECT policy_id, SUM(CASE WHEN kind = 'user' THEN 1 ELSE 0 END), SUM(CASE WHEN kind = 'role' THEN 1 ELSE 0 END)
               FROM cam_attachment WHERE account = $1 GROUP BY policy_id";
    tx.query(sql, params![account], |row| Ok(Count { policy_id: row.int(0)?, users: row.int(1)?, roles: row.int(2)? }))
}
