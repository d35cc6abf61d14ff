//! Ended tasks in memory, for those who ask again and again how a task stands.
//!
//! A task that succeeded or failed never changes, so what was read of it once is true for ever and in every process. One in
//! `error` is not kept: a person may have it tried again.
//!
//! They are kept by sheets of neighbours. The first question about one of a sheet reads them all, which costs little more
//! than to read one. Neighbouring sheets make a row, and a row has one place where it may lie, by its number: ids are given out
//! one after the other, so that rows which are asked for together do not push each other out.
//!
//! In so much memory each place that is looked at costs as much as a hash of the body. So a task lies in half a cache line, its
//! texts with it: names that many tasks share are numbers, and only few have a message. What else is looked at is small.

mod names;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::task::{Brief, Status};
use names::{Name, Names};

/// So many tasks of neighbouring numbers make a sheet.
pub(crate) const SHEET: i64 = 64;
/// So many tasks make a row, of 64 sheets.
const ROW: i64 = 64 * SHEET;
/// Messages may take one part in so many beside the rows.
const MESSAGES: usize = 8;
/// The longest subject that is kept, in bytes.
const SUBJECT: usize = 16;

/// What is kept of ended tasks.
pub(crate) struct Ended {
    rows: Box<[RwLock<Row>]>,
    names: Names,
    /// The bytes of all messages.
    said: AtomicUsize,
    most_said: usize,
}

/// Tasks of neighbouring numbers.
#[derive(Default)]
struct Row {
    number: i64,
    /// A bit for each sheet that was read.
    sheets: u64,
    /// Empty until the first one was.
    places: Box<[Place]>,
    messages: Vec<Box<str>>,
}

/// One task.
#[derive(Clone, Copy, Default)]
struct Place {
    created_at: i64,
    /// What it works on, with zeros behind it.
    subject: [u8; SUBJECT],
    tenant: Name,
    kind: Name,
    /// Which of its row's messages, counted from 1; 0 when it has none.
    message: u16,
    /// None when the task is not here.
    status: Option<Status>,
}

impl Ended {
    /// Holds rows of at most so many bytes, and an eighth of that for messages.
    pub(crate) fn new(bytes: usize) -> Self {
        let rows = (bytes / (ROW as usize * size_of::<Place>())).max(1);
        Self {
            rows: (0..rows).map(|_| RwLock::default()).collect(),
            names: Names::default(),
            said: AtomicUsize::new(0),
            most_said: bytes / MESSAGES,
        }
    }

    /// Reads a task of this tenant, if it is here; while that goes on nothing else is kept near it.
    pub(crate) fn find<T>(&self, tenant: &str, id: i64, read: impl FnOnce(&Brief<'_>) -> T) -> Option<T> {
        let row = self.row(id).read().unwrap_or_else(PoisonError::into_inner);
        let place = row.places.get(place(id)).filter(|_| row.number == number(id))?;
        let (status, subject) = (place.status?, subject(&place.subject)?);
        let message = usize::from(place.message).checked_sub(1).and_then(|at| row.messages.get(at));
        let message = message.map_or("", AsRef::as_ref);
        self.names.read(place.tenant, place.kind, |owner, kind| {
            let brief = Brief { status, created_at: place.created_at, kind, subject, message };
            (owner == tenant).then(|| read(&brief))
        })?
    }

    /// Whether the neighbours of this task have been read.
    pub(crate) fn has_sheet(&self, id: i64) -> bool {
        self.row(id).read().unwrap_or_else(PoisonError::into_inner).has_sheet(id)
    }

    /// Keeps the neighbours of `id`, with their tenants; another row makes room for theirs.
    pub(crate) fn keep_sheet<'t>(&self, id: i64, tasks: impl IntoIterator<Item = (i64, &'t str, Brief<'t>)>) {
        let mut row = self.row(id).write().unwrap_or_else(PoisonError::into_inner);
        if row.number != number(id) || row.places.is_empty() {
            self.empty(&mut row);
            row.number = number(id);
            row.places = vec![Place::default(); ROW as usize].into();
        }
        row.sheets |= bit(id);
        tasks.into_iter().for_each(|(id, tenant, brief)| self.put(&mut row, id, tenant, &brief));
    }

    /// Keeps one more task of a sheet, if the sheet is here and the task cannot change any more.
    pub(crate) fn keep(&self, id: i64, tenant: &str, brief: &Brief<'_>) {
        if is_kept(brief.status) {
            self.put(&mut self.row(id).write().unwrap_or_else(PoisonError::into_inner), id, tenant, brief);
        }
    }

    pub(crate) fn forget_all(&self) {
        self.rows.iter().for_each(|row| self.empty(&mut row.write().unwrap_or_else(PoisonError::into_inner)));
    }

    fn put(&self, row: &mut Row, id: i64, tenant: &str, brief: &Brief<'_>) {
        let is_here = row.places.get(place(id)).is_some_and(|place| place.status.is_some());
        if !row.has_sheet(id) || is_here || !is_kept(brief.status) {
            return;
        }
        let names = (self.names.number(tenant), self.names.number(brief.kind));
        if let (Some(tenant), Some(kind)) = names
            && let Some(subject) = padded(brief.subject)
            && let Some(message) = self.say(&mut row.messages, brief.message)
        {
            row.places[place(id)] =
                Place { created_at: brief.created_at, subject, tenant, kind, message, status: Some(brief.status) };
        }
    }

    /// Adds a message, if there is room for it; answers its number.
    fn say(&self, messages: &mut Vec<Box<str>>, message: &str) -> Option<u16> {
        if message.is_empty() {
            return Some(0);
        }
        let room = |said: usize| Some(said + message.len()).filter(|said| *said <= self.most_said);
        self.said.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).ok()?;
        messages.push(message.into());
        u16::try_from(messages.len()).ok()
    }

    fn empty(&self, row: &mut Row) {
        let Row { messages, .. } = std::mem::take(row);
        self.said.fetch_sub(messages.iter().map(|message| message.len()).sum(), Ordering::Relaxed);
    }

    /// Where the row of a task may lie.
    fn row(&self, id: i64) -> &RwLock<Row> {
        &self.rows[number(id).unsigned_abs() as usize % self.rows.len()]
    }
}

impl Row {
    fn has_sheet(&self, id: i64) -> bool {
        self.number == number(id) && self.sheets & bit(id) != 0
    }
}

/// The bytes of a subject that is short enough, with zeros behind it.
fn padded(subject: &str) -> Option<[u8; SUBJECT]> {
    let mut bytes = [0; SUBJECT];
    bytes.get_mut(..subject.len()).filter(|_| !subject.contains('\0'))?.copy_from_slice(subject.as_bytes());
    Some(bytes)
}

/// The subject that was [`padded`].
fn subject(bytes: &[u8; SUBJECT]) -> Option<&str> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(SUBJECT);
    std::str::from_utf8(&bytes[..end]).ok()
}

/// The number of a task's row.
fn number(id: i64) -> i64 {
    id.div_euclid(ROW)
}

/// Where in its row a task is.
fn place(id: i64) -> usize {
    id.rem_euclid(ROW) as usize
}

/// The bit of a task's sheet in its row.
fn bit(id: i64) -> u64 {
    1 << (place(id) / SHEET as usize)
}

/// Whether a task in this status stays as it is.
pub(crate) fn is_kept(status: Status) -> bool {
    matches!(status, Status::Succeed | Status::Failed)
}

/// The first number of the sheet that has this task, and that of the next sheet.
pub(crate) fn bounds(id: i64) -> (i64, i64) {
    let first = id.div_euclid(SHEET) * SHEET;
    (first, first.saturating_add(SHEET))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(status: Status, message: &str) -> Brief<'_> {
        Brief { kind: "k", subject: "crs-abcdefgh", status, created_at: 7, message }
    }

    fn find(ended: &Ended, tenant: &str, id: i64) -> Option<Status> {
        ended.find(tenant, id, |brief| brief.status)
    }

    #[test]
    fn only_what_cannot_change_is_kept_and_only_for_its_tenant() {
        let ended = Ended::new(1 << 20);
        ended.keep(1, "t", &brief(Status::Succeed, ""));
        assert!(!ended.has_sheet(1) && find(&ended, "t", 1).is_none(), "there is no sheet yet");
        ended.keep_sheet(SHEET - 1, (0..).zip(Status::ALL).map(|(id, status)| (id, "t", brief(status, ""))));
        for (id, status) in (0..).zip(Status::ALL) {
            let kept = matches!(status, Status::Succeed | Status::Failed);
            assert_eq!(find(&ended, "t", id).is_some(), kept, "{status}");
            ended.keep(10 + id, "t", &brief(status, ""));
            assert_eq!(find(&ended, "t", 10 + id).is_some(), kept, "{status}");
            assert!(find(&ended, "stranger", id).is_none());
        }
        assert!(find(&ended, "t", SHEET).is_none() && !ended.has_sheet(SHEET) && !ended.has_sheet(-1));
        ended.forget_all();
        assert!((0..20).all(|id| find(&ended, "t", id).is_none()));
    }

    #[test]
    fn what_was_kept_comes_back_as_it_was() {
        let ended = Ended::new(1 << 20);
        let long = "the longest subject that there is";
        let of = |subject| Brief { subject, ..brief(Status::Failed, "a cause in words") };
        let all = [of(""), of("crs-abcdefgh"), of("sixteen bytes ab"), of("über"), of(long), of("a\0b")];
        ended.keep_sheet(0, (0..).zip(all).map(|(id, brief)| (id, "t", brief)));
        for (id, brief) in (0..).zip(&all[..4]) {
            assert_eq!(ended.find("t", id, |found| found == brief), Some(true), "{brief:?}");
        }
        assert!(find(&ended, "t", 4).is_none() && find(&ended, "t", 5).is_none(), "too long, or not to be told apart");
    }

    #[test]
    fn it_holds_no_more_than_it_may() {
        assert_eq!(size_of::<Place>(), 32);
        let ended = Ended::new(1 << 20);
        let long = "x".repeat(10_000);
        let rows = 2 * (1 << 20) / (32 * ROW);
        for first in (0..rows).map(|row| row * ROW) {
            ended.keep_sheet(first, (first..first + 10).map(|id| (id, "t", brief(Status::Failed, &long))));
            ended.keep(first + 10, "t", &brief(Status::Succeed, ""));
        }
        let kept = |from, to| {
            let of_row = |row| (row * ROW + from..row * ROW + to).filter(|id| find(&ended, "t", *id).is_some()).count();
            (0..rows).map(of_row).sum::<usize>()
        };
        assert_eq!(kept(10, 11), rows as usize / 2, "the newer ones have the place of the older");
        assert_eq!(kept(0, 10), (1 << 20) / MESSAGES / long.len(), "messages");
        ended.forget_all();
        ended.keep_sheet(0, [(0, "t", brief(Status::Failed, &long))]);
        assert!(find(&ended, "t", 0).is_some(), "there is room again");
    }

    #[test]
    fn a_sheet_begins_at_its_bounds() {
        assert_eq!((bounds(0), bounds(SHEET - 1), bounds(SHEET)), ((0, SHEET), (0, SHEET), (SHEET, 2 * SHEET)));
    }
}
