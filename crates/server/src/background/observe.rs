//! Looks at every node of every running instance, writes down what it sees, and repairs what is not as it should be.

use std::sync::Arc;

use crate::app::App;
use crate::model::instance::{Instance, Node, Seen};
use crate::store;
use crate::tasks::nodes;
use crate::tasks::world::World;

/// One round over all instances that no task holds.
pub async fn round(app: Arc<App>, world: Arc<World>) {
    let ids = match app.db.read(store::instance::settled) {
        Ok(ids) => ids,
        Err(error) => return tracing::error!(%error, "cannot list the instances to observe"),
    };
    for id in ids {
        match world.load(&id) {
            Ok((instance, nodes)) => instance_round(&app, &world, &instance, &nodes).await,
            Err(failure) => tracing::error!(id, detail = failure.detail, "cannot read an instance to observe"),
        }
    }
}

async fn instance_round(app: &App, world: &World, instance: &Instance, nodes: &[Node]) {
    let mut broken = false;
    for node in nodes {
        match nodes::observe(world, instance, node).await {
            Ok(observed) => {
                broken |= !observed.is_running();
                note(app, &instance.id, node, nodes::seen(&observed, app.clock.now_ms())).await;
            }
            Err(trouble) => {
                tracing::warn!(instance = instance.id, node = node.name, %trouble, "a node does not answer")
            }
        }
    }
    if broken {
        repair(world, instance, nodes).await;
    }
}

/// Under the generation of the last task, so that a task that began meanwhile wins.
async fn repair(world: &World, instance: &Instance, nodes: &[Node]) {
    let generation = u64::try_from(instance.generation).unwrap_or_default();
    match nodes::ensure(world, instance, nodes, generation).await {
        Ok(()) => tracing::info!(instance = instance.id, "repaired: a node was not running"),
        Err(trouble) => {
            tracing::warn!(instance = instance.id, %trouble, "a repair did not work and will be tried again")
        }
    }
}

/// Writes only what changed: an idle server does not write.
async fn note(app: &App, instance_id: &str, node: &Node, seen: Seen) {
    if (Seen { at: node.seen.at, ..seen.clone() }) == node.seen {
        return;
    }
    let (instance_id, name) = (instance_id.to_owned(), node.name.clone());
    let written = app.db.write(move |tx| store::node::set_seen(tx, &instance_id, &name, &seen)).await;
    if let Err(error) = written {
        tracing::error!(%error, "cannot write down what was seen of a node");
    }
}
