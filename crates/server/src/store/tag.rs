//! Tags of instances; the tag service and InstanceSet show the same ones.

use std::collections::HashMap;

use db::{Error, Tx, params};

/// Gives an instance a tag, or that tag another value.
///
/// # Errors
/// The database's.
pub fn put(tx: &Tx<'_>, account: &str, instance_id: &str, key: &str, value: &str) -> Result<(), Error> {
    let sql = "INSERT INTO tag (account, instance_id, key, value) VALUES ($1, $2, $3, $4)
               ON CONFLICT (instance_id, key) DO UPDATE SET value = excluded.value";
    tx.execute(sql, params![account, instance_id, key, value]).map(drop)
}

/// Takes a tag away; happy when it is not there.
///
/// # Errors
/// The database's.
pub fn remove(tx: &Tx<'_>, instance_id: &str, key: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM tag WHERE instance_id = $1 AND key = $2", params![instance_id, key]).map(drop)
}

/// The tags of all instances of an account, by the instance's id.
///
/// # Errors
/// The database's.
pub fn of_account(tx: &Tx<'_>, account: &str) -> Result<HashMap<String, Vec<(String, String)>>, Error> {
    let sql = "SELECT instance_id, key, value FROM tag WHERE account = $1";
    let mut tags = HashMap::<_, Vec<_>>::new();
    for (id, tag) in tx.query(sql, params![account], |row| Ok((row.text(0)?, (row.text(1)?, row.text(2)?))))? {
        tags.entry(id).or_default().push(tag);
    }
    Ok(tags)
}

/// The tags of an instance, by key.
///
/// # Errors
/// The database's.
pub fn of_instance(tx: &Tx<'_>, instance_id: &str) -> Result<Vec<(String, String)>, Error> {
    let sql = "SELECT key, value FROM tag WHERE instance_id = $1 ORDER BY key";
    tx.query(sql, params![instance_id], |row| Ok((row.text(0)?, row.text(1)?)))
}
