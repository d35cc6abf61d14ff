//! The names and projects of all instances in memory, as lists of tasks ask for them: to read ten thousand rows would take such a
//! list longer than all else.
//!
//! Whatever makes, names or moves an instance gives its row the next number (`named_no`), in the transaction that does it; who sees
//! a number sees all below it. So each list fetches what has changed since the last one, whoever changed it, and answers what its
//! own transaction sees.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use ahash::AHashMap;
use db::{Error, Tx, params};
use memchr::memmem::Finder;

use super::instance::fold;

/// The memory, shared by all lists.
#[derive(Default)]
pub struct InstanceNames(RwLock<Memory>);

/// What is asked of instances; what is `None` lets all pass.
#[derive(Debug)]
pub struct Asked<'a> {
    /// A part of the name; upper and lower case are alike.
    pub name: Option<&'a str>,
    /// The projects.
    pub projects: Option<&'a [i64]>,
}

#[derive(Default)]
struct Memory {
    /// The last change that is in here.
    last: i64,
    /// By account and region.
    places: HashMap<(String, String), Place>,
}

#[derive(Default)]
struct Place {
    instances: Vec<Known>,
    /// Where each is in there.
    by_id: AHashMap<String, usize>,
}

struct Known {
    id: String,
    folded_name: String,
    project: i64,
}

const LAST: &str = "SELECT COALESCE(MAX(named_no), 0) FROM instance";
const CHANGED: &str = "SELECT named_no, account, region, id, folded_name, project_id FROM instance WHERE named_no > $1";

impl InstanceNames {
    /// The ids of the account's instances in a region that pass, whatever their state.
    ///
    /// # Errors
    /// The database's.
    pub fn find(&self, tx: &Tx<'_>, account: &str, region: &str, asked: &Asked<'_>) -> Result<Vec<String>, Error> {
        let last = tx.query_opt(LAST, &[], |row| row.int(0))?.unwrap_or_default();
        let place = (account.to_owned(), region.to_owned());
        if let Ok(memory) = self.0.read()
            && memory.last == last
        {
            return Ok(memory.find(&place, asked));
        }
        let mut memory = self.0.write().unwrap_or_else(PoisonError::into_inner);
        self.0.clear_poison();
        if memory.last > last {
            // Another list is ahead of this transaction, which must not see what comes after it.
            *memory = Memory::default();
        }
        memory.catch_up(tx)?;
        Ok(memory.find(&place, asked))
    }

    /// To be called after instances were deleted.
    pub fn forget(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Memory::default();
    }
}

impl Memory {
    fn catch_up(&mut self, tx: &Tx<'_>) -> Result<(), Error> {
        let changed = tx.query(CHANGED, params![self.last], |row| {
            let known = Known { id: row.text(3)?, folded_name: row.text(4)?, project: row.int(5)? };
            Ok((row.int(0)?, (row.text(1)?, row.text(2)?), known))
        })?;
        for (number, place, known) in changed {
            self.last = self.last.max(number);
            self.places.entry(place).or_default().put(known);
        }
        Ok(())
    }

    fn find(&self, place: &(String, String), asked: &Asked<'_>) -> Vec<String> {
        let instances = self.places.get(place).map_or(&[][..], |place| &place.instances);
        let name = asked.name.map(fold);
        let name = name.as_ref().map(|name| Finder::new(name.as_bytes()));
        let passes = |known: &&Known| {
            name.as_ref().is_none_or(|name| name.find(known.folded_name.as_bytes()).is_some())
                && asked.projects.is_none_or(|projects| projects.contains(&known.project))
        };
        instances.iter().filter(passes).map(|known| known.id.clone()).collect()
    }
}

impl Place {
    fn put(&mut self, known: Known) {
        match self.by_id.get(&known.id) {
            Some(at) => self.instances[*at] = known,
            None => {
                self.by_id.insert(known.id.clone(), self.instances.len());
                self.instances.push(known);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::Change;
    use crate::store::instance_change::change;
    use crate::tasks::testing::Bench;

    fn find(bench: &Bench, names: &InstanceNames, name: Option<&str>, projects: Option<&[i64]>) -> usize {
        let place = |tx: &Tx<'_>| {
            tx.query_opt("SELECT account, region FROM instance", &[], |row| Ok((row.text(0)?, row.text(1)?)))
        };
        let (account, region) = bench.app.db.read(place).unwrap().unwrap();
        let asked = Asked { name, projects };
        bench.app.db.read(|tx| names.find(tx, &account, &region, &asked)).unwrap().len()
    }

    async fn set(bench: &Bench, new: Change) {
        let id = bench.id().to_owned();
        bench.app.db.write(move |tx| change(tx, &id, &new)).await.unwrap();
    }

    #[tokio::test]
    async fn each_change_is_seen_by_the_next_list() {
        let (bench, names) = (Bench::with_running().await, InstanceNames::default());
        assert_eq!(find(&bench, &names, None, None), 1);
        set(&bench, Change::Name("50%_Größe".to_owned())).await;
        assert_eq!(find(&bench, &names, Some("%_GRÖSS"), None), 0);
        assert_eq!(find(&bench, &names, Some("%_GRÖ"), None), 1, "case does not count, and no character is a wildcard");
        assert_eq!(find(&bench, &names, Some("5__"), None), 0);
        set(&bench, Change::Project(7)).await;
        assert_eq!(find(&bench, &names, Some("größe"), Some(&[6])), 0);
        assert_eq!(find(&bench, &names, Some("größe"), Some(&[6, 7])), 1);
        assert_eq!(find(&bench, &names, None, Some(&[])), 0);
    }

    #[tokio::test]
    async fn an_older_transaction_sees_no_newer_name() {
        let (bench, names) = (Bench::with_running().await, InstanceNames::default());
        set(&bench, Change::Name("before".to_owned())).await;
        // What another list saw that began later.
        names.0.write().unwrap().last = i64::MAX;
        assert_eq!(find(&bench, &names, Some("before"), None), 1);
    }

    #[tokio::test]
    async fn what_was_deleted_is_forgotten() {
        let (bench, names) = (Bench::with_running().await, InstanceNames::default());
        assert_eq!(find(&bench, &names, None, None), 1);
        names.forget();
        assert_eq!(names.0.read().unwrap().places.len(), 0);
        assert_eq!(find(&bench, &names, None, None), 1);
    }
}
