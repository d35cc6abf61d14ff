//! What the consistency check asks of the state: not scoped by account, since it looks after the whole service.

use db::{Error, Tx, params};

use crate::model::instance::State;

/// An instance that is not gone.
#[derive(Debug)]
pub struct Alive {
    /// Its id.
    pub id: String,
    /// Where it is in its life.
    pub state: State,
    /// A task holds it.
    pub held: bool,
}

/// All instances of a host that are not gone.
///
/// # Errors
/// The database's.
pub fn instances(tx: &Tx<'_>, host: &str) -> Result<Vec<Alive>, Error> {
    let sql = "SELECT i.id, i.state, CASE WHEN EXISTS (SELECT 1 FROM task t WHERE t.subject = i.id
                 AND t.status IN ('preparing', 'running', 'error')) THEN 1 ELSE 0 END
               FROM instance i WHERE i.host = $1 AND i.state IN ('creating', 'running', 'isolated') ORDER BY i.id";
    tx.query(sql, params![host], |row| {
        let state = row.text(1)?;
        let state = State::parse(&state).ok_or_else(|| Error::Database(format!("unknown state {state}")))?;
        Ok(Alive { id: row.text(0)?, state, held: row.flag(2)? })
    })
}

/// The tasks that are alive although there is no instance of their subject's id: number, kind, subject.
///
/// # Errors
/// The database's.
pub fn homeless_tasks(tx: &Tx<'_>) -> Result<Vec<(i64, String, String)>, Error> {
    let sql = "SELECT t.id, t.kind, t.subject FROM task t WHERE t.status IN ('preparing', 'running', 'error')
               AND NOT EXISTS (SELECT 1 FROM instance i WHERE i.id = t.subject) ORDER BY t.id";
    tx.query(sql, &[], |row| Ok((row.int(0)?, row.text(1)?, row.text(2)?)))
}
