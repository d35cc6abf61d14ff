//! The list of an account's tasks in one region: filtered, paged, counted, with the names that customers know.

use std::collections::{HashMap, HashSet};

use db::{Error, Tx};
use engine::{EndedTasks, Status, Task, TaskFilter};

use super::conditions::Conditions;
use super::instance_names::{Asked, InstanceNames};

/// Which tasks, and which page of them; the newest come first.
#[derive(Debug, Default)]
pub struct Filter {
    /// Whose.
    pub account: String,
    /// Where.
    pub region: String,
    /// Only tasks of the instance with this id.
    pub instance_id: Option<String>,
    /// Only tasks of the instances with these ids: what the caller may see.
    pub seen: Option<Vec<String>>,
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
pub fn list(
    tx: &Tx<'_>,
    ended: &EndedTasks,
    names: &InstanceNames,
    filter: &Filter,
) -> Result<(i64, Vec<Line>), Error> {
    let (total, tasks) = ended.list(tx, &tasks(filter, subjects(tx, names, filter)?))?;
    let instances = instances(tx, &tasks)?;
    let lines = tasks.into_iter().map(|task| line(task, &instances)).collect();
    Ok((i64::try_from(total).unwrap_or(i64::MAX), lines))
}

/// The same in the engine's words.
fn tasks(filter: &Filter, subjects: Option<Vec<String>>) -> TaskFilter {
    let small = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    TaskFilter {
        tenant: filter.account.clone(),
        region: Some(filter.region.clone()),
        subjects,
        kinds: filter.kinds.as_ref().map(|kinds| kinds.iter().map(|kind| (*kind).to_owned()).collect()),
        statuses: in_all(&filter.statuses),
        operators: in_all(&filter.operators),
        created_from: Some(filter.from),
        created_to: filter.to,
        offset: small(filter.offset),
        limit: small(filter.limit),
    }
}

/// What all of the lists hold; `None` when there is no list.
fn in_all<T: Clone + PartialEq>(lists: &[Vec<T>]) -> Option<Vec<T>> {
    let (first, others) = lists.split_first()?;
    Some(first.iter().filter(|one| others.iter().all(|other| other.contains(one))).cloned().collect())
}

/// The instances that pass, if anything is asked of them.
fn subjects(tx: &Tx<'_>, names: &InstanceNames, filter: &Filter) -> Result<Option<Vec<String>>, Error> {
    let Filter { instance_id, seen, instance_name, projects, .. } = filter;
    let mut lists = Vec::new();
    if instance_name.is_some() || projects.is_some() {
        let asked = Asked { name: instance_name.as_deref(), projects: projects.as_deref() };
        lists.push(names.find(tx, &filter.account, &filter.region, &asked)?);
    }
    lists.extend(instance_id.clone().map(|id| vec![id]));
    Ok(match seen {
        Some(seen) => Some(among(seen, in_all(&lists))),
        None => in_all(&lists),
    })
}

/// Those of the ids, or all ids, that may be seen; both may be many.
fn among(seen: &[String], ids: Option<Vec<String>>) -> Vec<String> {
    let Some(ids) = ids else { return seen.to_vec() };
    let seen: HashSet<&String> = seen.iter().collect();
    ids.into_iter().filter(|id| seen.contains(id)).collect()
}

/// The names and projects of the tasks' instances.
fn instances(tx: &Tx<'_>, tasks: &[Task]) -> Result<HashMap<String, (String, i64)>, Error> {
    let mut conditions = Conditions::default();
    conditions.one_of("id", tasks.iter().map(|task| &task.subject));
    let sql = format!("SELECT id, name, project_id FROM instance WHERE {}", conditions.text());
    let found = tx.query(&sql, &conditions.params(), |row| Ok((row.text(0)?, (row.text(1)?, row.int(2)?))))?;
    Ok(found.into_iter().collect())
}

fn line(task: Task, instances: &HashMap<String, (String, i64)>) -> Line {
    let (instance_name, project_id) = instances.get(&task.subject).cloned().unwrap_or_default();
    Line {
        id: task.id.0,
        kind: task.kind,
        status: task.status,
        created_at: task.created_at,
        ended_at: task.ended_at,
        progress: (task.progress.0.into(), task.progress.1.into()),
        instance_id: task.subject,
        instance_name,
        project_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_lists_have_in_common() {
        assert_eq!(in_all::<i64>(&[]), None);
        assert_eq!(in_all(&[vec![1, 2, 3], vec![3, 1]]), Some(vec![1, 3]));
        assert_eq!(in_all(&[vec![1], vec![2]]), Some(vec![]));
    }
}
