//! The list of an account's instances in one region: filtered, ordered, paged, counted.

use db::{Error, Tx};

use super::conditions::{Conditions, Value, contains, one_of, pattern};
use super::instance::{columns, from_row};
use crate::model::instance::Instance;

/// Which instances, and which page of them.
#[derive(Debug)]
pub struct Filter {
    /// Whose.
    pub account: String,
    /// Where.
    pub region: String,
    /// As everywhere in [`super::instance`].
    pub cutoff: i64,
    /// Those cleaned up before this time are shown to nobody; those after it to who names their ids.
    pub tombstones_from: i64,
    /// All of these hold for each instance that is shown.
    pub only: Vec<Only>,
    /// By what the list is ordered.
    pub order: Order,
    /// From the smallest up; else from the largest down.
    pub ascending: bool,
    /// How many to show at most.
    pub limit: i64,
    /// How many to leave out before them.
    pub offset: i64,
}

/// One condition. A list lets pass what has any of its values; an empty one nothing.
#[derive(Debug)]
#[expect(missing_docs, reason = "each names a column of the instance")]
pub enum Only {
    Ids(Vec<String>),
    /// What the caller may see; says nothing of those that are gone.
    Seen(Vec<String>),
    Name(String),
    Types(Vec<i64>),
    Projects(Vec<i64>),
    Vpcs(Vec<String>),
    Subnets(Vec<String>),
    AutoRenew(Vec<i64>),
    Billing(i64),
    ProductVersions(Vec<String>),
    /// The wire statuses.
    Statuses(Vec<i64>),
    /// Any of these is the id, the address, or a part of the name.
    Words(Vec<String>),
    /// It has the tag of this key, with one of these values if there are any.
    Tag(String, Vec<String>),
    /// Nothing passes.
    Nothing,
}

/// By what a list is ordered.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "each names a column of the instance")]
pub enum Order {
    Project,
    Created,
    Name,
    Type,
    Deadline,
}

impl Order {
    const fn column(self) -> &'static str {
        match self {
            Self::Project => "project_id",
            Self::Created => "created_at",
            Self::Name => "name",
            Self::Type => "type_id",
            // One without a deadline comes before all that have one, as its zero time does.
            Self::Deadline => "COALESCE(deadline_at, 0)",
        }
    }
}

/// How many instances pass, and the page of them that is asked for.
///
/// # Errors
/// The database's.
pub fn list(tx: &Tx<'_>, filter: &Filter) -> Result<(i64, Vec<Instance>), Error> {
    let mut conditions = conditions(filter);
    // The status is computed by the inner query, so that the outer one can filter by it.
    let from = format!("FROM (SELECT {} FROM instance i WHERE {})", columns!(), conditions.text());
    let from = format!("{from} AS listed {}", of_status(filter, &mut conditions));
    let count = format!("SELECT COUNT(*) {from}");
    let total = tx.query_opt(&count, &conditions.params(), |row| row.int(0))?.unwrap_or_default();
    let (limit, offset) = (conditions.bind(filter.limit), conditions.bind(filter.offset));
    let (column, way) = (filter.order.column(), if filter.ascending { "ASC" } else { "DESC" });
    // The id makes the order total, so that no instance is on two pages or on none.
    let page = format!("SELECT * {from} ORDER BY {column} {way}, id {way} LIMIT {limit} OFFSET {offset}");
    Ok((total, tx.query(&page, &conditions.params(), from_row)?))
}

fn conditions(filter: &Filter) -> Conditions {
    let mut conditions = Conditions::default();
    // `columns!` reads the cutoff as $1.
    conditions.bind(filter.cutoff);
    conditions.add("i.account = ? AND i.region = ?", [(&filter.account).into(), (&filter.region).into()]);
    if filter.only.iter().any(|only| matches!(only, Only::Ids(_))) {
        conditions.add("i.state <> 'failed'", []);
        conditions.add("(i.state <> 'cleaned' OR i.cleaned_at > ?)", [filter.tombstones_from.into()]);
    } else {
        conditions.add("i.state IN ('creating', 'running', 'isolated')", []);
    }
    for only in &filter.only {
        add(&mut conditions, only);
    }
    conditions
}

fn add(conditions: &mut Conditions, only: &Only) {
    match only {
        Only::Ids(ids) | Only::Seen(ids) => conditions.one_of("i.id", ids),
        Only::Name(name) => conditions.add("i.name = ?", [name.into()]),
        Only::Types(types) => conditions.one_of("i.type_id", types),
        Only::Projects(projects) => conditions.one_of("i.project_id", projects),
        Only::Vpcs(vpcs) => conditions.one_of("i.vpc_id", vpcs),
        Only::Subnets(subnets) => conditions.one_of("i.subnet_id", subnets),
        Only::AutoRenew(flags) => conditions.one_of("i.auto_renew", flags),
        Only::Billing(mode) => conditions.add("i.billing_mode = ?", [mode.into()]),
        Only::ProductVersions(versions) => conditions.one_of("i.product_version", versions),
        Only::Statuses(_) => {}
        Only::Words(words) => any_word(conditions, words),
        Only::Tag(key, values) => tag(conditions, key, values),
        Only::Nothing => conditions.add("1 = 0", []),
    }
}

fn any_word(conditions: &mut Conditions, words: &[String]) {
    let one = format!("i.id = ? OR i.address = ? OR {}", contains("i.folded_name"));
    let text = vec![one; words.len()].join(" OR ");
    let values = words.iter().flat_map(|word| [word.into(), word.into(), pattern(word)]);
    conditions.add(&format!("({text})"), values);
}

fn tag(conditions: &mut Conditions, key: &str, values: &[String]) {
    let valued = if values.is_empty() { String::new() } else { format!(" AND {}", one_of("g.value", values.len())) };
    // The CASE keeps PostgreSQL from making a join of it: with a hundred tags it would plan that for many seconds.
    let exists = format!("EXISTS (SELECT 1 FROM tag g WHERE g.instance_id = i.id AND g.key = ?{valued})");
    let text = format!("CASE WHEN {exists} THEN 1 ELSE 0 END = 1");
    conditions.add(&text, std::iter::once(Value::from(key)).chain(values.iter().map(Into::into)));
}

fn of_status(filter: &Filter, conditions: &mut Conditions) -> String {
    let statuses: Vec<_> =
        filter.only.iter().filter_map(|only| if let Only::Statuses(s) = only { Some(s) } else { None }).collect();
    let mut texts = Vec::new();
    for list in statuses {
        let bound: String = list.iter().map(|status| format!(", {}", conditions.bind(*status))).collect();
        texts.push(format!("wire_status IN (NULL{bound})"));
    }
    if texts.is_empty() { String::new() } else { format!("WHERE {}", texts.join(" AND ")) }
}
