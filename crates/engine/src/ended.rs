//! Ended tasks in memory, for those who ask again and again how a task stands.
//!
//! A task that succeeded or failed never changes, so what was read of it once is true for ever and in every process. One in
//! `error` is not kept: a person may have it tried again.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::task::{Brief, Status};

/// What the cache and the allocator need for an entry beside its texts, in bytes.
const OVERHEAD: usize = 64;
/// What an entry takes as a rule; only the number of shards and of remembered misses follows from it.
const USUAL: usize = 192;

/// The briefs of ended tasks, those asked for least left out first.
pub(crate) struct Ended {
    by_id: Cache<i64, Arc<Brief>, Bytes>,
}

impl Ended {
    /// Holds at most so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Self { by_id: Cache::with_weighter(bytes / USUAL, bytes as u64, Bytes) }
    }

    pub(crate) fn find(&self, tenant: &str, id: i64) -> Option<Arc<Brief>> {
        self.by_id.get(&id).filter(|brief| brief.tenant == tenant)
    }

    /// Keeps it if it cannot change any more.
    pub(crate) fn keep(&self, id: i64, brief: &Arc<Brief>) {
        if matches!(brief.status, Status::Succeed | Status::Failed) {
            self.by_id.insert(id, Arc::clone(brief));
        }
    }

    pub(crate) fn forget_all(&self) {
        self.by_id.clear();
    }
}

#[derive(Clone)]
struct Bytes;

impl Weighter<i64, Arc<Brief>> for Bytes {
    fn weight(&self, _: &i64, brief: &Arc<Brief>) -> u64 {
        let texts = [&brief.tenant, &brief.kind, &brief.subject, &brief.message];
        let outside: usize = texts.iter().filter(|text| text.is_heap_allocated()).map(|text| text.capacity()).sum();
        (OVERHEAD + size_of::<Brief>() + outside) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(status: Status, message: &str) -> Arc<Brief> {
        let (tenant, kind, subject) = ("t".into(), "k".into(), "s".into());
        Arc::new(Brief { tenant, kind, subject, status, created_at: 0, message: message.into() })
    }

    #[test]
    fn only_what_cannot_change_is_kept_and_only_for_its_tenant() {
        let ended = Ended::new(1 << 20);
        for (id, status) in (1..).zip(Status::ALL) {
            ended.keep(id, &brief(status, ""));
            assert_eq!(ended.find("t", id).is_some(), matches!(status, Status::Succeed | Status::Failed), "{status}");
            assert!(ended.find("stranger", id).is_none());
        }
        ended.forget_all();
        assert!((1..=5).all(|id| ended.find("t", id).is_none()));
    }

    #[test]
    fn it_holds_no_more_than_it_may() {
        let ended = Ended::new(64 << 10);
        let long = "x".repeat(1000);
        (0..1000).for_each(|id| ended.keep(id, &brief(Status::Failed, &long)));
        let kept = (0..1000).filter(|id| ended.find("t", *id).is_some()).count();
        assert!((10..64).contains(&kept), "{kept}");
    }
}
