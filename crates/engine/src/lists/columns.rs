//! The ended tasks of one tenant in one region: a few numbers of each, oldest first.

use std::ops::Range;

use super::names::Names;
use crate::store::list::Key;

/// What is kept of one task.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) key: Key,
    /// See [`what`].
    pub(super) what: u16,
    pub(super) operator: u32,
    pub(super) subject: u32,
}

/// So many are looked at together: what is known of them so far stays in the nearest cache.
const PART: usize = 4096;

/// The kind's number and how the task ended.
pub(super) fn what(kind: u32, failed: bool) -> u16 {
    u16::try_from(kind * 2 + u32::from(failed)).unwrap_or(u16::MAX)
}

/// For each [`what`] whether it passes.
pub(super) fn flags(kinds: &[bool], succeed: bool, failed: bool) -> Vec<bool> {
    kinds.iter().flat_map(|kind| [*kind && succeed, *kind && failed]).collect()
}

/// Each in a vector of its own, so that a filter reads only what it asks of.
#[derive(Default)]
pub(super) struct Columns {
    keys: Vec<Key>,
    what: Vec<u16>,
    operator: Vec<u32>,
    subject: Vec<u32>,
    pub(super) subjects: Names,
}

/// Which of them pass; `None` lets all pass, else there is a flag for each number.
pub(super) struct Wanted {
    pub(super) range: Range<usize>,
    pub(super) what: Option<Vec<bool>>,
    pub(super) operator: Option<Vec<bool>>,
    pub(super) subject: Option<Vec<bool>>,
}

impl Wanted {
    fn lets_all_pass(&self) -> bool {
        self.what.is_none() && self.operator.is_none() && self.subject.is_none()
    }
}

impl Columns {
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Puts tasks in at their place: mostly at the end, since what ended last is young.
    pub(super) fn add(&mut self, mut rows: Vec<Row>) {
        rows.sort_unstable_by_key(|row| row.key);
        let Some(first) = rows.first() else { return };
        let at = self.keys.partition_point(|key| *key < first.key);
        let mut younger = (at..self.len()).map(|index| self.row(index)).collect::<Vec<_>>().into_iter().peekable();
        self.truncate(at);
        for row in rows {
            while let Some(earlier) = younger.next_if(|earlier| earlier.key < row.key) {
                self.push(earlier);
            }
            self.push(row);
        }
        younger.for_each(|row| self.push(row));
    }

    fn row(&self, index: usize) -> Row {
        let (what, operator, subject) = (self.what[index], self.operator[index], self.subject[index]);
        Row { key: self.keys[index], what, operator, subject }
    }

    fn push(&mut self, row: Row) {
        self.keys.push(row.key);
        self.what.push(row.what);
        self.operator.push(row.operator);
        self.subject.push(row.subject);
    }

    fn truncate(&mut self, len: usize) {
        self.keys.truncate(len);
        self.what.truncate(len);
        self.operator.truncate(len);
        self.subject.truncate(len);
    }

    /// When the task was created that is younger than a quarter of all.
    pub(super) fn first_quarter(&self) -> i64 {
        self.keys.get(self.len() / 4).map_or(i64::MAX, |key| key.0.saturating_add(1))
    }

    pub(super) fn forget_before(&mut self, created_at: i64) {
        let old = self.keys.partition_point(|key| key.0 < created_at);
        self.keys.drain(..old);
        self.what.drain(..old);
        self.operator.drain(..old);
        self.subject.drain(..old);
    }

    /// Those created between these times, both included.
    pub(super) fn range(&self, from: i64, to: i64) -> Range<usize> {
        let start = self.keys.partition_point(|key| key.0 < from);
        start..self.keys.partition_point(|key| key.0 <= to).max(start)
    }

    /// How many pass.
    pub(super) fn count(&self, wanted: &Wanted) -> usize {
        let Wanted { range, what, operator, subject } = wanted;
        if wanted.lets_all_pass() {
            return range.len();
        }
        let (mut count, mut passes) = (0, [true; PART]);
        for start in range.clone().step_by(PART) {
            let part = start..range.end.min(start + PART);
            let passes = &mut passes[..part.len()];
            passes.fill(true);
            keep(passes, &self.what[part.clone()], what.as_ref());
            keep(passes, &self.operator[part.clone()], operator.as_ref());
            keep(passes, &self.subject[part], subject.as_ref());
            count += passes.iter().map(|passes| usize::from(*passes)).sum::<usize>();
        }
        count
    }

    /// The numbers of the tasks on a page, newest first, where `others` (newest first too) are listed among them.
    pub(super) fn page(&self, wanted: &Wanted, others: &[Key], offset: usize, limit: usize) -> Vec<i64> {
        // Of the first `offset` of all, at least so many are here; which they are does not depend on the others.
        let sure = offset.saturating_sub(others.len());
        let Range { start, end } = wanted.range;
        let end = if wanted.lets_all_pass() { end.saturating_sub(sure).max(start) } else { self.older(wanted, sure) };
        let mut here = (start..end).rev().filter(|index| self.passes(wanted, *index)).map(|index| self.keys[index]);
        let (mut next, mut others) = (here.next(), others.iter().copied().peekable());
        let merged = std::iter::from_fn(|| match (next, others.peek()) {
            (Some(key), Some(other)) if *other > key => others.next(),
            (Some(key), _) => {
                next = here.next();
                Some(key)
            }
            (None, _) => others.next(),
        });
        merged.skip(offset - sure).take(limit).map(|key| key.1).collect()
    }

    /// The end of the range without the newest `count` that pass.
    fn older(&self, wanted: &Wanted, count: usize) -> usize {
        let Range { start, end } = wanted.range;
        match count.checked_sub(1) {
            None => end,
            Some(before) => (start..end).rev().filter(|index| self.passes(wanted, *index)).nth(before).unwrap_or(start),
        }
    }

    fn passes(&self, wanted: &Wanted, index: usize) -> bool {
        let passes = |flags: &Option<Vec<bool>>, number: usize| flags.as_ref().is_none_or(|flags| flags[number]);
        passes(&wanted.what, self.what[index].into())
            && passes(&wanted.operator, self.operator[index] as usize)
            && passes(&wanted.subject, self.subject[index] as usize)
    }
}

/// Lets only those pass whose number has its flag.
fn keep<N: Copy + Into<u32>>(passes: &mut [bool], numbers: &[N], flags: Option<&Vec<bool>>) {
    let Some(flags) = flags else { return };
    for (passes, number) in passes.iter_mut().zip(numbers) {
        *passes &= flags[(*number).into() as usize];
    }
}
