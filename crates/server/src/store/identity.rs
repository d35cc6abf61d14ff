//! Users, keys, policies and roles as one: the number of their changes, by which each process notices that what it remembers
//! is old.

use db::{Error, Tx};

/// The signal of a change.
pub const SIGNAL: &str = "identity";

/// Counts a change that this transaction makes, and has every process told of it once it is durable.
///
/// # Errors
/// The database's.
pub fn changed(tx: &Tx<'_>) -> Result<(), Error> {
    tx.execute("UPDATE identity SET version = version + 1", &[])?;
    tx.notify(SIGNAL);
    Ok(())
}

/// How many changes there were.
///
/// # Errors
/// The database's.
pub fn version(tx: &Tx<'_>) -> Result<i64, Error> {
    Ok(tx.query_opt("SELECT version FROM identity", &[], |row| row.int(0))?.unwrap_or_default())
}
