//! What one call may do to one node: each act under its generation.

use super::fence::{Acted, Fence};
use super::find::Finder;
use super::folder::Folder;
use crate::Error;

/// The hands of a call.
pub(super) struct Hands<'p> {
    pub(super) fence: &'p Fence,
    pub(super) finder: &'p Finder,
    pub(super) folder: &'p Folder,
    pub(super) generation: u64,
    /// Whether the generation is kept; there is no need to where nothing is and nothing is made or unmade.
    pub(super) remember: bool,
}

impl Hands<'_> {
    /// Acts, unless a newer generation has been here. `act` must be short and must not wait for anything.
    pub(super) async fn act<T>(&self, act: impl FnOnce() -> Result<T, Error>) -> Result<Acted<T>, Error> {
        self.fence.act(self.folder, (self.generation, self.remember), act).await
    }

    /// Goes on only if no newer generation has been here; answers whether this is the first call of a newer one.
    pub(super) async fn check(&self) -> Result<bool, Error> {
        Ok(self.act(|| Ok(())).await?.newer)
    }
}
