//! Hosts, the processes that serve, and which host an instance is placed on.

use db::{Error, Tx, params};

use crate::model::host::{Load, Process, Role, Waiting};

/// What tells this state from every other; `fresh` when it has no such name yet.
///
/// # Errors
/// The database's.
pub fn deployment(tx: &Tx<'_>, fresh: &str, now: i64) -> Result<String, Error> {
    if let Some(id) = tx.query_opt("SELECT id FROM deployment", &[], |row| row.text(0))? {
        return Ok(id);
    }
    tx.execute("INSERT INTO deployment (id, created_at) VALUES ($1, $2)", params![fresh, now])?;
    Ok(fresh.to_owned())
}

/// The id of the folder in which a host has its nodes; `None` for a host that was never seen.
///
/// # Errors
/// The database's.
pub fn folder(tx: &Tx<'_>, name: &str) -> Result<Option<String>, Error> {
    tx.query_opt("SELECT folder FROM host WHERE name = $1", params![name], |row| row.text(0))
}

/// Writes a host down, or that it has another folder now.
///
/// # Errors
/// The database's.
pub fn put(tx: &Tx<'_>, name: &str, folder: &str, now: i64) -> Result<(), Error> {
    let sql = "INSERT INTO host (name, folder, created_at) VALUES ($1, $2, $3)
               ON CONFLICT (name) DO UPDATE SET folder = excluded.folder";
    tx.execute(sql, params![name, folder, now]).map(drop)
}

/// How many instances of a host are not gone.
///
/// # Errors
/// The database's.
pub fn instances(tx: &Tx<'_>, name: &str) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) FROM instance WHERE host = $1 AND state IN ('creating', 'running', 'isolated')";
    Ok(tx.query_opt(sql, params![name], |row| row.int(0))?.unwrap_or(0))
}

/// Gives everything that there is to one host: for a state that only one process uses, whatever that is called today.
///
/// # Errors
/// The database's.
pub fn take_all(tx: &Tx<'_>, name: &str) -> Result<usize, Error> {
    tx.execute("UPDATE node SET host = $1 WHERE host <> $1", params![name])?;
    tx.execute("UPDATE instance SET host = $1 WHERE host <> $1", params![name])
}

/// Writes down that a process is there.
///
/// # Errors
/// The database's.
pub fn beat(tx: &Tx<'_>, process: &Process, now: i64) -> Result<(), Error> {
    let sql = "INSERT INTO process (id, host, role, address, started_at, seen_at) VALUES ($1, $2, $3, $4, $5, $5)
               ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, address = excluded.address";
    tx.execute(sql, params![&process.id, &process.host, process.role.as_str(), &process.address, now]).map(drop)
}

/// Writes down that a process has ended, and forgets those that were last seen before `since`.
///
/// # Errors
/// The database's.
pub fn leave(tx: &Tx<'_>, id: &str, since: i64) -> Result<(), Error> {
    tx.execute("DELETE FROM process WHERE id = $1 OR seen_at < $2", params![id, since])?;
    tx.execute("UPDATE host SET keeper_until = 0 WHERE keeper = $1", params![id]).map(drop)
}

/// All processes that are written down, the latest first.
///
/// # Errors
/// The database's.
pub fn processes(tx: &Tx<'_>) -> Result<Vec<Process>, Error> {
    let sql = "SELECT id, host, role, address, seen_at FROM process ORDER BY seen_at DESC, id";
    tx.query(sql, &[], |row| {
        let role = row.text(2)?;
        Ok(Process {
            id: row.text(0)?,
            host: row.text(1)?,
            role: Role::parse(&role).ok_or_else(|| Error::Database(format!("unknown role {role}")))?,
            address: row.text(3)?,
            seen_at: row.int(4)?,
        })
    })
}

/// Makes a process the one that does the rounds on its host, until `until`, unless another one is. Answers whether it is.
///
/// # Errors
/// The database's.
pub fn keep(tx: &Tx<'_>, host: &str, process: &str, now: i64, until: i64) -> Result<bool, Error> {
    let sql = "UPDATE host SET keeper = $2, keeper_until = $4
               WHERE name = $1 AND (keeper = $2 OR keeper_until <= $3)";
    Ok(tx.execute(sql, params![host, process, now, until])? > 0)
}

/// The hosts on which a process works that was seen since then, each with the number of its nodes, the fewest first.
///
/// # Errors
/// The database's.
pub fn loads(tx: &Tx<'_>, since: i64) -> Result<Vec<Load>, Error> {
    let sql = "SELECT h.name, (SELECT COUNT(*) FROM node n JOIN instance i ON i.id = n.instance_id
                 WHERE i.host = h.name AND i.state IN ('creating', 'running', 'isolated'))
               FROM host h
               WHERE EXISTS (SELECT 1 FROM process p WHERE p.host = h.name AND p.role <> 'api' AND p.seen_at >= $1)";
    let mut loads = tx.query(sql, params![since], |row| Ok(Load { host: row.text(0)?, nodes: row.int(1)? }))?;
    loads.sort_by(|a, b| (a.nodes, &a.host).cmp(&(b.nodes, &b.host)));
    Ok(loads)
}

/// The hosts with open tasks on which no process works that was seen since then.
///
/// # Errors
/// The database's.
pub fn waited_for(tx: &Tx<'_>, since: i64) -> Result<Vec<Waiting>, Error> {
    let sql = "SELECT t.host, COUNT(*), (SELECT COUNT(*) FROM host h WHERE h.name = t.host) FROM task t
               WHERE t.status IN ('preparing', 'running') AND t.host > ''
                 AND NOT EXISTS (SELECT 1 FROM process p WHERE p.host = t.host AND p.role <> 'api' AND p.seen_at >= $1)
               GROUP BY t.host ORDER BY t.host";
    tx.query(sql, params![since], |row| Ok(Waiting { host: row.text(0)?, tasks: row.int(1)?, known: row.int(2)? > 0 }))
}
