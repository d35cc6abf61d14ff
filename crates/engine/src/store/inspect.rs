//! What operators read: anybody's tasks, with how each is held.

use db::{Error, Param, Row, Tx, params};

use super::{TASK_COLUMNS, read_status, read_task, task_columns};
use crate::inspect::{Held, InspectFilter, Inspected};
use crate::task::{Status, TaskId};

/// The columns that [`read`] reads, in its order.
macro_rules! inspected_columns {
    () => {
        concat!(
            task_columns!(),
            ", owner, lease_until, run_at, attempt, unwinding, deadline, undo_deadline, steps, cancelling"
        )
    };
}

const FIND: &str = concat!("SELECT ", inspected_columns!(), " FROM task WHERE id = $1");

const ALIVE: &str = "SELECT kind, status, COUNT(*) FROM task WHERE status IN ('preparing', 'running', 'error') \
     GROUP BY kind, status ORDER BY kind, status";

/// One task.
pub(crate) fn find(tx: &Tx<'_>, id: TaskId) -> Result<Option<Inspected>, Error> {
    tx.query_opt(FIND, params![id.0], read)
}

/// A page of tasks, and whether there are more behind it. Nothing is counted: that would read a million rows.
pub(crate) fn list(tx: &Tx<'_>, filter: &InspectFilter) -> Result<(Vec<Inspected>, bool), Error> {
    let (text, mut values) = conditions(filter);
    values.extend_from_slice(params![filter.limit.saturating_add(1), filter.offset]);
    let columns = inspected_columns!();
    let (limit, offset) = (values.len() - 1, values.len());
    let sql = format!("SELECT {columns} FROM task WHERE {text} ORDER BY id DESC LIMIT ${limit} OFFSET ${offset}");
    let mut page = tx.query(&sql, &values, read)?;
    let more = page.len() > usize::try_from(filter.limit).unwrap_or(usize::MAX);
    page.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
    Ok((page, more))
}

/// How many tasks are alive, by kind and status; looks only at them.
pub(crate) fn alive(tx: &Tx<'_>) -> Result<Vec<(String, Status, u64)>, Error> {
    tx.query(ALIVE, &[], |row| Ok((row.text(0)?, read_status(row, 1)?, row.small(2)?)))
}

fn conditions(filter: &InspectFilter) -> (String, Vec<Param<'_>>) {
    let (mut text, mut values) = (within(filter.status).to_owned(), Vec::new());
    let wanted = [
        ("status", filter.status.map(Status::as_str)),
        ("kind", filter.kind.as_deref()),
        ("subject", filter.subject.as_deref()),
        ("tenant", filter.tenant.as_deref()),
    ];
    for (column, value) in wanted {
        if let Some(value) = value {
            values.push(Param::from(value));
            text = format!("{text} AND {column} = ${}", values.len());
        }
    }
    (text, values)
}

/// Says what a status implies, so that the few tasks that are alive are found in their index however many have ended.
fn within(status: Option<Status>) -> &'static str {
    match status {
        Some(Status::Preparing | Status::Running | Status::Error) => {
            "id IN (SELECT id FROM task WHERE status IN ('preparing', 'running', 'error'))"
        }
        Some(Status::Succeed | Status::Failed) | None => "id > 0",
    }
}

fn read(row: &Row<'_>) -> Result<Inspected, Error> {
    let steps = serde_json::from_str(&row.text(TASK_COLUMNS + 7)?);
    let held = Held {
        owner: row.text(TASK_COLUMNS)?,
        lease_until: row.int(TASK_COLUMNS + 1)?,
        run_at: row.int(TASK_COLUMNS + 2)?,
        attempt: row.small(TASK_COLUMNS + 3)?,
        unwinding: row.flag(TASK_COLUMNS + 4)?,
        cancelling: row.flag(TASK_COLUMNS + 8)?,
        deadline: row.opt_int(TASK_COLUMNS + 5)?,
        undo_deadline: row.opt_int(TASK_COLUMNS + 6)?,
        steps: steps.map_err(|error| format!("the stored steps cannot be read: {error}")),
    };
    Ok(Inspected { task: read_task(row)?, held })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With a million ended tasks neither a count nor a list of what is alive may read them.
    #[test]
    fn what_is_alive_is_found_in_its_index() {
        let folder = tempfile::tempdir().unwrap();
        let migrations = [(1, crate::MIGRATION_SQL), (2, crate::LISTS_SQL), (3, crate::OPERATORS_SQL)];
        let migrations = migrations.map(|(number, sql)| db::Migration { number, sql });
        let db = db::Db::open(&folder.path().join("state.db"), &migrations).unwrap();
        let filter = InspectFilter { status: Some(Status::Error), limit: 50, ..InspectFilter::default() };
        let (text, mut values) = conditions(&filter);
        values.extend_from_slice(params![50, 0]);
        let list = format!("SELECT id FROM task WHERE {text} ORDER BY id DESC LIMIT $2 OFFSET $3");
        for (name, sql, values) in [("count", ALIVE, &[][..]), ("list", list.as_str(), &values)] {
            let plan: Result<_, Error> =
                db.read(|tx| tx.query(&format!("EXPLAIN QUERY PLAN {sql}"), values, |row| row.text(3)));
            let plan = plan.unwrap().join("; ");
            let reads_all = plan.split("; ").any(|line| line == "SCAN task" || line.contains("rowid>?"));
            assert!(!reads_all, "{name}: {plan}");
        }
    }
}
