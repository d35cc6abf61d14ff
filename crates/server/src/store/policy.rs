//! Policies: those that customers made, and, as if they were rows too, the presets.

use db::{Error, Row, Tx, params};
use policy::{PRESETS, Preset};

use super::{tags_from_json, tags_to_json};

/// Ids below are those of presets.
pub const FIRST_ID: i64 = 1000;

/// When the presets were made, for answers that want such a time: 2026-11-24 00:00:00 UTC.
const PRESETS_AT: i64 = 1_795_478_400_000;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPolicy {
    /// Its number.
    pub id: i64,
    /// Whose it is; empty for a preset.
    pub account: String,
    /// Unique in the account.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its text, as it was given.
    pub document: String,
    /// Keys and values.
    pub tags: Vec<(String, String)>,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// When it was changed last.
    pub updated_at: i64,
}

impl StoredPolicy {
    /// Whether nobody made it and nobody can change it.
    #[must_use]
    pub fn is_preset(&self) -> bool {
        self.id < FIRST_ID
    }
}

impl From<&Preset> for StoredPolicy {
    fn from(preset: &Preset) -> Self {
        Self {
            id: preset.id,
            account: String::new(),
            name: preset.name.to_owned(),
            description: preset.description.to_owned(),
            document: preset.document.to_owned(),
            tags: Vec::new(),
            created_at: PRESETS_AT,
            updated_at: PRESETS_AT,
        }
    }
}

macro_rules! columns {
    () => {
        "SELECT id, account, name, description, document, tags, created_at, updated_at FROM cam_policy"
    };
}

/// Adds a policy, whose id and name must be free.
///
/// # Errors
/// The database's.
pub fn add(tx: &Tx<'_>, policy: &StoredPolicy) -> Result<(), Error> {
    let sql = "INSERT INTO cam_policy (id, account, name, description, document, tags, created_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let StoredPolicy { id, account, name, description, document, tags, created_at, updated_at } = policy;
    let tags = tags_to_json(tags);
    tx.execute(sql, params![*id, account, name, description, document, &tags, *created_at, *updated_at]).map(drop)
}

/// Whether any account has a policy with this id.
///
/// # Errors
/// The database's.
pub fn is_taken(tx: &Tx<'_>, id: i64) -> Result<bool, Error> {
    Ok(tx.query_opt("SELECT id FROM cam_policy WHERE id = $1", params![id], |row| row.int(0))?.is_some())
}

/// The preset or the account's policy with this id.
///
/// # Errors
/// The database's.
pub fn with_id(tx: &Tx<'_>, account: &str, id: i64) -> Result<Option<StoredPolicy>, Error> {
    if let Some(preset) = PRESETS.iter().find(|preset| preset.id == id) {
        return Ok(Some(preset.into()));
    }
    tx.query_opt(concat!(columns!(), " WHERE account = $1 AND id = $2"), params![account, id], from_row)
}

/// The preset or the account's policy of this name.
///
/// # Errors
/// The database's.
pub fn named(tx: &Tx<'_>, account: &str, name: &str) -> Result<Option<StoredPolicy>, Error> {
    if let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) {
        return Ok(Some(preset.into()));
    }
    tx.query_opt(concat!(columns!(), " WHERE account = $1 AND name = $2"), params![account, name], from_row)
}

/// All policies that the account made, the newest first.
///
/// # Errors
/// The database's.
pub fn all(tx: &Tx<'_>, account: &str) -> Result<Vec<StoredPolicy>, Error> {
    tx.query(concat!(columns!(), " WHERE account = $1 ORDER BY created_at DESC, id"), params![account], from_row)
}

/// How many policies the account made.
///
/// # Errors
/// The database's.
pub fn count(tx: &Tx<'_>, account: &str) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) FROM cam_policy WHERE account = $1";
    Ok(tx.query_opt(sql, params![account], |row| row.int(0))?.unwrap_or_default())
}

/// Writes down what may change of a policy: description and text.
///
/// # Errors
/// The database's.
pub fn update(tx: &Tx<'_>, policy: &StoredPolicy) -> Result<(), Error> {
    let sql = "UPDATE cam_policy SET description = $3, document = $4, updated_at = $5 WHERE account = $1 AND id = $2";
    let StoredPolicy { id, account, description, document, updated_at, .. } = policy;
    tx.execute(sql, params![account, *id, description, document, *updated_at]).map(drop)
}

/// Removes a policy that the account made, from its holders too.
///
/// # Errors
/// The database's.
pub fn remove(tx: &Tx<'_>, account: &str, id: i64) -> Result<(), Error> {
    tx.execute("DELETE FROM cam_attachment WHERE account = $1 AND policy_id = $2", params![account, id])?;
    tx.execute("DELETE FROM cam_policy WHERE account = $1 AND id = $2", params![account, id]).map(drop)
}

fn from_row(row: &Row<'_>) -> Result<StoredPolicy, Error> {
    Ok(StoredPolicy {
        id: row.int(0)?,
        account: row.text(1)?,
        name: row.text(2)?,
        description: row.text(3)?,
        document: row.text(4)?,
        tags: tags_from_json(&row.text(5)?)?,
        created_at: row.int(6)?,
        updated_at: row.int(7)?,
    })
}
