//! CreateInstances: one task for each instance. Ports, processes, replication; undone, nothing of it is left.
//!
//! A port that a stranger takes between its reservation and the start makes the creation fail: the customer was not told
//! the endpoint yet and asks again, which takes another port.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use db::Tx;
use engine::{Failure, Kind, Outcome, Step, StepContext, Undone};
use serde_json::Value;

use super::ports::Ports;
use super::steps::{self, FollowMaster, Make, MakeNodes};
use super::trouble::Trouble;
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
        match self.reserve(cx).await {
            Ok(places) => Outcome::Done(serde_json::json!(places)),
            Err(trouble) => trouble.outcome(&self.0, cx),
        }
    }

    fn record(&self, tx: &Tx<'_>, cx: &StepContext, out: &Value) -> Result<(), db::Error> {
        let places: Places =
            serde_json::from_value(out.clone()).map_err(|error| db::Error::Database(error.to_string()))?;
        write_down(tx, &cx.task.subject, &places)?;
        match places.first() {
            Some((_, (address, port))) => store::instance::set_endpoint(tx, &cx.task.subject, address, *port),
            None => Ok(()),
        }
    }

    async fn undo(&self, _cx: &StepContext) -> Undone {
        Undone::Done
    }

    fn forget(&self, tx: &Tx<'_>, cx: &StepContext) -> Result<(), db::Error> {
        store::node::release_places(tx, &cx.task.subject)
    }
}

/// The places of nodes, by their names; the first master's first.
type Places = Vec<(String, Place)>;

/// So often other processes of the host may take what was chosen.
const TRIES: u32 = 50;

/// What is chosen for an instance and not written down yet; nothing of it is left when this goes.
struct Chosen<'p> {
    ports: &'p Ports,
    owner: &'p str,
}

impl Drop for Chosen<'_> {
    fn drop(&mut self) {
        self.ports.settled(self.owner);
    }
}

impl ReservePorts {
    /// Chooses a place for each node and writes it down at once, so that no other process of the host has it. A try that was
    /// cut short is gone on with.
    async fn reserve(&self, cx: &StepContext) -> Result<Places, Trouble> {
        let id = &cx.task.subject;
        for _ in 0..TRIES {
            // Also when this is dropped in the middle.
            let _chosen = Chosen { ports: &self.0.ports, owner: id };
            let places = self.choose(id).await?;
            if let Some(places) = self.write_down(cx, places).await? {
                return Ok(places);
            }
        }
        Err(Failure::new("the ports could not be reserved", format!("{TRIES} times others took what was chosen"))
            .into())
    }

    async fn choose(&self, id: &str) -> Result<Places, Trouble> {
        let (instance, nodes) = self.0.load(id)?;
        let taken = self.0.taken_places()?;
        let mut places = Vec::with_capacity(nodes.len());
        for node in &nodes {
            let place = self.place(&instance, node, &taken, &places).await;
            places.push((node.name.clone(), place.ok_or_else(exhausted)?));
        }
        Ok(places)
    }

    /// What the node has, else the endpoint for the first and any port beside it for the others.
    async fn place(&self, instance: &Instance, node: &Node, taken: &HashSet<Place>, before: &Places) -> Option<Place> {
        let (ports, plane) = (&self.0.ports, self.0.plane.as_ref());
        match (&node.place, before.first()) {
            (Some(place), _) => Some(place.clone()),
            (None, None) => ports.endpoint(plane, taken, &instance.id, instance.vport).await,
            (None, Some((_, (address, _)))) => ports.any(plane, taken, &instance.id, address.parse().ok()?).await,
        }
    }

    /// `None` when another node has got one of them meanwhile.
    async fn write_down(&self, cx: &StepContext, places: Places) -> Result<Option<Places>, Trouble> {
        let cx = cx.clone();
        let written = self.0.db.write(move |tx| {
            if !cx.is_current(tx)? {
                return Err(db::Error::Database("another worker has the task".to_owned()));
            }
            write_down(tx, &cx.task.subject, &places)?;
            Ok(places)
        });
        match written.await {
            Ok(places) => Ok(Some(places)),
            Err(db::Error::Conflict(_)) => Ok(None),
            Err(error) => Err(Trouble::of_store(&error)),
        }
    }
}

fn write_down(tx: &Tx<'_>, id: &str, places: &Places) -> Result<(), db::Error> {
    places.iter().try_for_each(|(name, (address, port))| store::node::set_place(tx, id, name, address, *port))
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

    /// As the first step of a task that nobody else works on.
    async fn reserve(bench: &Bench) -> Places {
        let step = ReservePorts(Arc::clone(&bench.world));
        let places = step.choose(bench.id()).await.unwrap();
        bench.world.ports.settled(bench.id());
        let (id, written) = (bench.id().to_owned(), places.clone());
        bench.db.write(move |tx| write_down(tx, &id, &written)).await.unwrap();
        places
    }

    #[tokio::test]
    async fn a_place_that_another_process_took_meanwhile_is_not_given_twice() {
        let bench = Bench::with_running().await;
        let step = ReservePorts(Arc::clone(&bench.world));
        let stolen = bench.node_rows()[1].place.clone().unwrap();
        let places = vec![(bench.node_rows()[0].name.clone(), stolen)];
        let context = bench.claimed(task_type::CREATE.kind).await;
        assert!(step.write_down(&context, places.clone()).await.unwrap().is_none());
        assert_eq!(bench.node_rows()[0].place.as_ref().unwrap().1, 6379, "nothing was written");
        let late = StepContext { task: engine::Task { epoch: 0, ..context.task.clone() }, ..context };
        step.write_down(&late, places).await.unwrap_err();
    }

    #[tokio::test]
    async fn a_taken_port_is_passed_over() {
        let bench = Bench::with_new().await;
        bench.plane.occupy([127, 0, 0, 1].into(), 6379);
        let places = reserve(&bench).await;
        assert_eq!(places.iter().map(|(_, place)| place.1).collect::<Vec<_>>(), [20_000, 20_001]);
        assert_eq!(reserve(&bench).await, places, "a try that was cut short is gone on with");
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
