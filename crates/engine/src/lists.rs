//! Lists of tasks, filtered, counted and paged, out of memory as far as tasks have ended.
//!
//! To count a million rows by SQL takes far too long for a request. But a task that has succeeded or failed never changes, so
//! a few columns of each ([`columns`]) are kept in memory and looked through there; the tasks that have not ended, and those
//! in `error`, are few and read by SQL. Both are seen in one and the same transaction:
//!
//! * Each end has a number, given in the transaction that writes the end (`end_no`). Whoever sees a number sees all below it.
//! * A read takes the memory first and opens its transaction then, so that it sees at least what the memory holds. It fetches
//!   what has ended since, whoever ended it. So any number of processes may share the database.
//!
//! The memory is filled by the first list, which is slow therefore: a process that nobody asks for a list needs none. It is
//! bounded ([`Settings::listed`](crate::Settings)): about 26 bytes a task, twice that while it grows, and each name once. A
//! list that goes back further than the memory does is read by SQL.

mod columns;
mod names;

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use ahash::AHashSet;
use db::{Db, Error, Tx};

use crate::clock::millis;
use crate::store::list::{self, EndedRow, Key};
use crate::task::{Status, Task, TaskFilter};
use columns::{Columns, Wanted};
use names::Names;

/// So many subjects are looked up one by one.
const FEW: usize = 8;

/// The memory of all lists, shared by their readers.
pub(crate) struct Lists {
    memory: RwLock<EndedTasks>,
    /// How many tasks it may hold.
    most: usize,
    /// How far back it goes at least when it is filled.
    back: Duration,
}

/// The ended tasks that lists are made of, as one transaction sees them; see [`Engine::read_lists`](crate::Engine::read_lists).
#[derive(Default)]
pub struct EndedTasks {
    /// The last end that is in here.
    last: i64,
    /// Tasks created before are not in here.
    from: i64,
    kinds: Names,
    operators: Names,
    /// By tenant and region.
    parts: HashMap<(String, String), Columns>,
}

impl Lists {
    pub(crate) fn new(most: usize, back: Duration) -> Self {
        Self { memory: RwLock::default(), most, back }
    }

    pub(crate) fn read<T, E: From<Error>>(
        &self,
        db: &Db,
        now: i64,
        read: impl FnOnce(&Tx<'_>, &EndedTasks) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut read = Some(read);
        if let Ok(memory) = self.memory.read() {
            let answer =
                db.read(|tx| match read.take_if(|_| list::last_end(tx).is_ok_and(|last| last == memory.last)) {
                    Some(read) => read(tx, &memory).map(Some),
                    None => Ok(None),
                })?;
            if let Some(answer) = answer {
                return Ok(answer);
            }
        }
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        if self.memory.is_poisoned() {
            // Somebody panicked here; what is half done is fetched anew.
            *memory = EndedTasks::default();
            self.memory.clear_poison();
        }
        let read = read.take();
        db.read(|tx| {
            memory.catch_up(tx, now.saturating_sub(millis(self.back)), self.most)?;
            let gone = || Error::Database("a list was read twice".to_owned());
            read.ok_or_else(gone)?(tx, &memory)
        })
    }

    /// To be called after tasks were deleted.
    pub(crate) fn forget(&self) {
        *self.memory.write().unwrap_or_else(PoisonError::into_inner) = EndedTasks::default();
    }
}

impl EndedTasks {
    /// Fetches what has ended since the last time; when there was none, only what was created at `horizon` or later.
    fn catch_up(&mut self, tx: &Tx<'_>, horizon: i64, most: usize) -> Result<(), Error> {
        if list::last_end(tx)? < self.last {
            // Tasks were deleted, by another process.
            *self = Self::default();
        }
        if self.last == 0 {
            self.from = horizon;
        }
        loop {
            let (news, more) = list::ended_after(tx, self.last)?;
            let Some(last) = news.last() else { return Ok(()) };
            self.last = last.end_no;
            self.add(news);
            self.bound(most);
            if !more {
                return Ok(());
            }
        }
    }

    fn add(&mut self, news: Vec<EndedRow>) {
        let mut touched: HashMap<(String, String), Vec<columns::Row>> = HashMap::new();
        for row in news.into_iter().filter(|row| row.key.0 >= self.from) {
            let place = (row.tenant, row.region);
            let subject = match self.parts.get_mut(&place) {
                Some(part) => part.subjects.number(row.subject),
                None => self.parts.entry(place.clone()).or_default().subjects.number(row.subject),
            };
            let what = columns::what(self.kinds.number(row.kind), row.status == Status::Failed);
            let row = columns::Row { key: row.key, what, operator: self.operators.number(row.operator), subject };
            touched.entry(place).or_default().push(row);
        }
        for (place, rows) in touched {
            self.parts.entry(place).or_default().add(rows);
        }
    }

    /// Lets the oldest go until there are no more than `most`.
    fn bound(&mut self, most: usize) {
        while self.parts.values().map(Columns::len).sum::<usize>() > most {
            let largest = self.parts.values().max_by_key(|part| part.len());
            self.from = largest.map_or(i64::MAX, Columns::first_quarter);
            self.parts.values_mut().for_each(|part| part.forget_before(self.from));
        }
    }

    /// How many tasks pass a filter, and the page of them that it asks for, newest first. Exact, as `tx` sees them.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn list(&self, tx: &Tx<'_>, filter: &TaskFilter) -> Result<(u64, Vec<Task>), Error> {
        let (Some(region), Some(from)) = (&filter.region, filter.created_from) else { return list::list(tx, filter) };
        if from < self.from {
            return list::list(tx, filter);
        }
        let place = (filter.tenant.clone(), region.clone());
        let part = self.parts.get(&place);
        let wanted = part.map(|part| self.wanted(part, filter, from));
        let (unended, others) = unended(tx, filter)?;
        let (ended, page) = match (part, wanted) {
            (Some(part), Some(wanted)) => {
                let page = part.page(&wanted, &others, filter.offset as usize, filter.limit as usize);
                (part.count(&wanted), page)
            }
            _ => {
                let page = others.iter().skip(filter.offset as usize).take(filter.limit as usize);
                (0, page.map(|key| key.1).collect())
            }
        };
        let total = unended + ended;
        Ok((u64::try_from(total).unwrap_or(u64::MAX), list::by_ids(tx, &page)?))
    }

    /// What the filter says in the numbers of the columns.
    fn wanted(&self, part: &Columns, filter: &TaskFilter, from: i64) -> Wanted {
        let allows = |status| filter.statuses.as_ref().is_none_or(|statuses| statuses.contains(&status));
        let (succeed, failed) = (allows(Status::Succeed), allows(Status::Failed));
        let kinds = filter.kinds.as_ref().map(|kinds| self.kinds.flags(kinds));
        let what = (kinds.is_some() || !succeed || !failed).then(|| {
            let all = vec![true; self.kinds.len()];
            columns::flags(&kinds.unwrap_or(all), succeed, failed)
        });
        Wanted {
            range: part.range(from, filter.created_to.unwrap_or(i64::MAX)),
            what,
            operator: filter.operators.as_ref().map(|operators| self.operators.flags(operators)),
            subject: filter.subjects.as_ref().map(|subjects| part.subjects.flags(subjects)),
        }
    }
}

/// Whether a task passes, its subject aside.
fn passes(task: &Task, filter: &TaskFilter) -> bool {
    let one_of = |list: &Option<Vec<String>>, word: &String| list.as_ref().is_none_or(|list| list.contains(word));
    task.tenant == filter.tenant
        && filter.region.as_ref().is_none_or(|region| *region == task.region)
        && filter.created_from.is_none_or(|from| from <= task.created_at)
        && filter.created_to.is_none_or(|to| task.created_at <= to)
        && filter.statuses.as_ref().is_none_or(|statuses| statuses.contains(&task.status))
        && one_of(&filter.kinds, &task.kind)
        && one_of(&filter.operators, &task.origin.operator)
}

/// How many tasks that have not ended pass, and the newest of them, newest first: as many as the page may reach.
fn unended(tx: &Tx<'_>, filter: &TaskFilter) -> Result<(usize, Vec<Key>), Error> {
    let open = |status: &Status| !matches!(status, Status::Succeed | Status::Failed);
    if filter.statuses.as_ref().is_some_and(|statuses| !statuses.iter().any(open)) {
        return Ok((0, Vec::new()));
    }
    let Some(subjects) = &filter.subjects else { return list::unended(tx, filter) };
    if subjects.len() <= FEW {
        let tasks = list::unended_of(tx, subjects)?.into_iter().filter(|task| passes(task, filter));
        let mut keys: Vec<Key> = tasks.map(|task| (task.created_at, task.id.0)).collect();
        keys.sort_unstable_by_key(|key| std::cmp::Reverse(*key));
        return Ok((keys.len(), keys));
    }
    let subjects: AHashSet<&str> = subjects.iter().map(String::as_str).collect();
    list::unended_on(tx, filter, |subject| subjects.contains(subject))
}
