//! What several kinds of task do to all nodes of an instance.

use std::future::Future;
use std::time::Duration;

use dataplane::{Error, NodeRef, Observed, Role};
use engine::{Failure, Outcome, StepContext, Undone};
use futures_util::future::join_all;

use super::world::{self, World};
use crate::model::instance::{Instance, Node, Seen};

/// How long a step keeps asking before it gives its worker back.
const PATIENCE: Duration = Duration::from_secs(2);
/// A pause between two looks within a step.
const LOOK: Duration = Duration::from_millis(5);
/// When a step that gave its worker back asks again.
const AGAIN: Duration = Duration::from_millis(500);

/// Why a node is not as it should be, and whether waiting may help.
pub struct Trouble {
    failure: Failure,
    waiting_helps: bool,
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self { failure, waiting_helps: false }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.failure.message)
    }
}

impl Trouble {
    fn of(node: &NodeRef, what: &str, error: &Error) -> Self {
        let failure = Failure::new(format!("the node {} {what}: {error}", node.node), format!("{node}: {error:?}"));
        Self {
            failure,
            waiting_helps: matches!(
                error,
                Error::Loading { .. } | Error::Unresponsive { .. } | Error::ReplicasLag { .. }
            ),
        }
    }

    /// As the answer of a step.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        if self.waiting_helps { Outcome::Retry(AGAIN) } else { Outcome::Fail(self.failure) }
    }

    /// As the answer of an undo, which never gives up before its deadline.
    #[must_use]
    pub fn undone(self) -> Undone {
        tracing::warn!(detail = self.failure.detail, "an undo will be tried again");
        Undone::Retry(AGAIN, self.failure.message)
    }
}

/// Makes all nodes run as the instance says; masters first, then all replicas at once.
///
/// # Errors
/// Of the first node that does not.
pub async fn ensure(world: &World, instance: &Instance, nodes: &[Node], generation: u64) -> Result<(), Trouble> {
    let specs = world::specs(instance, nodes, generation)?;
    let (masters, replicas): (Vec<_>, Vec<_>) = specs.iter().partition(|spec| spec.role == Role::Master);
    for group in [masters, replicas] {
        let ensured = join_all(group.into_iter().map(|spec| async {
            let ensured = world.plane.ensure(spec).await;
            ensured.map(drop).map_err(|error| Trouble::of(&spec.node, "could not be started", &error))
        }));
        ensured.await.into_iter().collect::<Result<(), _>>()?;
    }
    Ok(())
}

/// No process is left; the data stays.
///
/// # Errors
/// Of the first node that would not stop.
pub async fn stop(world: &World, instance: &Instance, nodes: &[Node], generation: u64) -> Result<(), Trouble> {
    each(instance, nodes, "could not be stopped", |node| async move { world.plane.stop(&node, generation).await }).await
}

/// No process and no folder is left.
///
/// # Errors
/// Of the first node that would not go.
pub async fn absent(world: &World, instance: &Instance, nodes: &[Node], generation: u64) -> Result<(), Trouble> {
    each(instance, nodes, "could not be removed", |node| async move { world.plane.absent(&node, generation).await })
        .await
}

async fn each<F>(instance: &Instance, nodes: &[Node], what: &str, act: impl Fn(NodeRef) -> F) -> Result<(), Trouble>
where
    F: Future<Output = Result<(), Error>>,
{
    let acted = join_all(nodes.iter().map(|node| {
        let node = world::node_ref(instance, node);
        let acting = act(node.clone());
        async move { acting.await.map_err(|error| Trouble::of(&node, what, &error)) }
    }));
    acted.await.into_iter().collect()
}

/// Waits until every replica follows its master.
pub async fn wait_for_replicas(world: &World, instance: &Instance, nodes: &[Node]) -> Outcome {
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        match replicas_follow(world, instance, nodes).await {
            Ok(true) => return Outcome::Done(serde_json::Value::Null),
            Ok(false) => tokio::time::sleep(LOOK).await,
            Err(trouble) => return trouble.outcome(),
        }
        waited += LOOK;
    }
    Outcome::Retry(AGAIN)
}

async fn replicas_follow(world: &World, instance: &Instance, nodes: &[Node]) -> Result<bool, Trouble> {
    for node in nodes.iter().filter(|node| node.ordinal > 0) {
        if !observe(world, instance, node).await?.master_link_up {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Looks at one node.
///
/// # Errors
/// When it is there and does not answer.
pub async fn observe(world: &World, instance: &Instance, node: &Node) -> Result<Observed, Trouble> {
    let node = world::node_ref(instance, node);
    world.plane.observe(&node).await.map_err(|error| Trouble::of(&node, "does not answer", &error))
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

/// The generation of this run, as the store keeps it.
#[must_use]
pub fn stored_generation(cx: &StepContext) -> i64 {
    i64::try_from(cx.generation).unwrap_or(i64::MAX)
}
