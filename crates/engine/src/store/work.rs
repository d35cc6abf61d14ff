//! What workers write: the claim, and after it only statements that begin with the fence.

use std::sync::Arc;

use db::{Error, Row, Tx, params};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{PARAMS, TASK_COLUMNS, read_status, read_task, task_columns};
use crate::log::EventKind;
use crate::task::{Status, Task, TaskId};

/// Why a worker's write did not happen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// Another worker has claimed the task, or it has ended: whatever this one still wants is void.
    #[error("the lease is lost")]
    Lost,
    /// An operator has cancelled the task: it must not go forward.
    #[error("the task is cancelled")]
    Cancelled,
    /// The kind's own code (`record`, `forget`, `ended`) answered an error or panicked.
    #[error("the kind's own write: {0}")]
    Hook(Error),
    /// The database did not write.
    #[error(transparent)]
    Database(Error),
}

impl From<Error> for WriteError {
    fn from(error: Error) -> Self {
        match error {
            // Only a kind's code can panic inside a transaction of ours.
            Error::Panic => Self::Hook(error),
            other => Self::Database(other),
        }
    }
}

/// A claimed task with all that is stored of it.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) task: Task,
    /// The steps' names at the enqueue; an error text when they or the params are no JSON.
    pub(crate) content: Result<Vec<String>, String>,
    pub(crate) unwinding: bool,
    pub(crate) cancelling: bool,
    pub(crate) attempt: u32,
    pub(crate) deadline: i64,
    pub(crate) undo_deadline: Option<i64>,
}

/// The fence: what a worker holds after its claim.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fence {
    pub(crate) id: TaskId,
    pub(crate) epoch: i64,
}

/// What a claim writes; times in milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) owner: String,
    /// The host whose tasks, and those of none, may be claimed.
    pub(crate) host: String,
    /// The steady time.
    pub(crate) now: i64,
    /// The date.
    pub(crate) date: i64,
    pub(crate) lease_until: i64,
}

/// The number of the next end, for lists. A worker elsewhere that took the same is refused by the index, and tries again.
macro_rules! next_end {
    () => {
        "(SELECT COALESCE(MAX(e.end_no), 0) + 1 FROM task e WHERE e.end_no > 0)"
    };
}

/// The open task of a host that has been due for longest: one look into the index, without a sort.
macro_rules! longest_due {
    ($column:literal, $host:literal, $and:literal) => {
        concat!(
            "(SELECT ",
            $column,
            " FROM task WHERE status IN ('preparing', 'running') AND host = ",
            $host,
            $and,
            " ORDER BY run_at, id LIMIT 1)"
        )
    };
}

const DUE: &str = concat!(
    "SELECT MIN(run_at) FROM (SELECT ",
    longest_due!("run_at", "$2", " AND lease_until <= $1"),
    " AS run_at UNION ALL SELECT ",
    longest_due!("run_at", "''", " AND lease_until <= $1"),
    ") AS due"
);
const CLAIM: &str = concat!(
    "UPDATE task SET owner = $1, epoch = epoch + 1, attempt = attempt + 1, lease_until = $3, status = 'running', \
     message = '', started_at = COALESCE(started_at, $4), deadline = COALESCE(deadline, $2 + time_limit) \
     WHERE id = COALESCE(",
    longest_due!("id", "$5", " AND run_at <= $2 AND lease_until <= $2"),
    ", ",
    longest_due!("id", "''", " AND run_at <= $2 AND lease_until <= $2"),
    ") AND lease_until <= $2 RETURNING ",
    task_columns!(),
    ", steps, unwinding, attempt, deadline, undo_deadline, cancelling"
);
const VOID_LEASES: &str = "UPDATE task SET lease_until = 0 WHERE lease_until > 0 AND ($1 = '' OR owner = $1)";
const HELD: &str = "SELECT 1 FROM task WHERE lease_until > 0 AND ($1 = '' OR owner = $1) LIMIT 1";

// What would let a task go forward is refused once it is cancelled; what lets it go lets it be claimed at once then.
const RENEW: &str =
    "UPDATE task SET lease_until = $3 WHERE id = $1 AND epoch = $2 AND status = 'running' AND cancelling = 0";
const ADVANCE: &str = "UPDATE task SET lease_until = $3, attempt = $4, done_steps = $5 \
     WHERE id = $1 AND epoch = $2 AND status = 'running' AND cancelling = 0";
const UNWIND: &str = "UPDATE task SET lease_until = $3, attempt = $4, unwinding = 1, undo_deadline = $5, cancelling = 0 \
     WHERE id = $1 AND epoch = $2 AND status = 'running' AND cancelling = $6";
const STEP_BACK: &str = "UPDATE task SET lease_until = $3, attempt = $4 \
     WHERE id = $1 AND epoch = $2 AND status = 'running'";
const GIVE_BACK: &str = "UPDATE task SET lease_until = 0, run_at = CASE cancelling WHEN 0 THEN $3 ELSE run_at END \
     WHERE id = $1 AND epoch = $2 AND status = 'running'";
const HOLD: &str = "UPDATE task SET lease_until = 0, run_at = CASE cancelling WHEN 0 THEN $3 ELSE run_at END, deadline = NULL \
     WHERE id = $1 AND epoch = $2 AND status = 'running'";
const FINISH: &str = concat!(
    "UPDATE task SET lease_until = 0, status = $3, message = $4, ended_at = $5, done_steps = $6, \
     end_no = CASE $3 WHEN 'error' THEN 0 ELSE ",
    next_end!(),
    " END WHERE id = $1 AND epoch = $2 AND status = 'running' \
     AND (cancelling = 0 OR $3 <> 'succeed')"
);
const CANCELLED: &str = "SELECT id FROM task WHERE cancelling = 1 AND status IN ('preparing', 'running')";
const IS_CANCELLED: &str = "SELECT 1 FROM task WHERE id = $1 AND epoch = $2 AND status = 'running' AND cancelling = 1";
const APPEND: &str = "INSERT INTO task_event (task_id, step, event, seq, data, at, owner, attempt) VALUES ($1, $2, $3, \
     (SELECT COUNT(*) FROM task_event WHERE task_id = $1), $4, $5, $6, $7) ON CONFLICT DO NOTHING";

const CURRENT: &str = "SELECT 1 FROM task WHERE id = $1 AND epoch = $2 AND status = 'running'";
const PEEK: &str = "SELECT status, lease_until, run_at FROM task WHERE id = $1";
const TRY_AGAIN: &str = concat!(
    "UPDATE task SET status = 'running', message = '', ended_at = NULL, lease_until = 0, attempt = 0, run_at = $2, \
     deadline = NULL, undo_deadline = CASE WHEN unwinding = 1 THEN $3 END \
     WHERE id = $1 AND status = 'error' RETURNING ",
    task_columns!()
);
const ABANDON: &str = concat!(
    "UPDATE task SET status = 'failed', ended_at = $2, end_no = ",
    next_end!(),
    " WHERE id = $1 AND status = 'error' RETURNING ",
    task_columns!()
);

const CANCEL_NEW: &str = concat!(
    "UPDATE task SET status = 'failed', message = $2, ended_at = $3, end_no = ",
    next_end!(),
    " WHERE id = $1 AND status = 'preparing' RETURNING ",
    task_columns!()
);
const CANCEL_RUNNING: &str = concat!(
    "UPDATE task SET cancelling = 1, run_at = CASE WHEN run_at > $2 THEN $2 ELSE run_at END \
     WHERE id = $1 AND status = 'running' AND unwinding = 0 AND cancelling = 0 RETURNING ",
    task_columns!(),
    ", steps"
);

const HOLD_BACK: &str = "UPDATE task SET run_at = $2 WHERE id = $1 AND status = 'preparing'";
const RELEASE: &str = "UPDATE task SET run_at = $2 \
     WHERE id = $1 AND status IN ('preparing', 'running') AND lease_until = 0 AND run_at >= $3";
const RELEASE_ALL: &str = "UPDATE task SET run_at = $1 \
     WHERE status IN ('preparing', 'running') AND host >= '' AND lease_until = 0 AND run_at >= $2";
const NOTE_WAIT: &str = "UPDATE task SET message = $2 \
     WHERE status IN ('preparing', 'running') AND host = $1 AND lease_until <= $3 AND message <> $2";
const MOVE_ALL: &str = "UPDATE task SET host = $1 WHERE status IN ('preparing', 'running', 'error') AND host <> $1";

/// When the next free task may be claimed; in the past when one is waiting.
pub(crate) fn due(tx: &Tx<'_>, host: &str, now: i64) -> Result<Option<i64>, Error> {
    Ok(tx.query_opt(DUE, params![now, host], |row| row.opt_int(0))?.flatten())
}

/// Says in the message of a host's open tasks that nobody works on why they wait; the next claim takes it away.
pub(crate) fn note_wait(tx: &Tx<'_>, host: &str, why: &str, now: i64) -> Result<usize, Error> {
    tx.execute(NOTE_WAIT, params![host, why, now])
}

/// Gives every task that has not ended to this host.
pub(crate) fn move_all(tx: &Tx<'_>, host: &str) -> Result<usize, Error> {
    tx.execute(MOVE_ALL, params![host])
}

/// Takes the task that has been due for longest: of the host's own, else of those of none.
pub(crate) fn claim(tx: &Tx<'_>, claim: &Claim) -> Result<Option<Stored>, Error> {
    tx.query_opt(CLAIM, params![&claim.owner, claim.now, claim.lease_until, claim.date, &claim.host], read_stored)
}

fn read_stored(row: &Row<'_>) -> Result<Stored, Error> {
    Ok(Stored {
        task: read_task(row)?,
        content: read_content(&row.text(PARAMS)?, &row.text(TASK_COLUMNS)?).map_err(|error| error.to_string()),
        unwinding: row.flag(TASK_COLUMNS + 1)?,
        attempt: row.small(TASK_COLUMNS + 2)?,
        deadline: row.int(TASK_COLUMNS + 3)?,
        undo_deadline: row.opt_int(TASK_COLUMNS + 4)?,
        cancelling: row.flag(TASK_COLUMNS + 5)?,
    })
}

fn read_content(params: &str, steps: &str) -> Result<Vec<String>, serde_json::Error> {
    serde_json::from_str::<IgnoredAny>(params)?;
    serde_json::from_str(steps)
}

/// Whether a lease is held by this owner; `""`: by anybody.
pub(crate) fn any_lease(tx: &Tx<'_>, owner: &str) -> Result<bool, Error> {
    Ok(tx.query_opt(HELD, params![owner], |_| Ok(()))?.is_some())
}

/// Makes every open task that this owner holds free to be claimed; `""`: every one.
pub(crate) fn void_leases(tx: &Tx<'_>, owner: &str) -> Result<usize, Error> {
    tx.execute(VOID_LEASES, params![owner])
}

impl Fence {
    fn update(self, tx: &Tx<'_>, sql: &str, rest: &[db::Param<'_>]) -> Result<(), WriteError> {
        let mut values = vec![self.id.0.into(), self.epoch.into()];
        values.extend_from_slice(rest);
        match tx.execute(sql, &values)? {
            0 => Err(self.refused(tx)?),
            _ => Ok(()),
        }
    }

    /// Why a write changed nothing.
    fn refused(self, tx: &Tx<'_>) -> Result<WriteError, WriteError> {
        let cancelled = tx.query_opt(IS_CANCELLED, params![self.id.0, self.epoch], |_| Ok(()))?;
        Ok(if cancelled.is_some() { WriteError::Cancelled } else { WriteError::Lost })
    }

    /// Keeps the task longer.
    pub(crate) fn renew(self, tx: &Tx<'_>, lease_until: i64) -> Result<(), WriteError> {
        self.update(tx, RENEW, params![lease_until])
    }

    /// One more step is done.
    pub(crate) fn advance(self, tx: &Tx<'_>, hold: Hold, done: u32) -> Result<(), WriteError> {
        self.update(tx, ADVANCE, params![hold.lease_until, hold.attempt, done])
    }

    /// From here on the steps are undone; `cancelled` must be said of a task that is, and of no other.
    pub(crate) fn unwind(self, tx: &Tx<'_>, hold: Hold, undo_deadline: i64, cancelled: bool) -> Result<(), WriteError> {
        self.update(tx, UNWIND, params![hold.lease_until, hold.attempt, undo_deadline, cancelled])
    }

    /// One more step is undone.
    pub(crate) fn step_back(self, tx: &Tx<'_>, hold: Hold) -> Result<(), WriteError> {
        self.update(tx, STEP_BACK, params![hold.lease_until, hold.attempt])
    }

    /// Lets the task go until `run_at`.
    pub(crate) fn give_back(self, tx: &Tx<'_>, run_at: i64) -> Result<(), WriteError> {
        self.update(tx, GIVE_BACK, params![run_at])
    }

    /// Lets the task go until `run_at`; its deadline is counted anew from then.
    pub(crate) fn hold(self, tx: &Tx<'_>, run_at: i64) -> Result<(), WriteError> {
        self.update(tx, HOLD, params![run_at])
    }

    /// Writes the final status, the message and the end that `task` has.
    pub(crate) fn finish(self, tx: &Tx<'_>, task: &Task) -> Result<(), WriteError> {
        let values = params![task.status.as_str(), &task.message, task.ended_at, task.progress.0];
        self.update(tx, FINISH, values)
    }
}

/// How a worker goes on holding its task: the lease, and the count of attempts at the step that comes next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hold {
    pub(crate) lease_until: i64,
    pub(crate) attempt: u32,
}

/// Adds a line to a log; one that is there already stays as it is.
pub(crate) fn append(
    tx: &Tx<'_>,
    id: TaskId,
    step: &str,
    kind: EventKind,
    data: &Value,
    mark: &Mark,
) -> Result<(), Error> {
    let data = data.to_string();
    let values = params![id.0, step, kind.as_str(), &data, mark.at, &*mark.owner, mark.attempt];
    tx.execute(APPEND, values).map(drop)
}

/// Who writes a line of a log, and when.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    /// The date.
    pub(crate) at: i64,
    pub(crate) owner: Arc<str>,
    /// How often the step, or its undo, has begun.
    pub(crate) attempt: u32,
}

impl Mark {
    /// Of what an operator does, who stands in the data.
    pub(crate) fn of_operator(at: i64) -> Self {
        Self { at, owner: Arc::from(""), attempt: 0 }
    }
}

/// The tasks that are cancelled and whose workers have not heeded it yet.
pub(crate) fn cancelled(tx: &Tx<'_>) -> Result<Vec<TaskId>, Error> {
    tx.query(CANCELLED, &[], |row| Ok(TaskId(row.int(0)?)))
}

/// Ends a task that was never claimed as `failed`; `None` when it was.
pub(crate) fn cancel_new(tx: &Tx<'_>, id: TaskId, message: &str, now: i64) -> Result<Option<Task>, Error> {
    tx.query_opt(CANCEL_NEW, params![id.0, message, now], read_task)
}

/// Keeps a task that goes forward from going on, and lets it be claimed at once if nobody has it; with its steps as they
/// are stored. `None` when it does not go forward, or is cancelled already.
pub(crate) fn cancel_running(tx: &Tx<'_>, id: TaskId, now: i64) -> Result<Option<(Task, String)>, Error> {
    tx.query_opt(CANCEL_RUNNING, params![id.0, now], |row| Ok((read_task(row)?, row.text(TASK_COLUMNS)?)))
}

/// Keeps a new task from being claimed before `until`.
pub(crate) fn hold_back(tx: &Tx<'_>, id: TaskId, until: i64) -> Result<(), Error> {
    tx.execute(HOLD_BACK, params![id.0, until]).map(drop)
}

/// Lets a task be claimed now that nobody works on and that was not to be before `held`. Whether it was so.
pub(crate) fn release(tx: &Tx<'_>, id: TaskId, now: i64, held: i64) -> Result<bool, Error> {
    Ok(tx.execute(RELEASE, params![id.0, now, held])? > 0)
}

/// The same for all tasks.
pub(crate) fn release_all(tx: &Tx<'_>, now: i64, held: i64) -> Result<usize, Error> {
    tx.execute(RELEASE_ALL, params![now, held])
}

/// Deletes all tasks and their logs.
pub(crate) fn delete_all(tx: &Tx<'_>) -> Result<usize, Error> {
    tx.execute("DELETE FROM task_event", &[])?;
    tx.execute("DELETE FROM task", &[])
}

/// Whether a claim is the latest one of a task that has not ended.
pub(crate) fn is_current(tx: &Tx<'_>, id: TaskId, epoch: u64) -> Result<bool, Error> {
    let epoch = i64::try_from(epoch).unwrap_or(i64::MAX);
    Ok(tx.query_opt(CURRENT, params![id.0, epoch], |_| Ok(()))?.is_some())
}

/// The status of a task, its lease and when it may be claimed: for the tests' harness, which waits for its end.
pub(crate) fn peek(tx: &Tx<'_>, id: TaskId) -> Result<Option<(Status, i64, i64)>, Error> {
    tx.query_opt(PEEK, params![id.0], |row| Ok((read_status(row, 0)?, row.int(1)?, row.int(2)?)))
}

/// Opens a task in `error` again; `None` when it is not in `error`.
pub(crate) fn try_again(tx: &Tx<'_>, id: TaskId, now: i64, undo_deadline: i64) -> Result<Option<Task>, Error> {
    tx.query_opt(TRY_AGAIN, params![id.0, now, undo_deadline], read_task)
}

/// Ends a task in `error` as `failed`; `None` when it is not in `error`.
pub(crate) fn abandon(tx: &Tx<'_>, id: TaskId, now: i64) -> Result<Option<Task>, Error> {
    let task = tx.query_opt(ABANDON, params![id.0, now], read_task)?;
    debug_assert!(task.as_ref().is_none_or(|task| task.status == Status::Failed), "the statement says so");
    Ok(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (tempfile::TempDir, db::Db) {
        let folder = tempfile::tempdir().unwrap();
        let migrations = crate::store::migrations();
        let db = db::Db::open(&folder.path().join("state.db"), &migrations).unwrap();
        (folder, db)
    }

    /// A task that two workers have claimed, the second after the first one's lease had ended.
    fn claimed_twice(tx: &Tx<'_>) -> Result<Task, Error> {
        let (tenant, region, subject) = ("t".to_owned(), "r".to_owned(), "s".to_owned());
        let (host, params, origin) = (String::new(), Value::Null, crate::Origin::default());
        let new = crate::NewTask { kind: "k", tenant, region, subject, host, params, origin };
        super::super::insert(tx, &new, &["a"], 1_000, 0, 0)?;
        let at = |now| Claim { owner: String::new(), host: String::new(), now, date: now, lease_until: now + 10 };
        assert!(claim(tx, &at(0))?.is_some());
        assert!(claim(tx, &at(9))?.is_none(), "the lease holds");
        Ok(claim(tx, &at(10))?.unwrap().task)
    }

    #[tokio::test]
    async fn every_write_of_a_worker_is_fenced() {
        let (_folder, db) = open();
        let done: Result<(), WriteError> = db
            .write(|tx| {
                let task = claimed_twice(tx)?;
                let (id, hold) = (task.id, Hold { lease_until: 20, attempt: 1 });
                let ended = Task { status: Status::Succeed, ended_at: Some(11), ..task };
                // What ends the task, or lets it go, comes last: these too must succeed under the current epoch.
                for epoch in [1, 2] {
                    let fence = Fence { id, epoch };
                    let writes = [
                        fence.renew(tx, 20),
                        fence.advance(tx, hold, 1),
                        fence.unwind(tx, hold, 99, false),
                        fence.step_back(tx, hold),
                        fence.give_back(tx, 30),
                        fence.finish(tx, &ended),
                    ];
                    for (index, write) in writes.into_iter().enumerate() {
                        let refused = matches!(write, Err(WriteError::Lost));
                        assert_eq!(refused, epoch == 1, "write {index} under epoch {epoch}: {write:?}");
                    }
                    assert!(epoch == 2 || peek(tx, id)? == Some((Status::Running, 20, 0)), "nothing was written");
                }
                assert_eq!(peek(tx, id)?, Some((Status::Succeed, 0, 30)));
                let late = Fence { id, epoch: 2 }.renew(tx, 40);
                assert!(matches!(late, Err(WriteError::Lost)), "an end is final");
                Ok(())
            })
            .await;
        done.unwrap();
    }

    /// With a million ended tasks none of these may read them; nor, where few are meant, all that wait.
    #[test]
    fn what_a_worker_looks_for_is_found_in_an_index() {
        let (_folder, db) = open();
        for (name, sql, parameters, index) in [
            ("due", DUE, 2, "task_open"),
            ("claim", CLAIM, 5, "task_open"),
            ("void", VOID_LEASES, 1, "task_held"),
            ("held", HELD, 1, "task_held"),
            ("cancelled", CANCELLED, 0, "task_cancelling"),
            ("release all", RELEASE_ALL, 2, "task_open"),
        ] {
            let (explain, values) = (format!("EXPLAIN QUERY PLAN {sql}"), vec![db::Param::Int(0); parameters]);
            let plan: Result<_, Error> = db.read(|tx| tx.query(&explain, &values, |row| row.text(3)));
            let plan = plan.unwrap().join("; ");
            assert!(plan.contains(index) && !plan.contains("SCAN task;"), "{name}: {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{name} sorts: {plan}");
        }
    }
}
