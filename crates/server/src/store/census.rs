//! How many there are, of what: for whoever watches over the service, so not scoped by account.

use db::{Error, Tx, params};

/// Instances that are not gone, by state.
///
/// # Errors
/// The database's.
pub fn instances(tx: &Tx<'_>) -> Result<Vec<(String, u64)>, Error> {
    let sql = "SELECT state, COUNT(*) FROM instance WHERE state IN ('creating', 'running', 'isolated')
               GROUP BY state ORDER BY state";
    tx.query(sql, &[], |row| Ok((row.text(0)?, row.small(1)?)))
}

/// So many nodes were last seen in this state and in this role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodesSeen {
    /// `running`, `stopped`, `absent`; empty for one that was never looked at.
    pub state: String,
    /// `master`, `replica` or empty.
    pub role: String,
    /// How many.
    pub count: u64,
}

/// Nodes that have a port, by the state and the role that was last seen.
///
/// # Errors
/// The database's.
pub fn nodes(tx: &Tx<'_>) -> Result<Vec<NodesSeen>, Error> {
    let sql = "SELECT seen_state, seen_role, COUNT(*) FROM node WHERE port IS NOT NULL
               GROUP BY seen_state, seen_role ORDER BY seen_state, seen_role";
    tx.query(sql, &[], |row| Ok(NodesSeen { state: row.text(0)?, role: row.text(1)?, count: row.small(2)? }))
}

/// Writes down that somebody can write, at `now`.
///
/// # Errors
/// The database's: then nobody can.
pub fn touch(tx: &Tx<'_>, owner: &str, now: i64) -> Result<(), Error> {
    let sql = "INSERT INTO readiness (owner, at) VALUES ($1, $2) ON CONFLICT (owner) DO UPDATE SET at = excluded.at";
    tx.execute(sql, params![owner, now]).map(drop)
}
