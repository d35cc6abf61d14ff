//! Lists of tasks, filtered and paged; and what the lists in memory are read from.

use db::{Error, Param, Row, Tx, params};

use super::{read_status, read_task, task_columns};
use crate::task::{Status, Task, TaskFilter};

/// By what lists are ordered: when a task was created, and its number.
pub(crate) type Key = (i64, i64);

/// What lists in memory know of an ended task.
pub(crate) struct EndedRow {
    pub(crate) end_no: i64,
    pub(crate) key: Key,
    pub(crate) tenant: String,
    pub(crate) region: String,
    pub(crate) kind: String,
    pub(crate) status: Status,
    pub(crate) operator: String,
    pub(crate) subject: String,
}

/// So many are fetched at once.
const CHUNK: usize = 20_000;
/// A page that begins later than this reads all.
const DEEP: usize = 1000;
/// So many more than what should fill a page are read at first, and each time twice as many.
const SPARE: usize = 64;
const LAST_END: &str = "SELECT COALESCE(MAX(end_no), 0) FROM task WHERE end_no > 0";
const ENDED_AFTER: &str = "SELECT end_no, created_at, id, tenant, region, kind, status, operator, subject FROM task \
     WHERE end_no > 0 AND end_no > $1 ORDER BY end_no LIMIT $2";

/// The number of the last end.
pub(crate) fn last_end(tx: &Tx<'_>) -> Result<i64, Error> {
    Ok(tx.query_opt(LAST_END, &[], |row| row.int(0))?.unwrap_or_default())
}

/// The tasks whose ends come next after the end `last`; and whether there may be more.
pub(crate) fn ended_after(tx: &Tx<'_>, last: i64) -> Result<(Vec<EndedRow>, bool), Error> {
    let rows = tx.query(ENDED_AFTER, params![last, i64::try_from(CHUNK).unwrap_or(i64::MAX)], |row| {
        Ok(EndedRow {
            end_no: row.int(0)?,
            key: (row.int(1)?, row.int(2)?),
            tenant: row.text(3)?,
            region: row.text(4)?,
            kind: row.text(5)?,
            status: read_status(row, 6)?,
            operator: row.text(7)?,
            subject: row.text(8)?,
        })
    })?;
    let more = rows.len() == CHUNK;
    Ok((rows, more))
}

/// The tasks that have not ended and pass, without regard to their subjects: how many, and the newest first, as many as the
/// page may reach.
pub(crate) fn unended(tx: &Tx<'_>, filter: &TaskFilter) -> Result<(usize, Vec<Key>), Error> {
    let mut conditions = Conditions::unended(filter);
    let count = format!("SELECT COUNT(*) FROM task WHERE {}", conditions.text);
    let total = tx.query_opt(&count, &conditions.values, |row| row.small(0))?.unwrap_or_default();
    conditions.values.push(filter.offset.saturating_add(filter.limit).into());
    let page = format!("{} LIMIT ${}", keys(&conditions.text), conditions.values.len());
    Ok((total, tx.query(&page, &conditions.values, |row| Ok((row.int(0)?, row.int(1)?)))?))
}

/// The tasks that have not ended of these subjects, each of which has one at most, whatever else the filter asks.
pub(crate) fn unended_of(tx: &Tx<'_>, subjects: &[String]) -> Result<Vec<Task>, Error> {
    let conditions = Conditions::locked(subjects);
    let sql = format!(concat!("SELECT ", task_columns!(), " FROM task WHERE {}"), conditions.text);
    tx.query(&sql, &conditions.values, read_task)
}

/// The same where only those count whose subject passes.
///
/// Row by row ten thousand subjects would take three times as long as in one text, so the rows are read for the page alone;
/// unless it may lie so far back that most are read anyway.
pub(crate) fn unended_on(
    tx: &Tx<'_>,
    filter: &TaskFilter,
    passes: impl Fn(&str) -> bool,
) -> Result<(usize, Vec<Key>), Error> {
    let mut conditions = Conditions::unended(filter);
    let key = |row: &Row<'_>| Ok(if passes(row.str(2)?) { Some((row.int(0)?, row.int(1)?)) } else { None });
    let reach = filter.offset as usize + filter.limit as usize;
    if reach > DEEP {
        let all = tx.query(&keys(&conditions.text), &conditions.values, key)?;
        let all: Vec<Key> = all.into_iter().flatten().collect();
        return Ok((all.len(), all));
    }
    let subjects = format!("SELECT COALESCE(string_agg(subject, '\n'), '') FROM task WHERE {}", conditions.text);
    let counted = tx.query_opt(&subjects, &conditions.values, |row| {
        Ok(row.str(0)?.lines().fold((0, 0), |(all, pass), one| (all + 1, pass + usize::from(passes(one)))))
    })?;
    let (all, total) = counted.unwrap_or_default();
    let wanted = total.min(reach);
    // As if those that pass were spread evenly.
    let mut many = i64::try_from(wanted * all / total.max(1) + SPARE).unwrap_or(i64::MAX);
    conditions.values.extend_from_slice(params![many, 0_i64]);
    let (limit, offset) = (conditions.values.len() - 1, conditions.values.len());
    let sql = format!("{} LIMIT ${limit} OFFSET ${offset}", keys(&conditions.text));
    let mut page = Vec::new();
    let mut skipped = 0;
    while page.len() < wanted {
        (conditions.values[limit - 1], conditions.values[offset - 1]) = (Param::Int(many), Param::Int(skipped));
        page.extend(tx.query(&sql, &conditions.values, key)?.into_iter().flatten());
        (skipped, many) = (skipped + many, many.saturating_mul(2));
    }
    Ok((total, page))
}

fn keys(conditions: &str) -> String {
    format!("SELECT created_at, id, subject FROM task WHERE {conditions} ORDER BY created_at DESC, id DESC")
}

/// These tasks, in this order.
pub(crate) fn by_ids(tx: &Tx<'_>, ids: &[i64]) -> Result<Vec<Task>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut conditions = Conditions::default();
    conditions.one_of("id", Some(ids.iter().copied().map(Param::from)));
    let sql = format!(concat!("SELECT ", task_columns!(), " FROM task WHERE {}"), conditions.text);
    let mut tasks = tx.query(&sql, &conditions.values, read_task)?;
    tasks.sort_unstable_by_key(|task| std::cmp::Reverse((task.created_at, task.id)));
    Ok(tasks)
}

/// How many tasks pass the filter, and the page of them that it asks for, newest first.
pub(crate) fn list(tx: &Tx<'_>, filter: &TaskFilter) -> Result<(u64, Vec<Task>), Error> {
    let mut conditions = Conditions::default();
    conditions.all_of(filter);
    let (text, mut values) = (conditions.text, conditions.values);
    let count = format!("SELECT COUNT(*) FROM task WHERE {text}");
    let total = tx.query_opt(&count, &values, |row| row.small(0))?.unwrap_or_default();
    let (limit, offset) = (values.len() + 1, values.len() + 2);
    values.extend_from_slice(db::params![filter.limit, filter.offset]);
    let columns = task_columns!();
    let page = format!(
        "SELECT {columns} FROM task WHERE {text} ORDER BY created_at DESC, id DESC LIMIT ${limit} OFFSET ${offset}"
    );
    Ok((total, tx.query(&page, &values, read_task)?))
}

/// A WHERE text and its parameters, growing together.
#[derive(Default)]
struct Conditions<'f> {
    text: String,
    values: Vec<Param<'f>>,
}

impl<'f> Conditions<'f> {
    /// What the index `task_unended` can tell.
    fn unended(filter: &'f TaskFilter) -> Self {
        let mut conditions = Self { text: "end_no = 0".to_owned(), ..Self::default() };
        conditions.all_but_subjects(filter);
        conditions
    }

    /// What the index `task_live` can tell.
    fn locked(subjects: &'f [String]) -> Self {
        let text = "status IN ('preparing', 'running', 'error')".to_owned();
        let mut conditions = Self { text, ..Self::default() };
        conditions.one_of("subject", Some(subjects.iter().map(Param::from)));
        conditions
    }

    fn all_of(&mut self, filter: &'f TaskFilter) {
        self.all_but_subjects(filter);
        self.one_of("subject", filter.subjects.as_ref().map(|list| list.iter().map(Param::from)));
    }

    fn all_but_subjects(&mut self, filter: &'f TaskFilter) {
        let words = |list: &'f Option<Vec<String>>| list.as_ref().map(|list| list.iter().map(Param::from));
        self.compare("tenant =", Some((&filter.tenant).into()));
        self.compare("region =", filter.region.as_ref().map(Param::from));
        self.compare("created_at >=", filter.created_from.map(Param::from));
        self.compare("created_at <=", filter.created_to.map(Param::from));
        self.one_of("kind", words(&filter.kinds));
        self.one_of("operator", words(&filter.operators));
        let statuses = filter.statuses.as_ref();
        self.one_of("status", statuses.map(|list| list.iter().map(|status: &Status| status.as_str().into())));
    }

    fn compare(&mut self, left: &str, right: Option<Param<'f>>) {
        if let Some(value) = right {
            self.and();
            self.text.push_str(left);
            self.text.push(' ');
            self.bind(value);
        }
    }

    fn one_of(&mut self, column: &str, values: Option<impl Iterator<Item = Param<'f>>>) {
        let Some(values) = values else { return };
        self.and();
        self.text.push_str(column);
        // An empty list must let nothing pass, and `IN ()` is not portable.
        self.text.push_str(" IN (NULL");
        for value in values {
            self.text.push_str(", ");
            self.bind(value);
        }
        self.text.push(')');
    }

    fn and(&mut self) {
        if !self.text.is_empty() {
            self.text.push_str(" AND ");
        }
    }

    fn bind(&mut self, value: Param<'f>) {
        self.values.push(value);
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With a million ended tasks none of these may read them, nor sort.
    #[test]
    fn tasks_that_have_not_ended_are_found_in_their_index() {
        let folder = tempfile::tempdir().unwrap();
        let migrations = crate::store::migrations();
        let db = db::Db::open(&folder.path().join("state.db"), &migrations).unwrap();
        let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
        let plain = TaskFilter { tenant: "t".to_owned(), region: Some("r".to_owned()), ..TaskFilter::default() };
        let full = TaskFilter {
            created_from: Some(1),
            created_to: Some(2),
            kinds: words(&["a"]),
            operators: words(&["b"]),
            statuses: Some(vec![Status::Error]),
            ..plain.clone()
        };
        for filter in [plain, full] {
            let conditions = Conditions::unended(&filter);
            for sql in [format!("SELECT COUNT(*) FROM task WHERE {}", conditions.text), keys(&conditions.text)] {
                let explain = format!("EXPLAIN QUERY PLAN {sql}");
                let plan: Result<_, Error> = db.read(|tx| tx.query(&explain, &conditions.values, |row| row.text(3)));
                let plan = plan.unwrap().join("; ");
                assert!(
                    plan.contains("SEARCH task USING COVERING INDEX task_unended (tenant=? AND region=?"),
                    "{plan}"
                );
                assert!(!plan.contains("TEMP B-TREE"), "{plan}");
            }
        }
        let few: Vec<String> = words(&["a", "b"]).unwrap_or_default();
        let conditions = Conditions::locked(&few);
        let explain = format!("EXPLAIN QUERY PLAN SELECT message FROM task WHERE {}", conditions.text);
        let plan: Result<_, Error> = db.read(|tx| tx.query(&explain, &conditions.values, |row| row.text(3)));
        let plan = plan.unwrap().join("; ");
        assert!(plan.contains("SEARCH task USING INDEX task_live (subject=?)"), "{plan}");
        for (sql, values) in [(LAST_END, 0), (ENDED_AFTER, 2)] {
            let (explain, values) = (format!("EXPLAIN QUERY PLAN {sql}"), vec![Param::Int(1); values]);
            let plan: Result<_, Error> = db.read(|tx| tx.query(&explain, &values, |row| row.text(3)));
            let plan = plan.unwrap().join("; ");
            assert!(plan.contains("task_end") && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
