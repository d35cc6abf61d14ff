//! Redis processes that are killed in the middle of a task: before each of its calls of the data plane.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use dataplane::{DataPlane, Engine as Server, Error, NodeRef, NodeSpec, Observed, Purged};
use engine::testing::{Faults, run_with};

use super::kinds;
use super::real::{Real, kill_all};
use crate::tasks::testing::Bench;

/// No task calls the data plane more often; one that waits for its replica looks again and again.
const MOST_CALLS: usize = 8;

/// Redis processes that die in the middle: before each call that the task makes of the data plane.
#[test]
fn redis_is_killed_in_the_middle() {
    let world = Bench::block_on(Bench::with_new()).world;
    for kind in kinds(&world).iter().map(|kind| kind.name) {
        let (ends, killed) = Bench::block_on(murders(kind));
        // A creation and a start-up find no process at their first calls, a clean-up at none.
        assert!(killed > 0 || kind == "CleanUpInstance", "{kind}: nobody was killed");
        println!("{kind}: redis killed before each of its calls: {ends:?}, {killed} of them had processes");
    }
}

/// How many tasks ended so, and in how many something was there to be killed.
async fn murders(kind: &'static str) -> (BTreeMap<&'static str, usize>, usize) {
    let (mut ends, mut killed) = (BTreeMap::new(), 0);
    for call in 1..=MOST_CALLS {
        let murder = Arc::new(OnceLock::new());
        let make = async || {
            let real = Real::new(kind, Some(call)).await;
            murder.set(Arc::clone(&real.murder)).ok();
            real
        };
        let report = run_with(make, Faults::default()).await;
        let murder = murder.get().unwrap();
        if !murder.struck.load(Ordering::SeqCst) {
            break;
        }
        killed += usize::from(murder.killed.load(Ordering::SeqCst) > 0);
        *ends.entry(report.status.as_str()).or_default() += 1;
    }
    (ends, killed)
}

/// Kills every redis process of the world right before the call of a number.
pub(super) struct Murder {
    inner: Arc<dyn DataPlane>,
    folder: PathBuf,
    /// So many calls are left; 0 when there is nothing to be done.
    left: AtomicUsize,
    struck: AtomicBool,
    killed: AtomicUsize,
}

impl Murder {
    /// Strikes before the call of this number, if any.
    pub(super) fn new(inner: Arc<dyn DataPlane>, folder: PathBuf, call: Option<usize>) -> Self {
        let (left, struck, killed) = (AtomicUsize::new(call.unwrap_or(0)), AtomicBool::new(false), AtomicUsize::new(0));
        Self { inner, folder, left, struck, killed }
    }

    /// Does not strike any more; answers whether somebody was killed.
    pub(super) fn is_done(&self) -> bool {
        self.left.store(0, Ordering::SeqCst);
        self.killed.load(Ordering::SeqCst) > 0
    }

    fn strike(&self) {
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left == Ok(1) {
            self.struck.store(true, Ordering::SeqCst);
            self.killed.store(kill_all(&self.folder), Ordering::SeqCst);
        }
    }
}

#[async_trait]
impl DataPlane for Murder {
    async fn ensure(&self, spec: &NodeSpec) -> Result<Observed, Error> {
        self.strike();
        self.inner.ensure(spec).await
    }

    async fn stop(&self, node: &NodeRef, generation: u64) -> Result<(), Error> {
        self.strike();
        self.inner.stop(node, generation).await
    }

    async fn absent(&self, node: &NodeRef, generation: u64) -> Result<(), Error> {
        self.strike();
        self.inner.absent(node, generation).await
    }

    async fn observe(&self, node: &NodeRef) -> Result<Observed, Error> {
        self.strike();
        self.inner.observe(node).await
    }

    async fn purge(
        &self,
        node: &NodeRef,
        generation: u64,
        replicas: &[NodeRef],
        timeout: Duration,
    ) -> Result<Purged, Error> {
        self.strike();
        self.inner.purge(node, generation, replicas, timeout).await
    }

    async fn port_is_free(&self, address: IpAddr, port: u16) -> bool {
        self.inner.port_is_free(address, port).await
    }

    fn engines(&self) -> &[Server] {
        self.inner.engines()
    }

    async fn list(&self) -> Result<Vec<NodeRef>, Error> {
        self.inner.list().await
    }
}
