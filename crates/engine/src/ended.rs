//! Ended tasks in memory, for those who ask again and again how a task stands.
//!
//! A task that succeeded or failed never changes, so what was read of it once is true for ever and in every process. One in
//! `error` is not kept: a person may have it tried again.
//!
//! They are kept by sheets of neighbours. The first question about one of a sheet reads them all, which costs little more
//! than to read one; and a sheet lies together in memory, where a task of its own would be a far look for each of its parts.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::task::{Brief, Status};

/// So many tasks of neighbouring numbers make a sheet.
pub(crate) const SHEET: i64 = 64;

/// The briefs of ended tasks, the sheets asked for least left out first.
pub(crate) struct Ended {
    sheets: Cache<i64, Arc<Sheet>, Bytes>,
}

#[derive(Clone)]
struct Sheet {
    places: [Option<Brief>; SHEET as usize],
}

impl Ended {
    /// Holds at most so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Self { sheets: Cache::with_weighter(bytes / size_of::<Sheet>(), bytes as u64, Bytes) }
    }

    pub(crate) fn find(&self, tenant: &str, id: i64) -> Option<Brief> {
        let sheet = self.sheets.get(&number(id))?;
        sheet.places[place(id)].as_ref().filter(|brief| brief.tenant == tenant).cloned()
    }

    /// Whether the neighbours of this task have been read.
    pub(crate) fn has_sheet(&self, id: i64) -> bool {
        self.sheets.contains_key(&number(id))
    }

    /// Keeps a sheet of the tasks that have ended among the neighbours of `id`.
    pub(crate) fn keep_sheet(&self, id: i64, tasks: Vec<(i64, Brief)>) {
        let mut sheet = Sheet { places: [const { None }; SHEET as usize] };
        for (id, brief) in tasks {
            sheet.put(id, brief);
        }
        self.sheets.insert(number(id), Arc::new(sheet));
    }

    /// Keeps one more task of a sheet, if the sheet is here and the task cannot change any more.
    pub(crate) fn keep(&self, id: i64, brief: &Brief) {
        if let Some(sheet) = self.sheets.get(&number(id)).filter(|_| is_kept(brief.status)) {
            // A new one, since a sheet is weighed on its way in and must not change after that.
            let mut sheet = Sheet::clone(&sheet);
            sheet.put(id, brief.clone());
            self.sheets.insert(number(id), Arc::new(sheet));
        }
    }

    pub(crate) fn forget_all(&self) {
        self.sheets.clear();
    }
}

impl Sheet {
    fn put(&mut self, id: i64, brief: Brief) {
        if is_kept(brief.status) {
            self.places[place(id)] = Some(brief);
        }
    }
}

/// Where in its sheet a task is.
fn place(id: i64) -> usize {
    id.rem_euclid(SHEET) as usize
}

/// Whether a task in this status stays as it is.
fn is_kept(status: Status) -> bool {
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

#[derive(Clone)]
struct Bytes;

impl Weighter<i64, Arc<Sheet>> for Bytes {
    fn weight(&self, _: &i64, sheet: &Arc<Sheet>) -> u64 {
        let outside = sheet.places.iter().flatten().map(heap).sum::<usize>();
        (size_of::<Sheet>() + outside) as u64
    }
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

    #[test]
    fn only_what_cannot_change_is_kept_and_only_for_its_tenant() {
        let ended = Ended::new(1 << 20);
        ended.keep(1, &brief(Status::Succeed, ""));
        assert!(!ended.has_sheet(1) && ended.find("t", 1).is_none(), "there is no sheet yet");
        let all = (0..).zip(Status::ALL).map(|(id, status)| (id, brief(status, ""))).collect();
        ended.keep_sheet(SHEET - 1, all);
        for (id, status) in (0..).zip(Status::ALL) {
            let kept = matches!(status, Status::Succeed | Status::Failed);
            assert_eq!(ended.find("t", id).is_some(), kept, "{status}");
            ended.keep(10 + id, &brief(status, ""));
            assert_eq!(ended.find("t", 10 + id).is_some(), kept, "{status}");
            assert!(ended.find("stranger", id).is_none());
        }
        assert!(ended.find("t", SHEET).is_none() && !ended.has_sheet(SHEET) && !ended.has_sheet(-1));
        ended.forget_all();
        assert!((0..20).all(|id| ended.find("t", id).is_none()));
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
        let kept = (0..200 * SHEET).filter(|id| ended.find("t", *id).is_some()).count();
        assert!((100..1000).contains(&kept), "{kept}");
    }

    #[test]
    fn a_sheet_begins_at_its_bounds() {
        assert_eq!((bounds(0), bounds(SHEET - 1), bounds(SHEET)), ((0, SHEET), (0, SHEET), (SHEET, 2 * SHEET)));
    }
}
