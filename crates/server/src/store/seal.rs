//! The secret that the tokens of temporary keys are sealed with: one for all processes that share the state.

use api::Secret;
use db::{Error, Tx, params};

/// The stored secret; `fresh` becomes it when there is none yet.
///
/// # Errors
/// The database's.
pub fn secret(tx: &Tx<'_>, fresh: &str, now: i64) -> Result<Secret, Error> {
    let add = "INSERT INTO token_seal (id, secret, created_at) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING";
    tx.execute(add, params![fresh, now])?;
    let found = tx.query_opt("SELECT secret FROM token_seal WHERE id = 1", &[], |row| row.text(0))?;
    found.map(Secret::from).ok_or_else(|| Error::Database("there is no token secret".to_owned()))
}
