//! CreateInstances: one task for each instance. Ports, processes, replication; undone, nothing of it is left.
//!
//! A port that a stranger takes between its reservation and the start makes the creation fail: the customer was not told
//! the endpoint yet and asks again, which takes another port.

use std::sync::Arc;

use async_trait::async_trait;
use db::Tx;
use engine::{Failure, Kind, Outcome, Step, StepContext, Undone};
use serde_json::Value;

use super::ports;
use super::steps::{self, FollowMaster, Make, MakeNodes};
use super::world::World;
use crate::model::instance::{Instance, Node, Place, State};
use crate::model::task_type;
use crate::store;

/// The kind: reserve the ports, start the nodes, wait until the replicas follow.
#[must_use]
pub fn kind(world: &Arc<World>) -> Kind {
    let start =
        MakeNodes { name: "start_nodes", world: Arc::clone(world), run: Make::Running, undo: Some(Make::Absent) };
    let steps: Vec<Box<dyn Step>> =
        vec![Box::new(ReservePorts(Arc::clone(world))), Box::new(start), Box::new(FollowMaster(Arc::clone(world)))];
    steps::kind(world, &task_type::CREATE, steps, Some(State::Running), Some(State::Failed))
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
        ports::release(&self.0, tx, &cx.task.subject)
    }
}

impl ReservePorts {
    /// The places of all nodes, the first master's first. A try that was cut short before it was recorded leaves nothing.
    async fn reserve(&self, id: &str) -> Result<Vec<(String, Place)>, Failure> {
        let (instance, nodes) = self.0.load(id)?;
        let recorded: Vec<_> = nodes.iter().filter_map(|node| node.place.clone()).collect();
        self.0.ports.keep_only(id, &recorded);
        let mut places = Vec::with_capacity(nodes.len());
        for node in &nodes {
            let place = self.place(&instance, node, &places).await;
            places.push((node.name.clone(), place.ok_or_else(exhausted)?));
        }
        Ok(places)
    }

    /// What the node has, else the endpoint for the first and any port beside it for the others.
    async fn place(&self, instance: &Instance, node: &Node, taken: &[(String, Place)]) -> Option<Place> {
        let World { ports, plane, .. } = &*self.0;
        match (&node.place, taken.first()) {
            (Some(place), _) => Some(place.clone()),
            (None, None) => ports.take_endpoint(plane.as_ref(), &instance.id, instance.vport).await,
            (None, Some((_, (address, _)))) => {
                ports.take_any(plane.as_ref(), &instance.id, address.parse().ok()?).await
            }
        }
    }
}

fn exhausted() -> Failure {
    Failure::new("no port is left for another node", "all of ports.first to ports.last are taken")
}

#[cfg(test)]
mod tests {
    use dataplane::fake::{Call, Strike};
    use engine::Status;

    use super::*;
    use crate::model::password;
    use crate::tasks::testing::{After, Bench, Case, GENERATION, PASSWORD, harness};

    async fn case() -> Case {
        Case { bench: Bench::with_new().await, kind, params: Value::Null, check }
    }

    fn check(after: &After) {
        match after.status {
            Status::Succeed => {
                after.assert_serves(&password::access(PASSWORD));
                assert_eq!((after.instance.state, after.instance.port), (State::Running, 6379), "{}", after.case);
            }
            _ => {
                after.assert_nothing_left();
                assert_eq!(after.instance.state, State::Failed, "{}", after.case);
            }
        }
    }

    #[tokio::test]
    async fn a_creation_is_whole_or_gone() {
        harness(case).await;
    }

    #[tokio::test]
    async fn a_taken_port_is_passed_over() {
        let bench = Bench::with_new().await;
        bench.plane.occupy([127, 0, 0, 1].into(), 6379);
        let step = ReservePorts(Arc::clone(&bench.world));
        let places = step.reserve(bench.id()).await.unwrap();
        assert_eq!(places.iter().map(|(_, place)| place.1).collect::<Vec<_>>(), [20_000, 20_001]);
        assert_eq!(step.reserve(bench.id()).await.unwrap(), places, "a try that was not recorded leaves nothing");
    }

    #[tokio::test]
    async fn a_node_that_will_not_start_is_told_in_words_and_nothing_is_left() {
        let bench = Bench::with_new().await;
        let node = bench.nodes()[0].clone();
        let error = dataplane::Error::Start { node, reason: "Can't open the log file".to_owned() };
        bench.plane.fail(Call::Ensure, Strike::After, 1, error);
        let task = bench.work(task_type::CREATE.kind, Value::Null).await;
        assert_eq!(task.status, Status::Failed);
        assert_eq!(
            task.message,
            "the node s1n0 could not be started: its server did not come up: Can't open the log file"
        );
        check(&bench.after(task.status).await);
    }

    #[tokio::test]
    async fn a_node_that_cannot_be_removed_ends_in_error_with_both_causes() {
        let bench = Bench::with_new().await;
        let node = bench.nodes()[1].clone();
        let stuck = dataplane::Error::Unresponsive { node: node.clone(), after: std::time::Duration::from_secs(10) };
        bench.plane.fail(
            Call::Ensure,
            Strike::After,
            1,
            dataplane::Error::PortInUse { address: [127, 0, 0, 1].into(), port: 6379 },
        );
        bench.plane.fail(Call::Absent, Strike::Before, usize::MAX, stuck);
        let task = bench.work(task_type::CREATE.kind, Value::Null).await;
        assert_eq!(task.status, Status::Error);
        assert!(task.message.contains("port 6379 on 127.0.0.1 is in use"), "{}", task.message);
        assert!(task.message.contains("the node s1n1 could not be removed: it does not answer"), "{}", task.message);
        assert_eq!(bench.instance().state, State::Creating);
    }

    #[tokio::test]
    async fn a_replica_that_dies_after_its_start_is_started_again() {
        let bench = Bench::with_running().await;
        let (instance, nodes) = bench.world.load(bench.id()).unwrap();
        bench.plane.kill(&bench.nodes()[1]);
        crate::tasks::nodes::follow(&bench.world, &instance, &nodes, GENERATION).await.unwrap();
        bench.after(Status::Succeed).await.assert_serves(&password::access(PASSWORD));
    }
}
