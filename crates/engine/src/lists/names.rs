//! Names by numbers: a name that many tasks share is kept once.

use ahash::AHashMap;

/// Numbers in the order in which the names came.
#[derive(Default)]
pub(super) struct Names {
    numbers: AHashMap<Box<str>, u32>,
}

impl Names {
    /// The name's number; a new one for a new name.
    pub(super) fn number(&mut self, name: String) -> u32 {
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(name.into()).or_insert(next)
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// For each number whether it is one of `names`.
    pub(super) fn flags(&self, names: &[String]) -> Vec<bool> {
        let mut flags = vec![false; self.numbers.len()];
        for number in names.iter().filter_map(|name| self.numbers.get(name.as_str())) {
            flags[*number as usize] = true;
        }
        flags
    }
}
