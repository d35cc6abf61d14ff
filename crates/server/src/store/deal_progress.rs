//! How far the instances of a deal have come.

use db::{Error, Tx, params};

use crate::model::instance::State;

/// One instance of a deal.
#[derive(Debug)]
pub struct Made {
    /// Its id.
    pub id: String,
    /// Its zone.
    pub zone_id: i64,
    /// Where it is in its life.
    pub state: State,
    /// When its creation ended, milliseconds since 1970.
    pub ended_at: Option<i64>,
}

/// The account's instances of this deal, in no order.
///
/// # Errors
/// The database's.
pub fn made(tx: &Tx<'_>, account: &str, ids: &[String]) -> Result<Vec<Made>, Error> {
    let sql = "SELECT i.id, i.zone_id, i.state,
                 (SELECT MAX(t.ended_at) FROM task t WHERE t.subject = i.id AND t.kind = 'CreateInstances')
               FROM instance i WHERE i.id = $1 AND i.account = $2";
    let one = |id: &String| {
        tx.query_opt(sql, params![id, account], |row| {
            let state = row.text(2)?;
            Ok(Made {
                id: row.text(0)?,
                zone_id: row.int(1)?,
                state: State::parse(&state).ok_or_else(|| Error::Database(format!("unknown state {state}")))?,
                ended_at: row.opt_int(3)?,
            })
        })
    };
    ids.iter().filter_map(|id| one(id).transpose()).collect()
}
