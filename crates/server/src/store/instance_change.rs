//! Changes of an instance that need no task, and what the background asks of instances.

use std::collections::HashSet;

use db::{Error, Param, Tx, params};

use super::instance::fold;
use crate::model::change::Change;

/// What [`super::instance_names`] notices a change by.
macro_rules! next_no {
    () => {
        " named_no = (SELECT MAX(named_no) + 1 FROM instance) "
    };
}

/// Changes an instance.
///
/// # Errors
/// The database's.
pub fn change(tx: &Tx<'_>, id: &str, change: &Change) -> Result<(), Error> {
    let set = |sql, value: Param<'_>| tx.execute(sql, &[id.into(), value]).map(drop);
    match change {
        Change::Name(name) => {
            let sql = concat!("UPDATE instance SET name = $2, folded_name = $3,", next_no!(), "WHERE id = $1");
            tx.execute(sql, params![id, name, &fold(name)]).map(drop)
        }
        Change::Project(project) => {
            set(concat!("UPDATE instance SET project_id = $2,", next_no!(), "WHERE id = $1"), (*project).into())
        }
        Change::AutoRenew(renew) => set("UPDATE instance SET auto_renew = $2 WHERE id = $1", (*renew).into()),
        Change::DeleteProtection(on) => set("UPDATE instance SET delete_protection = $2 WHERE id = $1", (*on).into()),
        Change::Window(start, end) => {
            let sql = "UPDATE instance SET window_start = $2, window_end = $3 WHERE id = $1";
            tx.execute(sql, params![id, start, end]).map(drop)
        }
    }
}

/// `AND` no task holds the instance `i`.
macro_rules! no_live_task {
    () => {
        " AND NOT EXISTS (SELECT 1 FROM task t WHERE t.subject = i.id AND t.status IN ('preparing', 'running', 'error'))"
    };
}

/// The ids of the host's running and isolated instances that no task holds: those whose nodes must be as the store says.
///
/// # Errors
/// The database's.
pub fn settled(tx: &Tx<'_>, host: &str) -> Result<Vec<String>, Error> {
    let sql =
        concat!("SELECT id FROM instance i WHERE host = $1 AND state IN ('running', 'isolated')", no_live_task!());
    tx.query(sql, params![host], |row| row.text(0))
}

/// An isolated instance whose time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub account: String,
    /// Where it is.
    pub region: String,
    /// The host that its nodes are on.
    pub host: String,
}

/// The instances that no task holds and that were isolated before these times (milliseconds): the first for
/// pay-as-you-go, the second for prepaid.
///
/// # Errors
/// The database's.
pub fn expired(tx: &Tx<'_>, postpaid: i64, prepaid: i64) -> Result<Vec<Expired>, Error> {
    let sql = concat!(
        "SELECT id, account, region, host FROM instance i WHERE state = 'isolated'
         AND isolated_at <= $3 AND isolated_at <= CASE billing_mode WHEN 0 THEN $1 ELSE $2 END",
        no_live_task!()
    );
    tx.query(sql, params![postpaid, prepaid, postpaid.max(prepaid)], |row| {
        Ok(Expired { id: row.text(0)?, account: row.text(1)?, region: row.text(2)?, host: row.text(3)? })
    })
}

/// The ids of all instances that are not gone, which may have nodes.
///
/// # Errors
/// The database's.
pub fn not_gone(tx: &Tx<'_>) -> Result<HashSet<String>, Error> {
    let sql = "SELECT id FROM instance WHERE state IN ('creating', 'running', 'isolated')";
    Ok(tx.query(sql, &[], |row| row.text(0))?.into_iter().collect())
}

/// The ids of the host's instances that are gone and still have ports: someone gave up on the task that was to release
/// them.
///
/// # Errors
/// The database's.
pub fn gone_with_ports(tx: &Tx<'_>, host: &str) -> Result<Vec<String>, Error> {
    let sql = concat!(
        "SELECT DISTINCT i.id FROM instance i JOIN node n ON n.instance_id = i.id
         WHERE n.host = $1 AND n.port IS NOT NULL AND i.state IN ('cleaned', 'failed')",
        no_live_task!()
    );
    tx.query(sql, params![host], |row| row.text(0))
}

/// Whether an instance of this id was ever written down.
///
/// # Errors
/// The database's.
pub fn is_known(tx: &Tx<'_>, id: &str) -> Result<bool, Error> {
    Ok(tx.query_opt("SELECT 1 FROM instance WHERE id = $1", params![id], |row| row.int(0))?.is_some())
}
