//! None of an older generation acts on a node: neither out of this process nor out of another one on this machine.
//!
//! Several processes may look after the nodes of one root. One of them may be stopped for minutes, lose its tasks to
//! another, and wake up in the middle of a call. So a call is made of **acts**: to write the node's files, to start it,
//! to signal it, to move its folder away. An act takes no longer than a few system calls. It locks the node's fence,
//! compares its own generation with the highest that was ever seen there, acts, and unlocks. Whoever was stopped before
//! an act finds a newer generation when it wakes; whoever was stopped inside one still has the lock, so that nobody has
//! passed it. What is said to a running node goes over a connection, and the first act of a newer generation is followed
//! by cutting all older ones ([`crate::control::Control::take_over`]).
//!
//! The fence is a file outside of the node's folder, which outlives it: the removal of a node is remembered. Fences of
//! nodes that are gone are forgotten after a day, and nobody is stopped for that long within an act.
//!
//! Calls of one process on one node take turns besides: two that mean the same would only be in each other's way.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio::time::{Instant, sleep};

use super::folder::Folder;
use crate::{Error, NodeRef, REGARDLESS};

/// How long another process may be within an act.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks whether it has left.
const POLL: Duration = Duration::from_millis(1);
/// How long the fence of a node that is gone is kept.
const MEMORY: Duration = Duration::from_secs(24 * 3600);
/// How often it is looked for such fences.
const TIDY: Duration = Duration::from_secs(3600);

#[derive(Debug)]
pub(super) struct Fence {
    /// The folder of the fences.
    path: PathBuf,
    turns: Mutex<HashMap<NodeRef, Arc<AsyncMutex<()>>>>,
    tidied: Mutex<Option<Instant>>,
}

/// What an act did.
#[derive(Debug)]
pub(super) struct Acted<T> {
    pub(super) value: T,
    /// Its generation is newer than any before it.
    pub(super) newer: bool,
    /// There was none before it: no process of this node was ever started here.
    pub(super) first: bool,
}

impl Fence {
    /// The fences of a root, in a folder of that root that is named like no instance.
    pub(super) fn open(root: &Path) -> Result<Self, Error> {
        let path = root.join(".fences");
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(Error::io("create the folder", &path))?;
        Ok(Self { path, turns: Mutex::default(), tidied: Mutex::default() })
    }

    /// Waits until no other call of this process is on the node.
    pub(super) async fn enter(&self, node: &NodeRef) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            // Forget those that nobody holds or waits for.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(node.clone()).or_default())
        };
        turn.lock_owned().await
    }

    /// Acts, unless a newer generation has been there. `act` must be short and must not wait for anything.
    pub(super) async fn act<T>(
        &self,
        folder: &Folder,
        (given, remember): (u64, bool),
        act: impl FnOnce() -> Result<T, Error>,
    ) -> Result<Acted<T>, Error> {
        let file = self.lock(&folder.node).await?;
        let current = seen(&file).max(folder.generation());
        if given < current {
            tracing::warn!(node = %folder.node, given, current, "a late hand is refused");
            return Err(Error::Stale { node: folder.node.clone(), given, current });
        }
        let newer = given > current;
        if newer && remember && given != REGARDLESS {
            // Always as long, so that it is written over in place.
            file.write_all_at(format!("{given:020}").as_bytes(), 0)
                .map_err(Error::io("write", self.file(&folder.node)))?;
        }
        Ok(Acted { value: act()?, newer, first: current == 0 })
    }

    /// Forgets the nodes that have been gone for long; once an hour is enough.
    pub(super) fn tidy(&self, is_there: impl Fn(&NodeRef) -> bool) {
        let mut tidied = self.tidied.lock().unwrap_or_else(PoisonError::into_inner);
        if tidied.is_none_or(|at| at.elapsed() > TIDY) {
            *tidied = Some(Instant::now());
            self.forget(is_there);
        }
    }

    fn forget(&self, is_there: impl Fn(&NodeRef) -> bool) {
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let is_old = entry
                .metadata()
                .and_then(|file| file.modified())
                .is_ok_and(|at| at.elapsed().is_ok_and(|age| age > MEMORY));
            let node = entry.file_name().to_str().and_then(node_of);
            if is_old && node.is_some_and(|node| !is_there(&node)) {
                self.remove(&entry.path());
            }
        }
    }

    /// Only under its lock: somebody may be about to act.
    fn remove(&self, path: &Path) {
        let removed = File::open(path).and_then(|file| match file.try_lock() {
            Ok(()) => fs::remove_file(path),
            Err(_) => Ok(()),
        });
        if let Err(error) = removed {
            tracing::debug!(path = %path.display(), %error, "an old fence cannot be removed");
        }
    }

    fn file(&self, node: &NodeRef) -> PathBuf {
        self.path.join(format!("{}.{}", node.instance, node.node))
    }

    async fn lock(&self, node: &NodeRef) -> Result<File, Error> {
        let path = self.file(node);
        let begun = Instant::now();
        loop {
            let file = open(&path).map_err(Error::io("open", &path))?;
            match file.try_lock() {
                Ok(()) if is_still(&file, &path) => return Ok(file),
                // Forgotten in between: there is another file by now, or none.
                Ok(()) => continue,
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => sleep(POLL).await,
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::Held { node: node.clone(), by: holder(&file), after: PATIENCE });
                }
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
            }
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn is_still(file: &File, path: &Path) -> bool {
    let (Ok(locked), Ok(named)) = (file.metadata(), fs::metadata(path)) else { return false };
    (locked.dev(), locked.ino()) == (named.dev(), named.ino())
}

/// The highest generation that has acted; 0 when none has, or none that can be read.
fn seen(file: &File) -> u64 {
    let mut text = [0; 20];
    let whole = file.read_exact_at(&mut text, 0).is_ok();
    whole.then(|| std::str::from_utf8(&text).ok()?.parse().ok()).flatten().unwrap_or(0)
}

/// The process that has the lock; `None` when the kernel does not show it.
fn holder(file: &File) -> Option<u32> {
    let inode = format!(":{} ", file.metadata().ok()?.ino());
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let line = locks.lines().find(|line| line.contains(" FLOCK ") && !line.contains("->") && line.contains(&inode))?;
    line.split_whitespace().nth(4)?.parse().ok()
}

fn node_of(name: &str) -> Option<NodeRef> {
    let (instance, node) = name.split_once('.')?;
    let node = NodeRef::new(instance, node);
    node.validate().is_ok().then_some(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Fence {
        async fn check(&self, folder: &Folder, given: u64) -> Result<bool, Error> {
            Ok(self.act(folder, (given, true), || Ok(())).await?.newer)
        }
    }

    struct Place {
        fence: Fence,
        root: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            Self { fence: Fence::open(root.path()).unwrap(), root }
        }

        fn folder(&self) -> Folder {
            Folder::new(self.root.path(), &NodeRef::new("crs-a", "s1n0")).unwrap()
        }

        /// As another process sees it: locks belong to open files.
        fn other(&self) -> Fence {
            Fence::open(self.root.path()).unwrap()
        }
    }

    #[tokio::test]
    async fn older_generations_are_refused_whoever_comes() {
        let place = Place::new();
        let folder = place.folder();
        assert!(place.fence.check(&folder, 5).await.unwrap(), "newer than nothing");
        assert!(!place.other().check(&folder, 5).await.unwrap(), "the same again");
        let mut acted = false;
        let other = place.other();
        let late = other.act(&folder, (4, true), || {
            acted = true;
            Ok(())
        });
        assert!(matches!(late.await, Err(Error::Stale { given: 4, current: 5, .. })));
        assert!(!acted, "a late hand does nothing");
        assert!(place.other().check(&folder, 1 << 60).await.unwrap());
        assert!(place.fence.check(&folder, 6).await.is_err());
    }

    #[tokio::test]
    async fn who_comes_regardless_is_not_remembered() {
        let place = Place::new();
        place.fence.check(&place.folder(), 5).await.unwrap();
        place.fence.check(&place.folder(), REGARDLESS).await.unwrap();
        place.other().check(&place.folder(), 5).await.unwrap();
    }

    #[tokio::test]
    async fn one_that_stands_still_within_an_act_is_named() {
        let place = Place::new();
        let still = place.other().lock(&place.folder().node).await.unwrap();
        match place.fence.check(&place.folder(), 1).await {
            Err(Error::Held { by, .. }) => assert_eq!(by, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(still);
        place.fence.check(&place.folder(), 1).await.unwrap();
    }

    #[tokio::test]
    async fn the_dead_are_forgotten_after_a_day_and_no_sooner() {
        let place = Place::new();
        place.fence.check(&place.folder(), 9).await.unwrap();
        let file = place.fence.file(&place.folder().node);
        place.fence.forget(|_| false);
        place.other().check(&place.folder(), 8).await.unwrap_err();
        let long_ago = std::time::UNIX_EPOCH;
        open(&file).unwrap().set_modified(long_ago).unwrap();
        place.fence.forget(|_| true);
        assert!(file.exists(), "its node is there");
        let held = place.other().lock(&place.folder().node).await.unwrap();
        place.fence.forget(|_| false);
        assert!(file.exists(), "somebody is about to act");
        drop(held);
        place.fence.forget(|_| false);
        assert!(!file.exists());
        place.fence.check(&place.folder(), 1).await.unwrap();
    }

    #[tokio::test]
    async fn one_call_at_a_time() {
        let place = Place::new();
        let node = place.folder().node;
        let first = place.fence.enter(&node).await;
        let mut second = Box::pin(place.fence.enter(&node));
        assert!(futures_pending(&mut second).await);
        drop(first);
        drop(second.await);
        drop(place.fence.enter(&NodeRef::new("crs-b", "s1n0")).await);
        assert_eq!(place.fence.turns.lock().unwrap().len(), 1, "turns that nobody waits for are forgotten");
    }

    async fn futures_pending<F: Future + Unpin>(future: &mut F) -> bool {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_pending())
        })
        .await
    }
}
