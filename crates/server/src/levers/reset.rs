//! Back to the seed: everything that was made since is really gone, whatever was going on.
//!
//! In this order: the door is shut and those inside come out; the engine and the background are stopped dead, so that no
//! hand is on any node; every node is removed under the last of all generations; the rows are deleted in one transaction;
//! the date is the true one; all goes on; the seed is made. A crash before the deletion leaves instances whose nodes are
//! repaired by the next start, and the reset can be asked for again; a crash after it leaves the seed to the next start.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use dataplane::NodeRef;
use db::Tx;
use futures_util::future::join_all;
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::plant::NotPlanted;
use super::seed::{BadSeed, Seed};
use crate::app::App;
use crate::store::lever_seed;
use crate::tasks::world::World;
use crate::work::Work;

/// What a reset takes hold of.
pub struct Reset {
    app: Arc<App>,
    world: Arc<World>,
    work: Arc<Work>,
    seed: Option<PathBuf>,
    one_at_a_time: Mutex<()>,
}

/// What a reset did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// So many nodes were removed.
    pub nodes: usize,
    /// So many tasks were deleted.
    pub tasks: usize,
    /// So many instances of the seed are there.
    pub seeded: usize,
}

/// Why a reset did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// Another reset is at work.
    #[error("a reset is at work already; wait for it")]
    Busy,
    /// Other nodes work on this state.
    #[error(
        "the state is shared with other nodes, which would not notice; reset a server that has its state for itself"
    )]
    Shared,
    /// The levers are off.
    #[error("the levers are off; start the server with --test-levers")]
    Off,
    /// Nothing has been touched.
    #[error(transparent)]
    Seed(#[from] BadSeed),
    /// All is as it was, but for nodes that were removed and are repaired now.
    #[error("the node {0} could not be removed: {1}; ask again")]
    Node(NodeRef, String),
    /// As before.
    #[error("the nodes could not be removed: {0}; ask again")]
    Nodes(String),
    /// The database's answer.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// Everything is gone, and the seed is there in part.
    #[error(transparent)]
    Planting(#[from] NotPlanted),
}

/// The last of all generations: no task will ever want these nodes again.
const GENERATION: u64 = u64::MAX;
/// A node that resists is removed again after each of these.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

impl Reset {
    /// A reset of this server to this seed file, if it has one.
    #[must_use]
    pub fn new(app: &Arc<App>, world: &Arc<World>, work: &Arc<Work>, seed: Option<PathBuf>) -> Self {
        let (app, world, work) = (Arc::clone(app), Arc::clone(world), Arc::clone(work));
        Self { app, world, work, seed, one_at_a_time: Mutex::new(()) }
    }

    /// Makes what the seed file says and is not there yet.
    ///
    /// # Errors
    /// A bad file, or an instance that cannot be made.
    pub async fn plant(&self) -> Result<usize, ResetError> {
        let levers = self.app.levers.as_ref().ok_or(ResetError::Off)?;
        let Some(seed) = self.read_seed()? else { return Ok(0) };
        levers.plant(&self.app, &seed).await?;
        Ok(seed.instances.len())
    }

    fn read_seed(&self) -> Result<Option<Seed>, BadSeed> {
        self.seed.as_deref().map(|path| Seed::read(path, &self.app)).transpose()
    }

    /// Back to the seed. The file is read anew.
    ///
    /// # Errors
    /// [`ResetError`].
    pub async fn reset(&self) -> Result<Done, ResetError> {
        let _one = self.one_at_a_time.try_lock().map_err(|_| ResetError::Busy)?;
        let levers = self.app.levers.as_ref().ok_or(ResetError::Off)?;
        if !self.app.engine.is_exclusive() {
            return Err(ResetError::Shared);
        }
        self.read_seed()?;
        tracing::warn!("planned: a reset destroys every instance");
        levers.closing.store(true, Ordering::SeqCst);
        let door = levers.door.write().await;
        levers.closing.store(false, Ordering::SeqCst);
        self.work.stop(Duration::ZERO).await;
        let emptied = self.empty().await;
        self.work.start().await;
        let (nodes, tasks) = emptied?;
        let seeded = self.plant().await?;
        drop(door);
        tracing::warn!(nodes, tasks, seeded, "planned: all is as seeded");
        Ok(Done { nodes, tasks, seeded })
    }

    /// No node and no row is left; answers how many nodes and tasks there were.
    async fn empty(&self) -> Result<(usize, usize), ResetError> {
        let nodes = remove_all(&self.world).await?;
        let engine = self.app.engine.clone();
        let delete = move |tx: &Tx<'_>| {
            let tasks = engine.delete_all(tx)?;
            lever_seed::empty(tx)?;
            Ok::<_, db::Error>(tasks)
        };
        let tasks = self.app.db.write(delete).await?;
        self.app.instance_names.forget();
        self.world.ports.clear();
        self.app.clock.set_leapt(0);
        Ok((nodes, tasks))
    }
}

/// Removes every node until none is found. What a step had begun when it was stopped may show only after a moment.
async fn remove_all(world: &World) -> Result<usize, ResetError> {
    let mut removed = 0;
    let mut found_none = 0;
    let mut resisting = None;
    for _ in 0..TRIES {
        let nodes = world.plane.list().await.map_err(|error| ResetError::Nodes(error.to_string()))?;
        found_none = if nodes.is_empty() { found_none + 1 } else { 0 };
        if found_none == 2 {
            return Ok(removed);
        }
        let removals = nodes.iter().map(|node| async move { (node, world.plane.absent(node, GENERATION).await) });
        for (node, done) in join_all(removals).await {
            match done {
                Ok(()) => removed += 1,
                Err(error) => resisting = Some((node.clone(), error.to_string())),
            }
        }
        sleep(PAUSE).await;
    }
    let (node, error) = resisting.unwrap_or_else(|| (NodeRef::new("", ""), "it comes back".to_owned()));
    Err(ResetError::Node(node, error))
}

#[cfg(test)]
mod tests {
    use dataplane::fake::{Call, Strike};
    use dataplane::{DataPlane, Error};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::config::Config;
    use crate::levers::Levers;
    use crate::tasks::testing::Bench;
    use crate::{tasks, testing};

    async fn ready(levers: bool) -> (Bench, Arc<Work>, Reset) {
        let bench = Bench::with_running().await;
        let mut app = testing::app(Config::load(None, |_| None).unwrap(), &bench.world);
        let kinds = tasks::kinds(&bench.world);
        app.levers = levers.then(|| Levers::new(bench.db.clone(), bench.clock.clone(), &kinds));
        let app = Arc::new(app);
        let work = Arc::new(Work::new(&app, &bench.world, &CancellationToken::new()));
        let reset = Reset::new(&app, &bench.world, &work, None);
        (bench, work, reset)
    }

    #[tokio::test]
    async fn a_node_that_resists_is_named_and_the_reset_can_be_asked_for_again() {
        let (bench, work, reset) = ready(true).await;
        bench.hold().await;
        let fault = Error::Unresponsive { node: bench.nodes()[0].clone(), after: Duration::ZERO };
        bench.plane.fail(Call::Absent, Strike::Before, usize::MAX, fault);
        let told = reset.reset().await.unwrap_err().to_string();
        assert!(told.contains("could not be removed") && told.contains("ask again"), "{told}");
        assert_eq!(bench.node_rows().len(), 2, "nothing is forgotten as long as something is there");
        bench.plane.heal();
        let done = reset.reset().await.unwrap();
        assert_eq!((done.nodes, done.tasks, done.seeded), (2, 1, 0));
        assert!(bench.plane.list().await.unwrap().is_empty() && bench.places().is_empty());
        work.stop(Duration::ZERO).await;
    }

    #[tokio::test]
    async fn one_reset_at_a_time_and_none_without_levers() {
        let (_bench, work, reset) = ready(true).await;
        let (first, second) = tokio::join!(reset.reset(), reset.reset());
        assert!(first.is_ok() && matches!(second, Err(ResetError::Busy)), "{first:?} {second:?}");
        work.stop(Duration::ZERO).await;
        let (bench, _, reset) = ready(false).await;
        assert!(matches!(reset.reset().await, Err(ResetError::Off)));
        assert_eq!(bench.plane.list().await.unwrap().len(), 2);
    }
}
