//! ClearInstance: every key of every node is gone, and seen to be gone, before the task has succeeded.
//!
//! One step, since each costs a commit. There is no undo: keys do not come back. A purge that fails leaves the instance
//! serving, with or without its keys.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dataplane::NodeRef;
use engine::{Kind, Outcome, Step, StepContext};
use futures_util::future::join_all;

use super::nodes::{self, is_master};
use super::steps;
use super::trouble::Trouble;
use super::world::{self, World};
use crate::model::instance::{Instance, Node};
use crate::model::task_type;

/// How long the replicas of one master may take to follow before the step gives its worker back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Setting up a node that does not answer can take so long.
const REPAIR: Duration = Duration::from_secs(10);

/// Keys that are there right after a purge that all replicas acknowledged are new ones; so often that is looked into.
const TRIES: u32 = 3;

/// The kind.
#[must_use]
pub fn kind(world: &Arc<World>) -> Kind {
    steps::kind(world, &task_type::CLEAR, vec![Box::new(Purge(Arc::clone(world)))], None, None)
}

struct Purge(Arc<World>);

#[async_trait]
impl Step for Purge {
    fn name(&self) -> &'static str {
        "purge"
    }

    fn point_of_no_return(&self) -> Option<&'static str> {
        Some("deleted keys do not come back")
    }

    async fn run(&self, cx: &StepContext) -> Outcome {
        steps::answer(&self.0, cx, self.purge(cx).await)
    }
}

impl Purge {
    async fn purge(&self, cx: &StepContext) -> Result<(), Trouble> {
        let (instance, nodes) = self.0.load(&cx.task.subject)?;
        for _ in 0..TRIES {
            if let Err(trouble) = self.purge_masters(cx, &instance, &nodes).await {
                return Err(self.repaired(cx, &instance, &nodes, trouble).await);
            }
            if self.keys(&instance, &nodes).await? == 0 {
                return Ok(());
            }
        }
        tracing::info!(instance = instance.id, "purged; customers have written new keys since");
        Ok(())
    }

    /// All masters at once, each until its replicas have acknowledged.
    async fn purge_masters(&self, cx: &StepContext, instance: &Instance, nodes: &[Node]) -> Result<(), Trouble> {
        let patience = PATIENCE.min(self.left(cx) * 3 / 4);
        let purged = join_all(nodes.iter().filter(|node| is_master(node)).map(|master| async {
            let replicas = replicas(instance, nodes, master);
            let node = world::node_ref(instance, master);
            let purged = self.0.plane.purge(&node, cx.generation, &replicas, patience).await;
            purged.map(drop).map_err(|error| Trouble::of(&node, "could not be emptied", &error))
        }));
        purged.await.into_iter().collect()
    }

    /// The time until the deadline.
    fn left(&self, cx: &StepContext) -> Duration {
        let left = cx.deadline_ms.saturating_sub(self.0.clock.steady_ms());
        Duration::from_millis(u64::try_from(left).unwrap_or(0))
    }

    /// The most keys that any node has.
    async fn keys(&self, instance: &Instance, nodes: &[Node]) -> Result<u64, Trouble> {
        let seen = nodes::observe_all(&self.0, instance, nodes).await?;
        Ok(seen.into_iter().map(|(_, observed)| observed.keys).max().unwrap_or(0))
    }

    /// A node may have died, and while a task holds the instance nobody else starts it again. Answers what is left to
    /// complain about.
    async fn repaired(&self, cx: &StepContext, instance: &Instance, nodes: &[Node], trouble: Trouble) -> Trouble {
        // Short of the deadline the cause is told, rather than lost in another wait.
        if !trouble.waiting_helps || self.left(cx) < REPAIR {
            return trouble;
        }
        match nodes::ensure(&self.0, instance, nodes, cx.generation).await {
            Ok(()) => trouble,
            Err(worse) => worse,
        }
    }
}

fn replicas(instance: &Instance, nodes: &[Node], master: &Node) -> Vec<NodeRef> {
    let of_it = nodes.iter().filter(|node| node.shard == master.shard && !is_master(node));
    of_it.map(|node| world::node_ref(instance, node)).collect()
}

#[cfg(test)]
mod tests {
    use dataplane::fake::{Call, Strike};
    use engine::Status;
    use engine::testing::{Faults, run_with};
    use serde_json::Value;

    use super::*;
    use crate::model::instance::State;
    use crate::model::password;
    use crate::tasks::testing::{After, Bench, Case, PASSWORD, harness};

    async fn case() -> Case {
        Case { bench: Bench::with_running().await, kind, params: Value::Null, check }
    }

    /// Whichever way it ends, the instance serves; after `succeed` without a key.
    fn check(after: &After) {
        after.assert_serves(&password::access(PASSWORD));
        assert_eq!(after.instance.state, State::Running, "{}", after.case);
        if after.status == Status::Succeed {
            assert!(after.observed.iter().all(|observed| observed.keys == 0), "{}: {:?}", after.case, after.observed);
        }
    }

    #[tokio::test]
    async fn a_purge_ends_with_an_instance_that_serves() {
        harness(case).await;
    }

    #[tokio::test]
    async fn a_dead_node_is_started_and_the_purge_tried_again() {
        for dead in [0, 1] {
            let make = async || {
                let case = case().await;
                case.bench.plane.kill(&case.bench.nodes()[dead]);
                case
            };
            run_with(make, Faults::default()).await;
        }
    }

    #[tokio::test]
    async fn a_replica_that_lags_is_waited_for() {
        let make = async || {
            let case = case().await;
            let error =
                dataplane::Error::ReplicasLag { node: case.bench.nodes()[0].clone(), acknowledged: 0, wanted: 1 };
            case.bench.plane.fail(Call::Purge, Strike::After, 3, error);
            case
        };
        run_with(make, Faults::default()).await;
    }

    #[tokio::test]
    async fn a_master_that_does_not_answer_is_told_when_the_deadline_is_near() {
        let bench = Bench::with_running().await;
        let node = bench.nodes()[0].clone();
        let error = dataplane::Error::Unresponsive { node, after: Duration::from_secs(5) };
        bench.plane.fail(Call::Purge, Strike::Before, usize::MAX, error);
        let task = bench.work(task_type::CLEAR.kind, Value::Null).await;
        assert_eq!(task.status, Status::Failed);
        assert_eq!(task.message, "the node s1n0 could not be emptied: it does not answer");
        check(&bench.after(task.status).await);
    }
}
