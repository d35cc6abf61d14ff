//! What testers have planned, and what came of it.

use db::{Error, Row, Tx, params};

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Tasks, when they are enqueued.
    Task,
    /// Requests, before they are handled.
    Action,
}

impl Target {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Action => "action",
        }
    }
}

/// A plan as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its number.
    pub id: i64,
    /// For how many more tasks or requests it is.
    pub uses_left: i64,
    /// JSON.
    pub spec: String,
    /// When it was made, milliseconds since 1970.
    pub created_at: i64,
}

/// Writes a plan for tasks of a kind, or for requests of an action; an empty text stands for any. Answers its number.
///
/// # Errors
/// The database's.
pub fn add_plan(
    tx: &Tx<'_>,
    target: Target,
    (name, subject): (&str, &str),
    uses: i64,
    spec: &str,
    now: i64,
) -> Result<i64, Error> {
    let sql = "INSERT INTO lever_plan (target, name, subject, uses_left, spec, created_at)
               VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
    let id = tx.query_opt(sql, params![target.as_str(), name, subject, uses, spec, now], |row| row.int(0))?;
    id.ok_or_else(|| Error::Database("a plan was written and has no number".to_owned()))
}

/// The plans with uses left for this kind or action, oldest first. Each comes with the subject that it is for, empty for any.
///
/// # Errors
/// The database's.
pub fn open_plans(tx: &Tx<'_>, target: Target, name: &str) -> Result<Vec<(Plan, String)>, Error> {
    let sql = "SELECT id, uses_left, spec, created_at, subject FROM lever_plan
               WHERE target = $1 AND uses_left > 0 AND (name = '' OR name = $2) ORDER BY id";
    tx.query(sql, params![target.as_str(), name], |row| Ok((read_plan(row)?, row.text(4)?)))
}

/// All plans, also used ones, newest first.
///
/// # Errors
/// The database's.
pub fn plans(tx: &Tx<'_>) -> Result<Vec<Plan>, Error> {
    tx.query("SELECT id, uses_left, spec, created_at FROM lever_plan ORDER BY id DESC", &[], read_plan)
}

fn read_plan(row: &Row<'_>) -> Result<Plan, Error> {
    Ok(Plan { id: row.int(0)?, uses_left: row.int(1)?, spec: row.text(2)?, created_at: row.int(3)? })
}

/// Takes one use of a plan; `false` when none is left.
///
/// # Errors
/// The database's.
pub fn take(tx: &Tx<'_>, plan: i64) -> Result<bool, Error> {
    let sql = "UPDATE lever_plan SET uses_left = uses_left - 1 WHERE id = $1 AND uses_left > 0";
    Ok(tx.execute(sql, params![plan])? > 0)
}

/// Takes all uses of a plan that are left away; `false` when there is no such plan.
///
/// # Errors
/// The database's.
pub fn cancel(tx: &Tx<'_>, plan: i64) -> Result<bool, Error> {
    Ok(tx.execute("UPDATE lever_plan SET uses_left = 0 WHERE id = $1", params![plan])? > 0)
}

/// A use as it is written first.
#[derive(Debug)]
pub struct NewUse<'a> {
    /// The plan; `None` when only a pace is at work.
    pub plan_id: Option<i64>,
    /// The task; `None` for a request that was refused.
    pub task_id: Option<i64>,
    /// The request, also the one that the task came from.
    pub request_id: &'a str,
    /// The instance; may be empty.
    pub subject: &'a str,
    /// JSON: what was decided.
    pub script: &'a str,
    /// JSON: what happened when.
    pub notes: &'a str,
    /// Now, milliseconds since 1970.
    pub at: i64,
}

/// Writes a use down.
///
/// # Errors
/// The database's.
pub fn add_use(tx: &Tx<'_>, new: &NewUse<'_>) -> Result<(), Error> {
    let sql = "INSERT INTO lever_use (plan_id, task_id, request_id, subject, script, notes, at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let NewUse { plan_id, task_id, request_id, subject, script, notes, at } = *new;
    tx.execute(sql, params![plan_id, task_id, request_id, subject, script, notes, at]).map(drop)
}

/// What is known of a task that a plan or a pace has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Its number.
    pub id: i64,
    /// The plan, if it is one.
    pub plan_id: Option<i64>,
    /// JSON: what was decided.
    pub script: String,
    /// How often DescribeTaskInfo has asked for it.
    pub polls: i64,
    /// Until when its late step waits, by the steady time.
    pub delayed_until: Option<i64>,
    /// Whether its undo has given up already.
    pub undo_failed: bool,
}

const OF_TASK: &str = "SELECT id, plan_id, script, polls, delayed_until, undo_failed FROM lever_use WHERE task_id = $1";

/// The use of a task.
///
/// # Errors
/// The database's.
pub fn use_of(tx: &Tx<'_>, task: i64) -> Result<Option<Use>, Error> {
    tx.query_opt(OF_TASK, params![task], |row| {
        Ok(Use {
            id: row.int(0)?,
            plan_id: row.opt_int(1)?,
            script: row.text(2)?,
            polls: row.int(3)?,
            delayed_until: row.opt_int(4)?,
            undo_failed: row.flag(5)?,
        })
    })
}

/// Counts a poll; answers how many there have been.
///
/// # Errors
/// The database's.
pub fn count_poll(tx: &Tx<'_>, id: i64) -> Result<i64, Error> {
    let sql = "UPDATE lever_use SET polls = polls + 1 WHERE id = $1 RETURNING polls";
    Ok(tx.query_opt(sql, params![id], |row| row.int(0))?.unwrap_or(i64::MAX))
}

/// Counts so many polls, whatever there has been.
///
/// # Errors
/// The database's.
pub fn set_polls(tx: &Tx<'_>, id: i64, polls: i64) -> Result<(), Error> {
    tx.execute("UPDATE lever_use SET polls = $2 WHERE id = $1", params![id, polls]).map(drop)
}

/// Remembers until when the late step waits.
///
/// # Errors
/// The database's.
pub fn set_delayed(tx: &Tx<'_>, id: i64, until: i64) -> Result<(), Error> {
    tx.execute("UPDATE lever_use SET delayed_until = $2 WHERE id = $1", params![id, until]).map(drop)
}

/// Remembers that the undo has given up.
///
/// # Errors
/// The database's.
pub fn set_undo_failed(tx: &Tx<'_>, id: i64) -> Result<(), Error> {
    tx.execute("UPDATE lever_use SET undo_failed = 1 WHERE id = $1", params![id]).map(drop)
}

/// The notes of a use, JSON; `None` when there is no such use.
///
/// # Errors
/// The database's.
pub fn notes(tx: &Tx<'_>, id: i64) -> Result<Option<String>, Error> {
    tx.query_opt("SELECT notes FROM lever_use WHERE id = $1", params![id], |row| row.text(0))
}

/// Writes the notes of a use.
///
/// # Errors
/// The database's.
pub fn set_notes(tx: &Tx<'_>, id: i64, notes: &str) -> Result<(), Error> {
    tx.execute("UPDATE lever_use SET notes = $2 WHERE id = $1", params![id, notes]).map(drop)
}

/// A use as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in NewUse; kind and status are the task's")]
pub struct Listed {
    pub plan_id: Option<i64>,
    pub task_id: Option<i64>,
    pub kind: Option<String>,
    pub status: Option<String>,
    pub request_id: String,
    pub subject: String,
    pub script: String,
    pub polls: i64,
    pub notes: String,
    pub at: i64,
}

/// The latest uses, newest first.
///
/// # Errors
/// The database's.
pub fn uses(tx: &Tx<'_>, limit: i64) -> Result<Vec<Listed>, Error> {
    let sql = "SELECT u.plan_id, u.task_id, t.kind, t.status, u.request_id, u.subject, u.script, u.polls, u.notes, u.at
               FROM lever_use u LEFT JOIN task t ON t.id = u.task_id ORDER BY u.id DESC LIMIT $1";
    tx.query(sql, params![limit], |row| {
        Ok(Listed {
            plan_id: row.opt_int(0)?,
            task_id: row.opt_int(1)?,
            kind: row.opt_text(2)?,
            status: row.opt_text(3)?,
            request_id: row.text(4)?,
            subject: row.text(5)?,
            script: row.text(6)?,
            polls: row.int(7)?,
            notes: row.text(8)?,
            at: row.int(9)?,
        })
    })
}

/// Sets the pace of a kind (JSON), empty for all kinds; `None` takes it away.
///
/// # Errors
/// The database's.
pub fn set_pace(tx: &Tx<'_>, kind: &str, spec: Option<&str>) -> Result<(), Error> {
    let done = match spec {
        None => tx.execute("DELETE FROM lever_pace WHERE kind = $1", params![kind]),
        Some(spec) => {
            let sql = "INSERT INTO lever_pace (kind, spec) VALUES ($1, $2)
                       ON CONFLICT (kind) DO UPDATE SET spec = excluded.spec";
            tx.execute(sql, params![kind, spec])
        }
    };
    done.map(drop)
}

/// All paces, each with its kind.
///
/// # Errors
/// The database's.
pub fn paces(tx: &Tx<'_>) -> Result<Vec<(String, String)>, Error> {
    tx.query("SELECT kind, spec FROM lever_pace ORDER BY kind", &[], |row| Ok((row.text(0)?, row.text(1)?)))
}

/// The pace of a kind (JSON): its own, else that of all kinds.
///
/// # Errors
/// The database's.
pub fn pace(tx: &Tx<'_>, kind: &str) -> Result<Option<String>, Error> {
    let sql = "SELECT spec FROM lever_pace WHERE kind = $1 OR kind = '' ORDER BY kind DESC LIMIT 1";
    tx.query_opt(sql, params![kind], |row| row.text(0))
}

/// How far the date is ahead, in milliseconds.
///
/// # Errors
/// The database's.
pub fn leapt(tx: &Tx<'_>) -> Result<i64, Error> {
    let value = tx.query_opt("SELECT value FROM lever_setting WHERE name = 'leapt'", &[], |row| row.text(0))?;
    Ok(value.and_then(|value| value.parse().ok()).unwrap_or(0))
}

/// Remembers how far the date is ahead, in milliseconds.
///
/// # Errors
/// The database's.
pub fn set_leapt(tx: &Tx<'_>, ms: i64) -> Result<(), Error> {
    let sql = "INSERT INTO lever_setting (name, value) VALUES ('leapt', $1)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(sql, params![&ms.to_string()]).map(drop)
}

/// The status of an account's task.
///
/// # Errors
/// The database's.
pub fn status_of(tx: &Tx<'_>, account: &str, task: i64) -> Result<Option<String>, Error> {
    tx.query_opt("SELECT status FROM task WHERE id = $1 AND tenant = $2", params![task, account], |row| row.text(0))
}
