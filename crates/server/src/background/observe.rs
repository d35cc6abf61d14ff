//! Looks at every node of every instance that no task holds, writes down what it sees, and repairs what is not as it
//! should be: a running instance's nodes run in their roles, an isolated one's do not run. After a task that failed, all of
//! it is made so once more: not all can be seen, and a person may have given the task up half-way.
//!
//! A task may begin at any moment. So a repair acts under the generation of the instance's last task: once a task has
//! touched a node, the node refuses it.

use std::sync::Arc;

use dataplane::{NodeSpec, Observed};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};

use crate::app::App;
use crate::model::instance::{DOUBTFUL, Instance, Node, Seen, State};
use crate::store;
use crate::tasks::nodes;
use crate::tasks::trouble::Trouble;
use crate::tasks::world::{self, World};

/// So many instances are looked at at the same time.
const AT_ONCE: usize = 8;

/// Memory that changed by less is not written down: it always does, and an idle server should not write.
const MEMORY_STEP: u64 = 256 << 10;

/// One round over all instances that no task holds.
pub async fn round(app: Arc<App>, world: Arc<World>) {
    let ids = match app.db.survey(|tx| store::instance_change::settled(tx, &world.host)) {
        Ok(ids) => ids,
        Err(error) => return tracing::error!(%error, "cannot list the instances to observe"),
    };
    stream::iter(ids).for_each_concurrent(AT_ONCE, |id| look_after(&app, &world, id)).await;
}

async fn look_after(app: &App, world: &World, id: String) {
    let (instance, nodes) = match world.load(&id) {
        Ok(loaded) => loaded,
        Err(trouble) => {
            return tracing::error!(id, detail = trouble.detail(), "cannot read an instance to observe");
        }
    };
    let generation = u64::try_from(instance.generation).unwrap_or_default();
    let looks = join_all(nodes.iter().map(|node| look(app, world, &instance, node))).await;
    let doubtful = nodes.iter().any(is_doubtful);
    // Loaded after it was listed: it may have moved on in its life.
    let repaired = match instance.state {
        State::Running if doubtful || has_drifted(&instance, &nodes, &looks) => {
            nodes::ensure(world, &instance, &nodes, generation).await
        }
        State::Isolated if looks.iter().any(|look| look.as_ref().is_none_or(Observed::is_running)) => {
            nodes::stop(world, &instance, &nodes, generation).await
        }
        _ => return,
    };
    if doubtful && repaired.is_ok() {
        trust(app, &instance).await;
    }
    report(&instance, repaired);
}

fn is_doubtful(node: &Node) -> bool {
    node.seen.state == DOUBTFUL
}

async fn trust(app: &App, instance: &Instance) {
    let (id, generation) = (instance.id.clone(), instance.generation);
    if let Err(error) = app.db.write(move |tx| store::node::trust(tx, &id, generation)).await {
        tracing::error!(%error, "cannot write down that the nodes of an instance are as they should be");
    }
}

fn report(instance: &Instance, repaired: Result<(), Trouble>) {
    let (instance, state) = (&instance.id, instance.state.as_str());
    match repaired {
        Ok(()) => tracing::info!(instance, state, "made sure of: a node was, or may have been, not as it should be"),
        Err(trouble) => {
            tracing::warn!(instance, state, %trouble, "a repair did not work and will be tried again");
        }
    }
}

/// Looks at a node and writes down what it sees; `None` when it does not answer.
async fn look(app: &App, world: &World, instance: &Instance, node: &Node) -> Option<Observed> {
    match nodes::observe(world, instance, node).await {
        Ok(observed) => {
            // A doubt stays until it is dispelled, not until the node was looked at.
            if !is_doubtful(node) {
                note(app, &instance.id, node, nodes::seen(&observed, app.clock.now_ms())).await;
            }
            Some(observed)
        }
        Err(trouble) => {
            tracing::warn!(instance = instance.id, node = node.name, %trouble, "a node does not answer");
            None
        }
    }
}

/// A node that does not answer is left alone: it may be loading, and a second start would not help it.
fn has_drifted(instance: &Instance, nodes: &[Node], looks: &[Option<Observed>]) -> bool {
    let differs = |node: &Node, observed: &Observed| {
        let spec = world::spec(instance, nodes, node, 0);
        spec.is_ok_and(|spec| !observed.is_running() || is_other(&spec, observed))
    };
    nodes.iter().zip(looks).any(|(node, look)| look.as_ref().is_some_and(|observed| differs(node, observed)))
}

fn is_other(spec: &NodeSpec, observed: &Observed) -> bool {
    observed.role != Some(spec.role) || observed.port != Some(spec.port) || observed.max_memory != spec.max_memory
}

/// Writes only what changed.
async fn note(app: &App, instance_id: &str, node: &Node, seen: Seen) {
    let before = &node.seen;
    let moved = seen.memory.abs_diff(before.memory) >= MEMORY_STEP;
    if !moved && (Seen { at: before.at, memory: before.memory, ..seen.clone() }) == *before {
        return;
    }
    let (instance_id, name) = (instance_id.to_owned(), node.name.clone());
    let written = app.db.write(move |tx| store::node::set_seen(tx, &instance_id, &name, &seen)).await;
    if let Err(error) = written {
        tracing::error!(%error, "cannot write down what was seen of a node");
    }
}

#[cfg(test)]
mod tests {
    use dataplane::fake::{Call, Strike};
    use dataplane::{DataPlane, Role};
    use engine::Status;

    use super::*;
    use crate::model::{password, task_type};
    use crate::tasks::reset_password;
    use crate::tasks::testing::{Bench, GENERATION, PASSWORD};

    async fn round_of(bench: &Bench) {
        round(bench.app(), Arc::clone(&bench.world)).await;
    }

    #[tokio::test]
    async fn a_dead_master_and_a_dead_replica_come_back() {
        let bench = Bench::with_running().await;
        for node in bench.nodes() {
            bench.plane.kill(&node);
            round_of(&bench).await;
            assert!(bench.plane.observe(&node).await.unwrap().is_running(), "{node}");
        }
        assert_eq!(bench.node_rows()[1].seen.state, "stopped", "what was seen is written down");
        round_of(&bench).await;
        assert_eq!(bench.node_rows()[1].seen.state, "running");
        let ensured = |bench: &Bench| bench.plane.calls().iter().filter(|(call, _)| *call == Call::Ensure).count();
        let before = ensured(&bench);
        round_of(&bench).await;
        assert_eq!(ensured(&bench), before, "what is right is left alone");
    }

    #[tokio::test]
    async fn a_node_in_the_wrong_role_is_put_right() {
        let bench = Bench::with_running().await;
        let replica = &bench.nodes()[1];
        let mut spec = bench.plane.spec(replica).unwrap();
        spec.role = Role::Master;
        bench.plane.ensure(&spec).await.unwrap();
        round_of(&bench).await;
        assert!(bench.plane.observe(replica).await.unwrap().master_link_up);
    }

    #[tokio::test]
    async fn an_abandoned_change_of_the_password_leaves_the_old_one_on_the_nodes() {
        let bench = Bench::with_running().await;
        let new = password::access("N3w-password");
        let node = bench.nodes()[0].clone();
        let error = dataplane::Error::Control { node, command: "ACL SETUSER", reason: "busy".to_owned() };
        bench.plane.fail(Call::Ensure, Strike::After, usize::MAX, error);
        let task = bench.work(task_type::SET_PASSWORD.kind, reset_password::params(&new)).await;
        assert_eq!(task.status, Status::Error);
        let engine = bench.app.engine.clone();
        let by = engine::Operator { name: "me".to_owned(), reason: "it is stuck".to_owned() };
        assert!(bench.db.write(move |tx| engine.abandon(tx, task.id, &by)).await.unwrap());
        round_of(&bench).await;
        assert!(bench.node_rows().iter().all(is_doubtful), "a repair that did not work is tried again");
        bench.plane.heal();
        round_of(&bench).await;
        bench.after(Status::Failed).await.assert_serves(&password::access(PASSWORD));
        assert!(!bench.node_rows().iter().any(is_doubtful));
    }

    #[tokio::test]
    async fn an_isolated_instance_runs_nothing() {
        let bench = Bench::with_isolated().await;
        let specs: Vec<_> = bench.nodes().iter().map(|node| bench.plane.spec(node).unwrap()).collect();
        for spec in &specs {
            bench.plane.ensure(spec).await.unwrap();
        }
        round_of(&bench).await;
        assert!(!bench.any_running().await);
    }

    #[tokio::test]
    async fn a_task_is_not_disturbed() {
        let bench = Bench::with_running().await;
        let (instance, nodes) = bench.world.load(bench.id()).unwrap();
        // A task has begun after the instance was loaded, and has stopped its nodes.
        nodes::stop(&bench.world, &instance, &nodes, GENERATION + 1).await.unwrap();
        let looks = join_all(nodes.iter().map(|node| look(&bench.app, &bench.world, &instance, node))).await;
        assert!(has_drifted(&instance, &nodes, &looks));
        look_after(&bench.app, &bench.world, instance.id.clone()).await;
        assert!(!bench.any_running().await, "a repair under an old generation is refused");
        bench.hold().await;
        let before = bench.plane.calls().len();
        round_of(&bench).await;
        assert_eq!(bench.plane.calls().len(), before, "an instance that a task holds is not even looked at");
    }
}
