//! The connections of the API's listener.

use std::sync::atomic::{AtomicU64, Ordering};

/// Their counts.
#[derive(Debug, Default)]
pub struct Connections {
    opened: AtomicU64,
    closed: AtomicU64,
    refused: AtomicU64,
}

impl Connections {
    /// One is there.
    pub fn opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    /// One has ended.
    pub fn closed(&self) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }

    /// There was no place for one.
    pub fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// How many are open, and how many were refused since the start.
    #[must_use]
    pub fn read(&self) -> (u64, u64) {
        let closed = self.closed.load(Ordering::Relaxed);
        (self.opened.load(Ordering::Relaxed).saturating_sub(closed), self.refused.load(Ordering::Relaxed))
    }
}
