//! One call at a time on a node, and none of an older generation.
//!
//! The generation lives in the node's folder. A removed node has none, so the last removals are remembered in memory:
//! that is enough, since a stale worker can only be one of this very process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::{Error, NodeRef};

/// So many removals are remembered.
const REMOVALS: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Fence {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    locks: HashMap<NodeRef, Arc<AsyncMutex<()>>>,
    removals: VecDeque<(NodeRef, u64)>,
}

impl Fence {
    /// Waits for the node's turn.
    pub(super) async fn enter(&self, node: &NodeRef) -> OwnedMutexGuard<()> {
        let lock = self.with(|state| {
            // Forget those that nobody holds or waits for.
            state.locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(state.locks.entry(node.clone()).or_default())
        });
        lock.lock_owned().await
    }

    /// Refuses a generation older than the folder's or than that of a remembered removal.
    pub(super) fn check(&self, node: &NodeRef, given: u64, folder: u64) -> Result<(), Error> {
        let removed = self.with(|state| {
            let of_node = state.removals.iter().filter(|(removed, _)| removed == node);
            of_node.map(|(_, generation)| *generation).max().unwrap_or(0)
        });
        let current = folder.max(removed);
        if given >= current { Ok(()) } else { Err(Error::Stale { node: node.clone(), given, current }) }
    }

    /// Remembers that a node was removed at this generation.
    pub(super) fn removed(&self, node: &NodeRef, generation: u64) {
        self.with(|state| {
            state.removals.retain(|(removed, _)| removed != node);
            state.removals.push_back((node.clone(), generation));
            if state.removals.len() > REMOVALS {
                state.removals.pop_front();
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_generations_are_refused() {
        let fence = Fence::default();
        let node = NodeRef::new("crs-a", "s1n0");
        fence.check(&node, 5, 5).unwrap();
        assert!(matches!(fence.check(&node, 4, 5), Err(Error::Stale { given: 4, current: 5, .. })));
        fence.removed(&node, 7);
        assert!(matches!(fence.check(&node, 6, 0), Err(Error::Stale { given: 6, current: 7, .. })));
        fence.check(&node, 7, 0).unwrap();
        fence.check(&NodeRef::new("crs-b", "s1n0"), 1, 0).unwrap();
    }

    #[test]
    fn removals_are_forgotten_at_last() {
        let fence = Fence::default();
        for number in 0..=REMOVALS {
            fence.removed(&NodeRef::new(format!("crs-{number}"), "s1n0"), 9);
        }
        fence.check(&NodeRef::new("crs-0", "s1n0"), 1, 0).unwrap();
        assert!(fence.check(&NodeRef::new("crs-1", "s1n0"), 1, 0).is_err());
    }

    #[tokio::test]
    async fn one_call_at_a_time() {
        let fence = Fence::default();
        let node = NodeRef::new("crs-a", "s1n0");
        let first = fence.enter(&node).await;
        let mut second = Box::pin(fence.enter(&node));
        assert!(futures_pending(&mut second).await);
        drop(first);
        drop(second.await);
        drop(fence.enter(&NodeRef::new("crs-b", "s1n0")).await);
        assert_eq!(fence.with(|state| state.locks.len()), 1, "locks that nobody holds are forgotten");
    }

    async fn futures_pending<F: Future + Unpin>(future: &mut F) -> bool {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_pending())
        })
        .await
    }
}
