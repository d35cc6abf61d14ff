//! Ended tasks in memory, for those who ask again and again how a task stands.
//!
//! A task that succeeded or failed never changes, so what was read of it once is true for ever and in every process. One in
//! `error` is not kept: a person may have it tried again.
//!
//! They are kept by sheets of neighbours. The first question about one of a sheet reads them all, which costs little more
//! than to read one. A sheet has one slot in which it may lie, by its number: ids are given out one after the other, so that
//! sheets which are asked for together do not push each other out, and a look needs no hash and touches nothing but the slot and
//! the task: each further place in so much memory would cost as much as a hash of the body.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockWriteGuard};

use crate::task::{Brief, Status};

/// So many tasks of neighbouring numbers make a sheet.
pub(crate) const SHEET: i64 = 64;
/// So many slots make a row, which is there from the first sheet in it on.
const ROW: usize = 64;
/// Texts that do not lie inside their tasks may take one part in so many beside the sheets.
const OUTSIDE: usize = 8;

/// The briefs of ended tasks.
pub(crate) struct Ended {
    rows: Box<[OnceLock<Row>]>,
    /// The bytes of the texts that do not lie inside their tasks.
    outside: AtomicUsize,
    most_outside: usize,
}

type Row = Box<[RwLock<Slot>]>;

/// Where one sheet lies, with its number.
#[derive(Default)]
struct Slot {
    number: i64,
    sheet: Option<Box<Sheet>>,
}

type Sheet = [Option<Brief>; SHEET as usize];

impl Ended {
    /// Holds sheets of at most so many bytes, and an eighth of that for long texts.
    pub(crate) fn new(bytes: usize) -> Self {
        let rows = (bytes / size_of::<Sheet>() / ROW).max(1);
        Self {
            rows: (0..rows).map(|_| OnceLock::new()).collect(),
            outside: AtomicUsize::new(0),
            most_outside: bytes / OUTSIDE,
        }
    }

    /// Reads a task of this tenant, if it is here; while that goes on nothing else is kept near it.
    pub(crate) fn find<T>(&self, tenant: &str, id: i64, read: impl FnOnce(&Brief) -> T) -> Option<T> {
        let slot = self.slot(id)?.read().unwrap_or_else(PoisonError::into_inner);
        slot.sheet_of(id)?[place(id)].as_ref().filter(|brief| brief.tenant == tenant).map(read)
    }

    /// Whether the neighbours of this task have been read.
    pub(crate) fn has_sheet(&self, id: i64) -> bool {
        let slot = self.slot(id).map(|slot| slot.read().unwrap_or_else(PoisonError::into_inner));
        slot.is_some_and(|slot| slot.sheet_of(id).is_some())
    }

    /// Keeps a sheet of the tasks that have ended among the neighbours of `id`, in place of what lay in its slot.
    pub(crate) fn keep_sheet(&self, id: i64, tasks: Vec<(i64, Brief)>) {
        let mut slot = self.slot_to_fill(id);
        self.empty(&mut slot);
        let mut sheet = Box::new([const { None }; SHEET as usize]);
        for (id, brief) in tasks {
            self.put(&mut sheet, id, brief);
        }
        *slot = Slot { number: number(id), sheet: Some(sheet) };
    }

    /// Keeps one more task of a sheet, if the sheet is here and the task cannot change any more.
    pub(crate) fn keep(&self, id: i64, brief: &Brief) {
        let mut slot = self.slot_to_fill(id);
        if slot.number == number(id)
            && let Some(sheet) = &mut slot.sheet
        {
            self.put(sheet, id, brief.clone());
        }
    }

    pub(crate) fn forget_all(&self) {
        for slot in self.rows.iter().filter_map(OnceLock::get).flatten() {
            self.empty(&mut slot.write().unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn put(&self, sheet: &mut Sheet, id: i64, brief: Brief) {
        let place = &mut sheet[place(id)];
        if !is_kept(brief.status) || place.is_some() {
            return;
        }
        let more = heap(&brief);
        let room = |taken: usize| Some(taken + more).filter(|taken| *taken <= self.most_outside);
        if more == 0 || self.outside.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok() {
            *place = Some(brief);
        }
    }

    fn empty(&self, slot: &mut Slot) {
        let less = slot.sheet.take().map_or(0, |sheet| sheet.iter().flatten().map(heap).sum());
        self.outside.fetch_sub(less, Ordering::Relaxed);
    }

    fn slot(&self, id: i64) -> Option<&RwLock<Slot>> {
        let (row, slot) = self.address(id);
        self.rows[row].get().map(|row| &row[slot])
    }

    fn slot_to_fill(&self, id: i64) -> RwLockWriteGuard<'_, Slot> {
        let (row, slot) = self.address(id);
        let row = self.rows[row].get_or_init(|| (0..ROW).map(|_| RwLock::default()).collect());
        row[slot].write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The row and, in it, the slot of a task's sheet.
    fn address(&self, id: i64) -> (usize, usize) {
        let place = number(id).unsigned_abs() as usize % (self.rows.len() * ROW);
        (place / ROW, place % ROW)
    }
}

impl Slot {
    fn sheet_of(&self, id: i64) -> Option<&Sheet> {
        self.sheet.as_deref().filter(|_| self.number == number(id))
    }
}

/// Where in its sheet a task is.
fn place(id: i64) -> usize {
    id.rem_euclid(SHEET) as usize
}

/// Whether a task in this status stays as it is.
pub(crate) fn is_kept(status: Status) -> bool {
    matches!(status, Status::Succeed | Status::Failed)
}

fn number(id: i64) -> i64 {
    id.div_euclid(SHEET)
}

/// The first number of the sheet that has this task, and that of the next sheet.
pub(crate) fn bounds(id: i64) -> (i64, i64) {
    let first = number(id) * SHEET;
    (first, first.saturating_add(SHEET))
}

/// What the texts of a brief take that do not lie inside it.
fn heap(brief: &Brief) -> usize {
    let texts = [&brief.tenant, &brief.kind, &brief.subject, &brief.message];
    texts.iter().filter(|text| text.is_heap_allocated()).map(|text| text.capacity()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(status: Status, message: &str) -> Brief {
        let (tenant, kind, subject) = ("t".into(), "k".into(), "s".into());
        Brief { tenant, kind, subject, status, created_at: 0, message: message.into() }
    }

    fn find(ended: &Ended, tenant: &str, id: i64) -> Option<Status> {
        ended.find(tenant, id, |brief| brief.status)
    }

    #[test]
    fn only_what_cannot_change_is_kept_and_only_for_its_tenant() {
        let ended = Ended::new(1 << 20);
        ended.keep(1, &brief(Status::Succeed, ""));
        assert!(!ended.has_sheet(1) && find(&ended, "t", 1).is_none(), "there is no sheet yet");
        let all = (0..).zip(Status::ALL).map(|(id, status)| (id, brief(status, ""))).collect();
        ended.keep_sheet(SHEET - 1, all);
        for (id, status) in (0..).zip(Status::ALL) {
            let kept = matches!(status, Status::Succeed | Status::Failed);
            assert_eq!(find(&ended, "t", id).is_some(), kept, "{status}");
            ended.keep(10 + id, &brief(status, ""));
            assert_eq!(find(&ended, "t", 10 + id).is_some(), kept, "{status}");
            assert!(find(&ended, "stranger", id).is_none());
        }
        assert!(find(&ended, "t", SHEET).is_none() && !ended.has_sheet(SHEET) && !ended.has_sheet(-1));
        ended.forget_all();
        assert!((0..20).all(|id| find(&ended, "t", id).is_none()));
    }

    #[test]
    fn it_holds_no_more_than_it_may() {
        let ended = Ended::new(1 << 20);
        let long = "x".repeat(1000);
        for sheet in 0..200 {
            let id = sheet * SHEET;
            ended.keep_sheet(id, vec![]);
            (id..id + SHEET).for_each(|id| ended.keep(id, &brief(Status::Failed, &long)));
        }
        let kept = (0..200 * SHEET).filter(|id| find(&ended, "t", *id).is_some()).count();
        assert!((100..1000).contains(&kept), "{kept}");
    }

    #[test]
    fn a_sheet_begins_at_its_bounds() {
        assert_eq!((bounds(0), bounds(SHEET - 1), bounds(SHEET)), ((0, SHEET), (0, SHEET), (SHEET, 2 * SHEET)));
    }
}
