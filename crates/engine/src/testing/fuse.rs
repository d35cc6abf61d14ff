//! The fuse: stops an engine dead at a numbered boundary.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_util::sync::CancellationToken;

/// Counts boundaries; blows at one of them. Clones are the same fuse.
#[derive(Clone)]
pub(crate) struct Fuse {
    inner: Arc<Inner>,
}

struct Inner {
    passed: AtomicUsize,
    blows_at: usize,
    blown: CancellationToken,
}

impl Fuse {
    /// A fuse that blows at the `boundary`-th boundary, counted from 1.
    pub(crate) fn at(boundary: usize) -> Self {
        let (passed, blown) = (AtomicUsize::new(0), CancellationToken::new());
        Self { inner: Arc::new(Inner { passed, blows_at: boundary, blown }) }
    }

    /// Blows now: nobody passes a boundary any more.
    pub(crate) fn blow(&self) {
        self.inner.blown.cancel();
    }

    /// Passes a boundary; does not return from the one where it blows, nor from any after it.
    pub(crate) async fn boundary(&self) {
        let passed = self.inner.passed.fetch_add(1, Ordering::SeqCst) + 1;
        if passed >= self.inner.blows_at || self.inner.blown.is_cancelled() {
            self.inner.blown.cancel();
            std::future::pending::<()>().await;
        }
    }

    /// Returns once the fuse has blown.
    pub(crate) async fn blown(&self) {
        self.inner.blown.cancelled().await;
    }
}
