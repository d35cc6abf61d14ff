//! The engine's SQL: rows in and out. What a worker writes is in [`work`], the lists are in [`list`], what operators read in [`inspect`].

pub(crate) mod inspect;
pub(crate) mod list;
pub(crate) mod work;

use db::{Error, Row, Tx, params};
use serde_json::Value;

use crate::log::{Event, EventKind};
use crate::task::{Brief, NewTask, Origin, Status, Task, TaskId};

/// The columns that [`read_task`] reads, in its order.
macro_rules! task_columns {
    () => {
        "id, kind, tenant, region, subject, status, message, created_at, started_at, ended_at, done_steps, total_steps, \
         params, request_id, operator, client, epoch"
    };
}
/// The number of [`task_columns`].
const TASK_COLUMNS: usize = 17;
/// Which of them holds the params.
const PARAMS: usize = 12;
pub(crate) use task_columns;

const INSERT: &str = "INSERT INTO task (kind, tenant, region, subject, status, params, steps, run_at, time_limit, \
     total_steps, request_id, operator, client, created_at, host) \
     VALUES ($1, $2, $3, $4, 'preparing', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
     ON CONFLICT DO NOTHING RETURNING id";
const LIVE: &str =
    "SELECT id, status FROM task WHERE subject = $1 AND status IN ('preparing', 'running', 'error') LIMIT 1";
const GET: &str = concat!("SELECT ", task_columns!(), " FROM task WHERE id = $1 AND tenant = $2");
const FIND: &str = concat!("SELECT ", task_columns!(), " FROM task WHERE id = $1");
// The hottest text of all says `?n`, so that nothing has to be replaced in it.
const BRIEF: &str = "SELECT status, created_at, kind, subject, message FROM task WHERE id = ?1 AND tenant = ?2";
const BRIEFS: &str = "SELECT status, created_at, kind, subject, message, id, tenant FROM task \
     WHERE id >= $1 AND id < $2 AND status IN ('succeed', 'failed')";
const EVENTS: &str = "SELECT step, event, data, at, owner, attempt FROM task_event WHERE task_id = $1 ORDER BY seq";

/// Writes a task; `None` when its subject has a live one.
pub(crate) fn insert(
    tx: &Tx<'_>,
    new: &NewTask,
    steps: &[&str],
    time_limit: i64,
    run_at: i64,
    created_at: i64,
) -> Result<Option<TaskId>, Error> {
    let total = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let (given, names) = (new.params.to_string(), Value::from(steps).to_string());
    let Origin { request_id, operator, client } = &new.origin;
    let values = params![
        new.kind,
        &new.tenant,
        &new.region,
        &new.subject,
        &given,
        &names,
        run_at,
        time_limit,
        total,
        request_id,
        operator,
        client,
        created_at,
        &new.host,
    ];
    tx.query_opt(INSERT, values, |row| Ok(TaskId(row.int(0)?)))
}

/// The live task of a subject: preparing, running or in error.
pub(crate) fn live_task(tx: &Tx<'_>, subject: &str) -> Result<Option<(TaskId, Status)>, Error> {
    tx.query_opt(LIVE, params![subject], |row| Ok((TaskId(row.int(0)?), read_status(row, 1)?)))
}

/// One tenant's task.
pub(crate) fn get(tx: &Tx<'_>, tenant: &str, id: i64) -> Result<Option<Task>, Error> {
    tx.query_opt(GET, params![id, tenant], read_task)
}

/// Anybody's task: for operators and the tests' harness, never for a client.
pub(crate) fn find(tx: &Tx<'_>, id: TaskId) -> Result<Option<Task>, Error> {
    tx.query_opt(FIND, params![id.0], read_task)
}

/// What the status of one tenant's task is told from: one row by its primary key.
pub(crate) fn brief(tx: &Tx<'_>, tenant: &str, id: i64) -> Result<Option<BriefRow>, Error> {
    tx.query_opt(BRIEF, params![id, tenant], |row| read_brief(row, id, tenant.to_owned()))
}

/// The same of all tasks, whosever they are, that ended for good; from the first number on, and before the second.
pub(crate) fn briefs(tx: &Tx<'_>, (first, end): (i64, i64)) -> Result<Vec<BriefRow>, Error> {
    tx.query(BRIEFS, params![first, end], |row| read_brief(row, row.int(5)?, row.text(6)?))
}

/// A brief as it is stored, with its number and whose it is.
pub(crate) struct BriefRow {
    id: i64,
    tenant: String,
    status: Status,
    created_at: i64,
    kind: String,
    subject: String,
    message: String,
}

impl BriefRow {
    /// Number, tenant and the rest.
    pub(crate) fn parts(&self) -> (i64, &str, Brief<'_>) {
        (self.id, &self.tenant, self.brief())
    }

    pub(crate) fn brief(&self) -> Brief<'_> {
        let Self { status, created_at, kind, subject, message, .. } = self;
        Brief { status: *status, created_at: *created_at, kind, subject, message }
    }
}

fn read_brief(row: &Row<'_>, id: i64, tenant: String) -> Result<BriefRow, Error> {
    Ok(BriefRow {
        id,
        tenant,
        status: read_status(row, 0)?,
        created_at: row.int(1)?,
        kind: row.text(2)?,
        subject: row.text(3)?,
        message: row.text(4)?,
    })
}

/// A task's log; `Err(text)` inside for a line that no version of the engine writes.
pub(crate) fn events(tx: &Tx<'_>, id: TaskId) -> Result<Result<Vec<Event>, String>, Error> {
    Ok(tx.query(EVENTS, params![id.0], read_event)?.into_iter().collect())
}

fn read_event(row: &Row<'_>) -> Result<Result<Event, String>, Error> {
    let (step, word, data, at) = (row.text(0)?, row.text(1)?, row.text(2)?, row.int(3)?);
    let (owner, attempt) = (row.text(4)?, row.small(5)?);
    let event = || {
        let kind = EventKind::parse(&word).ok_or_else(|| format!("the event `{word}` is unknown"))?;
        let data = serde_json::from_str(&data);
        let data = data.map_err(|error| format!("the data of `{word}` of step `{step}`: {error}"))?;
        Ok(Event { step: step.clone(), kind, data, at, owner, attempt })
    };
    Ok(event())
}

fn read_status(row: &Row<'_>, column: usize) -> Result<Status, Error> {
    let word = row.text(column)?;
    Status::parse(&word).ok_or_else(|| Error::Database(format!("a task has the unknown status `{word}`")))
}

/// Reads the [`task_columns`]. Params that are no JSON are shown as null here and end the task when it is claimed.
fn read_task(row: &Row<'_>) -> Result<Task, Error> {
    Ok(Task {
        id: TaskId(row.int(0)?),
        kind: row.text(1)?,
        tenant: row.text(2)?,
        region: row.text(3)?,
        subject: row.text(4)?,
        status: read_status(row, 5)?,
        message: row.text(6)?,
        created_at: row.int(7)?,
        started_at: row.opt_int(8)?,
        ended_at: row.opt_int(9)?,
        progress: (row.small(10)?, row.small(11)?),
        params: serde_json::from_str(&row.text(PARAMS)?).unwrap_or_default(),
        origin: Origin { request_id: row.text(13)?, operator: row.text(14)?, client: row.text(15)? },
        epoch: row.small(16)?,
    })
}

/// The engine's own tables and indexes, for tests of its SQL.
#[cfg(test)]
fn migrations() -> Vec<db::Migration> {
    let texts = [crate::MIGRATION_SQL, crate::LISTS_SQL, crate::OPERATORS_SQL, crate::HOSTS_SQL, crate::LEASES_SQL];
    texts.into_iter().zip(1..).map(|(sql, number)| db::Migration { number, sql }).collect()
}
