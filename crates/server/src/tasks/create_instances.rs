//! CreateInstances: one task for each instance. Ports, processes, replication; undone, nothing of it is left.

use std::sync::Arc;

use async_trait::async_trait;
use db::Tx;
use engine::{Failure, Kind, Outcome, Status, Step, StepContext, Task, Undone};
use serde_json::Value;

use super::nodes;
use super::ports::Place;
use super::world::World;
use crate::model::instance::{Instance, Node, State};
use crate::model::task_type;
use crate::store;

/// The kind: reserve the ports, start the nodes, wait until the replicas follow.
#[must_use]
pub fn kind(world: &Arc<World>) -> Kind {
    let world = || Arc::clone(world);
    let deadline = world().deadline;
    Kind {
        name: task_type::CREATE.kind,
        steps: vec![Box::new(ReservePorts(world())), Box::new(StartNodes(world())), Box::new(FollowMaster(world()))],
        deadline,
        ended: Box::new(ended),
    }
}

fn ended(tx: &Tx<'_>, task: &Task, status: Status) -> Result<(), db::Error> {
    let now = task.ended_at.unwrap_or_default();
    match status {
        Status::Succeed => store::instance::set_state(tx, &task.subject, State::Running, now),
        Status::Failed => store::instance::set_state(tx, &task.subject, State::Failed, now),
        _ => Ok(()),
    }
}

/// Gives each node an address and a port: the master what was asked for if it is free.
struct ReservePorts(Arc<World>);

#[async_trait]
impl Step for ReservePorts {
    fn name(&self) -> &'static str {
        "reserve_ports"
    }

    async fn run(&self, cx: &StepContext) -> Outcome {
        match self.reserve(&cx.task.subject).await {
            Ok(places) => Outcome::Done(serde_json::json!(places)),
            Err(failure) => Outcome::Fail(failure),
        }
    }

    fn record(&self, tx: &Tx<'_>, cx: &StepContext, out: &Value) -> Result<(), db::Error> {
        let places: Vec<(String, Place)> =
            serde_json::from_value(out.clone()).map_err(|error| db::Error::Database(error.to_string()))?;
        for (name, (address, port)) in &places {
            store::node::set_place(tx, &cx.task.subject, name, address, *port)?;
        }
        match places.first() {
            Some((_, (address, port))) => store::instance::set_endpoint(tx, &cx.task.subject, address, *port),
            None => Ok(()),
        }
    }

    async fn undo(&self, _cx: &StepContext) -> Undone {
        Undone::Done
    }

    fn forget(&self, tx: &Tx<'_>, cx: &StepContext) -> Result<(), db::Error> {
        release(&self.0, tx, &cx.task.subject)
    }
}

impl ReservePorts {
    /// The places of all nodes, the first master's first. After a crash those already recorded stay.
    async fn reserve(&self, id: &str) -> Result<Vec<(String, Place)>, Failure> {
        let (instance, nodes) = self.0.load(id)?;
        let mut places = Vec::with_capacity(nodes.len());
        for node in &nodes {
            let place = match &node.place {
                Some(place) => Some(place.clone()),
                None => self.take(&instance, node, &places).await,
            };
            match place {
                Some(place) => places.push((node.name.clone(), place)),
                None => return Err(self.exhausted(places)),
            }
        }
        Ok(places)
    }

    async fn take(&self, instance: &Instance, node: &Node, taken: &[(String, Place)]) -> Option<Place> {
        let World { ports, plane, .. } = &*self.0;
        match taken.first() {
            None => ports.take_endpoint(plane.as_ref(), instance.vport).await,
            Some((_, (address, _))) => {
                tracing::trace!(node = node.name, "takes a port beside its master's");
                ports.take_any(plane.as_ref(), address.parse().ok()?).await
            }
        }
    }

    fn exhausted(&self, places: Vec<(String, Place)>) -> Failure {
        self.0.ports.release(places.into_iter().map(|(_, place)| place));
        Failure::new("no port is left for another node", "all of ports.first to ports.last are taken")
    }
}

/// Gives the ports of an instance back once the transaction is durable.
pub(super) fn release(world: &Arc<World>, tx: &Tx<'_>, id: &str) -> Result<(), db::Error> {
    let places: Vec<Place> = store::node::of_instance(tx, id)?.into_iter().filter_map(|node| node.place).collect();
    store::node::release_places(tx, id)?;
    let world = Arc::clone(world);
    tx.after_commit(move || world.ports.release(places));
    Ok(())
}

/// Starts all nodes, masters first.
struct StartNodes(Arc<World>);

#[async_trait]
impl Step for StartNodes {
    fn name(&self) -> &'static str {
        "start_nodes"
    }

    async fn run(&self, cx: &StepContext) -> Outcome {
        let (instance, nodes) = match self.0.load(&cx.task.subject) {
            Ok(loaded) => loaded,
            Err(failure) => return Outcome::Fail(failure),
        };
        match nodes::ensure(&self.0, &instance, &nodes, cx.generation).await {
            Ok(()) => Outcome::Done(Value::Null),
            Err(trouble) => trouble.outcome(),
        }
    }

    fn record(&self, tx: &Tx<'_>, cx: &StepContext, _out: &Value) -> Result<(), db::Error> {
        store::instance::set_generation(tx, &cx.task.subject, nodes::stored_generation(cx))
    }

    async fn undo(&self, cx: &StepContext) -> Undone {
        let (instance, nodes) = match self.0.load(&cx.task.subject) {
            Ok(loaded) => loaded,
            Err(failure) => return Undone::Retry(std::time::Duration::from_secs(1), failure.message),
        };
        match nodes::absent(&self.0, &instance, &nodes, cx.generation).await {
            Ok(()) => Undone::Done,
            Err(trouble) => trouble.undone(),
        }
    }
}

/// Waits until the replicas follow, and notes what each node is.
struct FollowMaster(Arc<World>);

#[async_trait]
impl Step for FollowMaster {
    fn name(&self) -> &'static str {
        "follow_master"
    }

    async fn run(&self, cx: &StepContext) -> Outcome {
        match self.0.load(&cx.task.subject) {
            Ok((instance, nodes)) => nodes::wait_for_replicas(&self.0, &instance, &nodes).await,
            Err(failure) => Outcome::Fail(failure),
        }
    }
}
