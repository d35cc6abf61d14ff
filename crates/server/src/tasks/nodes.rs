//! What several kinds of task do to all nodes of an instance.

use std::future::Future;
use std::time::Duration;

use dataplane::{Error, NodeRef, Observed, Role};
use futures_util::future::join_all;

use super::trouble::Trouble;
use super::world::{self, World};
use crate::model::instance::{Instance, Node, Seen};

/// How long a step keeps asking before it gives its worker back.
const PATIENCE: Duration = Duration::from_secs(2);
/// A pause between two looks within a step.
const LOOK: Duration = Duration::from_millis(5);

/// Makes all nodes run as the instance says; masters first, then all replicas at once. Replicas are not tried when a
/// master does not run; whatever was begun has ended when this returns.
///
/// # Errors
/// Of the first node that does not.
pub async fn ensure(world: &World, instance: &Instance, nodes: &[Node], generation: u64) -> Result<(), Trouble> {
    let specs = world::specs(instance, nodes, generation)?;
    let (masters, replicas): (Vec<_>, Vec<_>) = specs.iter().partition(|spec| spec.role == Role::Master);
    for group in [masters, replicas] {
        let ensured = join_all(group.into_iter().map(|spec| async {
            let ensured = world.plane.ensure(spec).await;
            ensured.map(drop).map_err(|error| Trouble::of(&spec.node, not_ensured(&error), &error))
        }));
        ensured.await.into_iter().collect::<Result<(), _>>()?;
    }
    Ok(())
}

/// A node that runs already is not started.
fn not_ensured(error: &Error) -> &'static str {
    match error {
        Error::Start { .. } | Error::PortInUse { .. } => "could not be started",
        _ => "could not be set up",
    }
}

/// No process is left; the data stays.
///
/// # Errors
/// Of the first node that would not stop.
pub async fn stop(world: &World, instance: &Instance, nodes: &[Node], generation: u64) -> Result<(), Trouble> {
    let stop = |node| async move { world.plane.stop(&node, generation).await };
    each(instance, nodes, "could not be stopped", stop).await
}

/// No process and no folder is left. Replicas first: as long as one of them resists, the masters keep the data.
///
/// # Errors
/// Of the first node that would not go.
pub async fn absent(world: &World, instance: &Instance, nodes: &[Node], generation: u64) -> Result<(), Trouble> {
    let (masters, replicas): (Vec<_>, Vec<_>) = nodes.iter().partition(|node| is_master(node));
    let remove = |node| async move { world.plane.absent(&node, generation).await };
    each(instance, replicas, "could not be removed", remove).await?;
    each(instance, masters, "could not be removed", remove).await
}

/// Whether a node is its shard's master.
#[must_use]
pub fn is_master(node: &Node) -> bool {
    node.ordinal == 0
}

async fn each<'n, F>(
    instance: &Instance,
    nodes: impl IntoIterator<Item = &'n Node>,
    what: &str,
    act: impl Fn(NodeRef) -> F,
) -> Result<(), Trouble>
where
    F: Future<Output = Result<(), Error>>,
{
    let acted = join_all(nodes.into_iter().map(|node| {
        let node = world::node_ref(instance, node);
        let acting = act(node.clone());
        async move { acting.await.map_err(|error| Trouble::of(&node, what, &error)) }
    }));
    acted.await.into_iter().collect()
}

/// Waits until every replica follows its master. A node that has died meanwhile is started again: nobody else would,
/// while a task holds the instance.
///
/// # Errors
/// When a replica does not follow yet, or a node does not answer.
pub async fn follow(world: &World, instance: &Instance, nodes: &[Node], generation: u64) -> Result<(), Trouble> {
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        let seen = observe_all(world, instance, nodes).await?;
        if seen.iter().any(|(_, observed)| !observed.is_running()) {
            ensure(world, instance, nodes, generation).await?;
        } else if seen.iter().all(|(node, observed)| is_master(node) || observed.master_link_up) {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
        waited += LOOK;
    }
    Err(Trouble::passing("a replica has not finished copying its master's data"))
}

/// Looks at all nodes at once.
///
/// # Errors
/// When one is there and does not answer.
pub async fn observe_all<'n>(
    world: &World,
    instance: &Instance,
    nodes: &'n [Node],
) -> Result<Vec<(&'n Node, Observed)>, Trouble> {
    let looks = nodes.iter().map(|node| async move { Ok((node, observe(world, instance, node).await?)) });
    join_all(looks).await.into_iter().collect()
}

/// Looks at one node.
///
/// # Errors
/// When it is there and does not answer.
pub async fn observe(world: &World, instance: &Instance, node: &Node) -> Result<Observed, Trouble> {
    let node = world::node_ref(instance, node);
    world.plane.observe(&node).await.map_err(|error| Trouble::of(&node, "could not be looked at", &error))
}

/// What the store keeps of a look, at `now`.
#[must_use]
pub fn seen(observed: &Observed, now: i64) -> Seen {
    let role = observed.role.map_or("", |role| if role == Role::Master { "master" } else { "replica" });
    Seen {
        state: format!("{:?}", observed.state).to_lowercase(),
        role: role.to_owned(),
        memory: i64::try_from(observed.used_memory).unwrap_or(i64::MAX),
        keys: i64::try_from(observed.keys).unwrap_or(i64::MAX),
        version: observed.version.as_ref().map_or_else(String::new, ToString::to_string),
        at: Some(now),
    }
}
