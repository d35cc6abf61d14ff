//! Lists of tasks, filtered and paged.

use db::{Error, Param, Tx};

use super::{read_task, task_columns};
use crate::task::{Status, Task, TaskFilter};

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
    fn all_of(&mut self, filter: &'f TaskFilter) {
        let words = |list: &'f Option<Vec<String>>| list.as_ref().map(|list| list.iter().map(Param::from));
        self.compare("tenant =", Some((&filter.tenant).into()));
        self.compare("region =", filter.region.as_ref().map(Param::from));
        self.compare("created_at >=", filter.created_from.map(Param::from));
        self.compare("created_at <=", filter.created_to.map(Param::from));
        self.one_of("subject", words(&filter.subjects));
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
