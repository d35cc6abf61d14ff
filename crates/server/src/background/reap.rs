//! Removes what is left of instances that are gone: folders, processes and ports. Tasks leave nothing behind; people who
//! give up on a task do.
//!
//! Nodes of an instance that the store has never heard of are stopped, and their data is kept: whoever puts back an
//! older copy of the state would lose the younger instances' data otherwise.

use std::sync::Arc;

use dataplane::{NodeRef, REGARDLESS};
use db::Tx;

use crate::app::App;
use crate::store;
use crate::tasks::world::World;

/// One round over all nodes that there are.
pub async fn round(app: Arc<App>, world: Arc<World>) {
    // In this order: a node that is there belongs to an instance that is written down already.
    let nodes = match world.plane.list().await {
        Ok(nodes) => nodes,
        Err(error) => return tracing::error!(%error, "cannot list the nodes"),
    };
    let known = world.db.survey(|tx| {
        Ok::<_, db::Error>((
            store::instance_change::not_gone(tx)?,
            store::instance_change::gone_with_ports(tx, &world.host)?,
        ))
    });
    let (owners, gone) = match known {
        Ok(known) => known,
        Err(error) => return tracing::error!(%error, "cannot list the instances"),
    };
    let mut resisting = Vec::new();
    for node in nodes.into_iter().filter(|node| !owners.contains(&node.instance)) {
        match world.db.read(|tx| Owner::find(&app, tx, &node.instance)) {
            Ok(Owner::Held) => {}
            Ok(Owner::Gone) if remove(&world, &node).await => {}
            Ok(Owner::Gone) => resisting.push(node.instance),
            Ok(Owner::Unknown) => halt(&world, &node).await,
            Err(error) => tracing::error!(%node, %error, "cannot look up the instance of a node"),
        }
    }
    for id in gone.into_iter().filter(|id| !resisting.contains(id)) {
        release(&world, id).await;
    }
}

/// What is known of an instance that is not among those that should have nodes.
enum Owner {
    /// A task is at work on it.
    Held,
    Gone,
    Unknown,
}

impl Owner {
    fn find(app: &App, tx: &Tx<'_>, id: &str) -> Result<Self, db::Error> {
        Ok(match app.engine.live_task(tx, id)? {
            Some(_) => Self::Held,
            None if store::instance_change::is_known(tx, id)? => Self::Gone,
            None => Self::Unknown,
        })
    }
}

async fn remove(world: &World, node: &NodeRef) -> bool {
    match world.plane.absent(node, REGARDLESS).await {
        Ok(()) => {
            tracing::warn!(%node, "belonged to no instance, removed");
            true
        }
        Err(error) => {
            tracing::error!(%node, %error, "belongs to no instance and cannot be removed; will be tried again");
            false
        }
    }
}

/// Only what runs is worth a line in the log; a halted node is looked at in every round.
async fn halt(world: &World, node: &NodeRef) {
    let observed = world.plane.observe(node).await;
    if observed.is_ok_and(|observed| !observed.is_running()) {
        return;
    }
    match world.plane.stop(node, REGARDLESS).await {
        Ok(()) => {
            tracing::warn!(%node, "belongs to an instance that the state does not know; stopped, its data is kept")
        }
        Err(error) => {
            tracing::error!(%node, %error, "belongs to an unknown instance and cannot be stopped; will be tried again")
        }
    }
}

async fn release(world: &World, id: String) {
    let instance = id.clone();
    match world.db.write(move |tx| store::node::release_places(tx, &instance)).await {
        Ok(()) => tracing::warn!(instance = id, "is gone, its ports are free again"),
        Err(error) => tracing::error!(instance = id, %error, "the ports of an instance that is gone cannot be freed"),
    }
}

#[cfg(test)]
mod tests {
    use dataplane::fake::{Call, Strike};
    use dataplane::{DataPlane, Error, NodeRef, NodeState};

    use super::*;
    use crate::model::instance::State;
    use crate::tasks::testing::Bench;

    #[tokio::test]
    async fn nodes_of_nobody_are_stopped_with_their_data_and_those_of_instances_run() {
        let bench = Bench::with_running().await;
        let mut stranger = bench.plane.spec(&bench.nodes()[0]).unwrap();
        stranger.node = NodeRef::new("crs-unknown1", "s1n0");
        stranger.port = 7777;
        bench.plane.ensure(&stranger).await.unwrap();
        round(bench.app(), Arc::clone(&bench.world)).await;
        assert_eq!(bench.plane.observe(&stranger.node).await.unwrap().state, NodeState::Stopped);
        for node in bench.nodes() {
            assert!(bench.plane.observe(&node).await.unwrap().is_running());
        }
    }

    #[tokio::test]
    async fn an_abandoned_creation_loses_its_nodes_and_then_its_ports() {
        let bench = Bench::with_running().await;
        bench.set_state(State::Failed).await;
        let fault = Error::Unresponsive { node: bench.nodes()[0].clone(), after: std::time::Duration::ZERO };
        bench.plane.fail(Call::Absent, Strike::Before, 1, fault);
        round(bench.app(), Arc::clone(&bench.world)).await;
        assert_eq!(bench.places().len(), 2, "a node still runs there");
        round(bench.app(), Arc::clone(&bench.world)).await;
        assert!(bench.plane.list().await.unwrap().is_empty());
        assert!(bench.places().is_empty());
    }

    #[tokio::test]
    async fn what_a_task_holds_is_left_alone() {
        let bench = Bench::with_running().await;
        bench.hold().await;
        bench.set_state(State::Failed).await;
        round(bench.app(), Arc::clone(&bench.world)).await;
        assert_eq!(bench.plane.list().await.unwrap(), bench.nodes());
    }
}
