//! What a seed file has made, and the way back to nothing.

use db::{Error, Tx, params};

/// An instance of the seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeded {
    /// The instance.
    pub instance_id: String,
    /// Whether its keys have been written.
    pub filled: bool,
}

/// What has been made of this name.
///
/// # Errors
/// The database's.
pub fn find(tx: &Tx<'_>, name: &str) -> Result<Option<Seeded>, Error> {
    let sql = "SELECT instance_id, filled FROM lever_seed WHERE name = $1";
    tx.query_opt(sql, params![name], |row| Ok(Seeded { instance_id: row.text(0)?, filled: row.flag(1)? }))
}

/// The names of all that has been made, each with its instance.
///
/// # Errors
/// The database's.
pub fn all(tx: &Tx<'_>) -> Result<Vec<(String, String)>, Error> {
    tx.query("SELECT name, instance_id FROM lever_seed ORDER BY name", &[], |row| Ok((row.text(0)?, row.text(1)?)))
}

/// An instance of this name that a start before this one made and could not note any more.
///
/// # Errors
/// The database's.
pub fn unnoted(tx: &Tx<'_>, account: &str, region: &str, name: &str) -> Result<Option<String>, Error> {
    let sql = "SELECT id FROM instance WHERE account = $1 AND region = $2 AND name = $3
               AND state IN ('creating', 'running') ORDER BY created_at, id LIMIT 1";
    tx.query_opt(sql, params![account, region, name], |row| row.text(0))
}

/// Notes an instance.
///
/// # Errors
/// The database's.
pub fn add(tx: &Tx<'_>, name: &str, instance_id: &str) -> Result<(), Error> {
    tx.execute("INSERT INTO lever_seed (name, instance_id) VALUES ($1, $2)", params![name, instance_id]).map(drop)
}

/// Notes that its keys have been written.
///
/// # Errors
/// The database's.
pub fn set_filled(tx: &Tx<'_>, name: &str) -> Result<(), Error> {
    tx.execute("UPDATE lever_seed SET filled = 1 WHERE name = $1", params![name]).map(drop)
}

/// The message of the last task on an instance; empty when there is none.
///
/// # Errors
/// The database's.
pub fn last_message(tx: &Tx<'_>, instance_id: &str) -> Result<String, Error> {
    let sql = "SELECT message FROM task WHERE subject = $1 ORDER BY created_at DESC, id DESC LIMIT 1";
    Ok(tx.query_opt(sql, params![instance_id], |row| row.text(0))?.unwrap_or_default())
}

/// What a reset empties, in an order that no reference is in the way of. Tasks are the engine's.
pub const EMPTIED: &[&str] =
    &["lever_use", "lever_plan", "lever_pace", "lever_setting", "lever_seed", "tag", "deal", "node", "instance"];

/// Deletes every instance of every account with all that belongs to it, and all plans, paces and the leap. Accounts and
/// keys stay. No node may exist any more.
///
/// # Errors
/// The database's.
pub fn empty(tx: &Tx<'_>) -> Result<(), Error> {
    EMPTIED.iter().try_for_each(|table| tx.execute(&format!("DELETE FROM {table}"), &[]).map(drop))
}
