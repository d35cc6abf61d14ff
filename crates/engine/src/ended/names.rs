//! The names that many tasks share, their kinds and their tenants, as small numbers. There are few of them and each is kept.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// A name's number.
pub(super) type Name = u16;

/// All names.
#[derive(Default)]
pub(super) struct Names(RwLock<Table>);

#[derive(Default)]
struct Table {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, Name>,
}

impl Names {
    /// The number of a name; none when there are too many already.
    pub(super) fn number(&self, name: &str) -> Option<Name> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).numbers.get(name).copied();
        known.or_else(|| self.0.write().unwrap_or_else(PoisonError::into_inner).add(name))
    }

    /// Shows two names by their numbers.
    pub(super) fn read<T>(&self, one: Name, other: Name, show: impl FnOnce(&str, &str) -> T) -> Option<T> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let name = |number| table.names.get(usize::from(number));
        Some(show(name(one)?, name(other)?))
    }
}

impl Table {
    fn add(&mut self, name: &str) -> Option<Name> {
        if let Some(known) = self.numbers.get(name) {
            return Some(*known);
        }
        let (number, name) = (Name::try_from(self.names.len()).ok()?, Arc::<str>::from(name));
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_one_number_until_there_are_too_many() {
        let names = Names::default();
        let all = usize::from(Name::MAX) + 1;
        assert!((0..all).all(|number| names.number(&number.to_string()) == Name::try_from(number).ok()));
        assert_eq!((names.number("7"), names.number("one more")), (Some(7), None));
        assert_eq!(names.read(7, 8, |one, other| format!("{one} {other}")).unwrap(), "7 8");
        assert_eq!(Names::default().read(0, 0, |_, _| ()), None);
    }
}
