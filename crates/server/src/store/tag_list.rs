//! What the tag service asks: the tags of many instances, and whose an instance is.

use db::{Error, Tx};

use super::conditions::Conditions;

/// Which tags, and which page of them.
#[derive(Debug)]
pub struct Filter {
    /// Whose.
    pub account: String,
    /// Only tags of instances in this region.
    pub region: Option<String>,
    /// Only tags of these instances.
    pub instance_ids: Option<Vec<String>>,
    /// Only tags of these, which the caller may see.
    pub seen: Option<Vec<String>>,
    /// How many to show at most.
    pub limit: i64,
    /// How many to leave out before them.
    pub offset: i64,
}

/// One tag of an instance.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// The instance's id.
    pub instance_id: String,
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

/// How many tags pass, and the page of them that is asked for, by instance and key.
///
/// # Errors
/// The database's.
pub fn list(tx: &Tx<'_>, filter: &Filter) -> Result<(i64, Vec<Line>), Error> {
    let mut conditions = Conditions::default();
    conditions.add("g.account = ? AND i.state IN ('creating', 'running', 'isolated')", [(&filter.account).into()]);
    if let Some(region) = &filter.region {
        conditions.add("i.region = ?", [region.into()]);
    }
    if let Some(ids) = &filter.instance_ids {
        conditions.one_of("g.instance_id", ids);
    }
    if let Some(seen) = &filter.seen {
        conditions.one_of("g.instance_id", seen);
    }
    let from = format!("FROM tag g JOIN instance i ON i.id = g.instance_id WHERE {}", conditions.text());
    let count = format!("SELECT COUNT(*) {from}");
    let total = tx.query_opt(&count, &conditions.params(), |row| row.int(0))?.unwrap_or_default();
    let (limit, offset) = (conditions.bind(filter.limit), conditions.bind(filter.offset));
    let page = format!(
        "SELECT g.instance_id, g.key, g.value {from} ORDER BY g.instance_id, g.key LIMIT {limit} OFFSET {offset}"
    );
    let lines = tx.query(&page, &conditions.params(), |row| {
        Ok(Line { instance_id: row.text(0)?, key: row.text(1)?, value: row.text(2)? })
    })?;
    Ok((total, lines))
}

/// The region of the account's instance with this id, unless it is gone.
///
/// # Errors
/// The database's.
pub fn region_of(tx: &Tx<'_>, account: &str, instance_id: &str) -> Result<Option<String>, Error> {
    let sql = "SELECT region FROM instance
               WHERE id = $1 AND account = $2 AND state IN ('creating', 'running', 'isolated')";
    tx.query_opt(sql, db::params![instance_id, account], |row| row.text(0))
}
