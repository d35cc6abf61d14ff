//! The list of an account's tasks in one region: filtered, paged, counted, with the names that customers know.

use db::{Error, Row, Tx};
use engine::Status;

use super::conditions::{Conditions, Value, contains, pattern};

/// Which tasks, and which page of them; the newest come first.
#[derive(Debug, Default)]
pub struct Filter {
    /// Whose.
    pub account: String,
    /// Where.
    pub region: String,
    /// Only tasks of the instance with this id.
    pub instance_id: Option<String>,
    /// Only tasks of instances whose name contains this.
    pub instance_name: Option<String>,
    /// Only tasks of instances in these projects.
    pub projects: Option<Vec<i64>>,
    /// Only tasks of these kinds.
    pub kinds: Option<Vec<&'static str>>,
    /// Only tasks in these statuses; each list must hold.
    pub statuses: Vec<Vec<Status>>,
    /// Only tasks asked for by one of these users; each list must hold.
    pub operators: Vec<Vec<String>>,
    /// Only tasks created then or later, milliseconds since 1970.
    pub from: i64,
    /// Only tasks created then or earlier.
    pub to: Option<i64>,
    /// How many to show at most.
    pub limit: i64,
    /// How many to leave out before them.
    pub offset: i64,
}

/// One task of the list.
#[derive(Debug)]
pub struct Line {
    /// Its number.
    pub id: i64,
    /// The engine's name of its kind.
    pub kind: String,
    /// Where it stands.
    pub status: Status,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Once it is over.
    pub ended_at: Option<i64>,
    /// How many steps are done, and how many there are.
    pub progress: (i64, i64),
    /// What it works on.
    pub instance_id: String,
    /// That instance's name now.
    pub instance_name: String,
    /// That instance's project now.
    pub project_id: i64,
}

/// How many tasks pass, and the page of them that is asked for.
///
/// # Errors
/// The database's.
pub fn list(tx: &Tx<'_>, filter: &Filter) -> Result<(i64, Vec<Line>), Error> {
    let mut conditions = conditions(filter);
    let count = count_sql(&conditions);
    let total = tx.query_opt(&count, &conditions.params(), |row| row.int(0))?.unwrap_or_default();
    let page = page_sql(&mut conditions, filter);
    Ok((total, tx.query(&page, &conditions.params(), from_row)?))
}

fn count_sql(conditions: &Conditions) -> String {
    format!("SELECT COUNT(*) FROM task t WHERE {}", conditions.text())
}

fn page_sql(conditions: &mut Conditions, filter: &Filter) -> String {
    let (limit, offset) = (conditions.bind(filter.limit), conditions.bind(filter.offset));
    // The inner query finds the page in the indexes; only its few rows are read and joined.
    format!(
        "SELECT t.id, t.kind, t.status, t.created_at, t.ended_at, t.done_steps, t.total_steps, t.subject,
           COALESCE(i.name, ''), COALESCE(i.project_id, 0)
         FROM task t LEFT JOIN instance i ON i.id = t.subject
         WHERE t.id IN (SELECT t.id FROM task t WHERE {}
           ORDER BY t.created_at DESC, t.id DESC LIMIT {limit} OFFSET {offset})
         ORDER BY t.created_at DESC, t.id DESC",
        conditions.text()
    )
}

fn conditions(filter: &Filter) -> Conditions {
    let mut conditions = Conditions::default();
    let whose = [Value::from(&filter.account), (&filter.region).into()];
    match of_instances(filter) {
        // Few tasks among many: the scope is the instances', whose tasks the index `task_subject` finds.
        Some((text, values)) => {
            let text = format!("t.subject IN (SELECT o.id FROM instance o WHERE o.account = ? AND o.region = ?{text})");
            conditions.add(&text, whose.into_iter().chain(values));
        }
        None => conditions.add("t.tenant = ? AND t.region = ?", whose),
    }
    conditions.add("t.created_at >= ?", [filter.from.into()]);
    if let Some(to) = filter.to {
        conditions.add("t.created_at <= ?", [to.into()]);
    }
    if let Some(kinds) = &filter.kinds {
        conditions.one_of("t.kind", kinds.iter().copied());
    }
    if filter.statuses.iter().any(|statuses| !statuses.contains(&Status::Succeed)) {
        // Says what the lists below imply, so that the index `task_unsuccessful` can be used.
        conditions.add("t.status <> 'succeed'", []);
    }
    for statuses in &filter.statuses {
        conditions.one_of("t.status", statuses.iter().map(|status| status.as_str()));
    }
    for operators in &filter.operators {
        conditions.one_of("t.operator", operators);
    }
    conditions
}

/// What is asked of the instances, if anything is.
fn of_instances(filter: &Filter) -> Option<(String, Vec<Value>)> {
    let (mut text, mut values) = (String::new(), Vec::new());
    if let Some(id) = &filter.instance_id {
        text.push_str(" AND o.id = ?");
        values.push(id.into());
    }
    if let Some(name) = &filter.instance_name {
        text = format!("{text} AND {}", contains("o.name"));
        values.push(pattern(name));
    }
    if let Some(projects) = &filter.projects {
        text = format!("{text} AND {}", super::conditions::one_of("o.project_id", projects.len()));
        values.extend(projects.iter().map(Value::from));
    }
    (!text.is_empty()).then_some((text, values))
}

fn from_row(row: &Row<'_>) -> Result<Line, Error> {
    let status = row.text(2)?;
    Ok(Line {
        id: row.int(0)?,
        kind: row.text(1)?,
        status: Status::parse(&status).ok_or_else(|| Error::Database(format!("unknown task status {status}")))?,
        created_at: row.int(3)?,
        ended_at: row.opt_int(4)?,
        progress: (row.int(5)?, row.int(6)?),
        instance_id: row.text(7)?,
        instance_name: row.text(8)?,
        project_id: row.int(9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::House;

    /// What SQLite says that it will do for the count and for the page.
    fn plan(filter: &Filter) -> String {
        let house = House::embedded();
        let mut conditions = conditions(filter);
        let mut plan = String::new();
        let mut explain = |sql: &str, conditions: &Conditions| {
            let sql = format!("EXPLAIN QUERY PLAN {sql}");
            let lines = house.app.db.read(|tx| tx.query(&sql, &conditions.params(), |row| row.text(3))).unwrap();
            plan += &format!("{}\n", lines.join("; "));
        };
        explain(&count_sql(&conditions), &conditions);
        let page = page_sql(&mut conditions, filter);
        explain(&page, &conditions);
        plan
    }

    fn filter() -> Filter {
        Filter { account: "1".to_owned(), region: "ap-guangzhou".to_owned(), limit: 20, ..Filter::default() }
    }

    #[test]
    fn the_list_of_an_account_walks_its_index_in_order() {
        let plan = plan(&filter());
        let walk = "SEARCH t USING COVERING INDEX task_list (tenant=? AND region=? AND created_at>?)";
        assert_eq!(plan.matches(walk).count(), 2, "{plan}");
        assert!(!plan.contains("SCAN"), "{plan}");
    }

    #[test]
    fn a_filter_on_instances_looks_only_at_their_tasks() {
        for filter in [
            Filter { instance_id: Some("crs-1".to_owned()), ..filter() },
            Filter { instance_name: Some("a".to_owned()), ..filter() },
            Filter { projects: Some(vec![1, 2]), ..filter() },
        ] {
            let plan = plan(&filter);
            let walk = "SEARCH t USING COVERING INDEX task_subject (subject=? AND created_at>?)";
            assert_eq!(plan.matches(walk).count(), 2, "{plan}");
            assert!(!plan.contains("SCAN t"), "{plan}");
        }
    }

    #[test]
    fn failures_are_found_among_the_few() {
        let plan = plan(&Filter { statuses: vec![vec![Status::Failed, Status::Error]], ..filter() });
        assert_eq!(plan.matches("COVERING INDEX task_unsuccessful").count(), 2, "{plan}");
    }
}
