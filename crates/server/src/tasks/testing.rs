//! One instance with its nodes in a fake data plane, in any state of its life: for the tests of tasks, of the background
//! and of changing actions. [`Case`] puts it before the engine's harness.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dataplane::fake::FakePlane;
use dataplane::{DataPlane, NodeRef, NodeSpec, Observed, Topology};
use db::{Db, Tx};
use engine::testing::Report;
use engine::{Clock, Engine, EnqueueError, Kind, NewTask, Origin, Status, StepContext, Task, TaskId};
use serde_json::Value;
use tempfile::TempDir;

use super::nodes;
use super::ports::Ports;
use super::world::World;
use crate::action::Action;
use crate::app::App;
use crate::config::Config;
use crate::error::Error;
use crate::model::instance::{Access, Instance, Node, Place, Seen, State};
use crate::model::{password, task_type};
use crate::testing::{self, HOST, ME, NOW};
use crate::{ids, store};

/// The password that opens the instance.
pub(crate) const PASSWORD: &str = "Passw0rd!";
/// The generation that its nodes and the store have seen.
pub(crate) const GENERATION: u64 = 1;
/// The keys that its nodes hold.
pub(crate) const KEYS: u64 = 100;

/// A server without a gateway, one instance, and the knobs of its world.
pub(crate) struct Bench {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) plane: Arc<FakePlane>,
    pub(crate) world: Arc<World>,
    pub(crate) app: Arc<App>,
    id: String,
    _folder: TempDir,
}

impl Bench {
    /// An instance whose creation is written down and nothing more.
    pub(crate) async fn with_new() -> Self {
        Self::make(|_| ()).await
    }

    /// A running instance: a master and a replica with [`KEYS`] keys.
    pub(crate) async fn with_running() -> Self {
        Self::with_new().await.run().await
    }

    /// The same, isolated now.
    pub(crate) async fn with_isolated() -> Self {
        Self::with_running().await.isolate().await
    }

    /// The same, paid for in this way.
    pub(crate) async fn isolated_and_paid(mode: i64) -> Self {
        Self::running(|instance| instance.billing_mode = mode).await.isolate().await
    }

    /// A running instance that was changed by `change` before its creation.
    pub(crate) async fn running(change: impl FnOnce(&mut Instance)) -> Self {
        Self::make(change).await.run().await
    }

    async fn make(change: impl FnOnce(&mut Instance)) -> Self {
        let clock = Clock::fixed_for_tests(NOW);
        let folder = testing::folder();
        let config = Config::load(None, |_| None).unwrap();
        let (db, plane) = (db::testing::open(folder.path(), store::MIGRATIONS).unwrap(), Arc::new(FakePlane::new()));
        let world = Arc::new(World {
            db: db.clone(),
            plane: plane.clone(),
            host: HOST.to_owned(),
            ports: Ports::new(config.network.addresses.clone(), (20_000, 20_100)),
            clock: clock.clone(),
            deadline: Duration::from_secs(60),
        });
        let app = Arc::new(testing::app(config, &world));
        let mut new = instance();
        change(&mut new);
        let id = new.id.clone();
        db.write(move |tx| add(tx, &new)).await.unwrap();
        Self { db, clock, plane, world, app, id, _folder: folder }
    }

    /// Goes through its creation.
    async fn run(self) -> Self {
        for (ordinal, row) in self.node_rows().iter().enumerate() {
            let (ports, plane, taken) = (&self.world.ports, self.plane.as_ref(), self.places());
            let place = match ordinal {
                0 => ports.endpoint(plane, &taken, &self.id, 6379).await,
                _ => ports.any(plane, &taken, &self.id, [127, 0, 0, 1].into()).await,
            };
            ports.settled(&self.id);
            let (id, name, (address, port)) = (self.id.clone(), row.name.clone(), place.unwrap());
            let write = move |tx: &Tx<'_>| store::node::set_place(tx, &id, &name, &address, port);
            self.db.write(write).await.unwrap();
        }
        let (instance, nodes) = self.world.load(&self.id).unwrap();
        nodes::ensure(&self.world, &instance, &nodes, GENERATION).await.unwrap();
        self.plane.set_keys(&self.nodes()[0], KEYS);
        self.set_state(State::Running).await;
        self
    }

    async fn isolate(self) -> Self {
        let (instance, nodes) = self.world.load(&self.id).unwrap();
        nodes::stop(&self.world, &instance, &nodes, GENERATION).await.unwrap();
        self.set_state(State::Isolated).await;
        self
    }

    /// Runs this on a runtime of its own, to its end.
    pub(super) fn block_on<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn app(&self) -> Arc<App> {
        Arc::clone(&self.app)
    }

    pub(crate) fn instance(&self) -> Instance {
        self.db.read(|tx| store::instance::get(tx, &self.id)).unwrap()
    }

    pub(crate) fn node_rows(&self) -> Vec<Node> {
        self.db.read(|tx| store::node::of_instance(tx, &self.id)).unwrap()
    }

    /// The places that the store has given out.
    pub(crate) fn places(&self) -> HashSet<Place> {
        self.world.taken_places().unwrap()
    }

    /// What the first step of a task that was claimed just now is told; nobody works on it.
    pub(crate) async fn claimed(&self, kind: &'static str) -> StepContext {
        let (engine, task) = (self.app.engine.clone(), self.task(kind, Value::Null));
        let claim = move |tx: &Tx<'_>| {
            let id = engine.enqueue(tx, task).map_err(|error| db_error(&error))?;
            testing::claim_all(tx)?;
            engine.get(tx, ME, id.0)
        };
        let task = self.db.write(claim).await.unwrap().unwrap();
        let (generation, deadline_ms) = (engine::generation(task.id, task.epoch), i64::MAX);
        StepContext { task, generation, attempt: 1, outputs: std::collections::BTreeMap::new(), deadline_ms }
    }

    /// The names of the nodes, the master's first.
    pub(crate) fn nodes(&self) -> Vec<NodeRef> {
        self.node_rows().iter().map(|node| NodeRef::new(self.id.clone(), node.name.clone())).collect()
    }

    pub(crate) async fn any_running(&self) -> bool {
        self.after(Status::Succeed).await.observed.iter().any(Observed::is_running)
    }

    pub(crate) async fn set_state(&self, state: State) {
        let (id, now) = (self.id.clone(), self.clock.now_ms());
        let write = move |tx: &Tx<'_>| {
            store::instance::set_generation(tx, &id, GENERATION.try_into().unwrap())?;
            store::instance::set_state(tx, &id, state, now)
        };
        self.db.write(write).await.unwrap();
    }

    /// Gives the instance a task that nobody works on.
    pub(crate) async fn hold(&self) -> TaskId {
        let (engine, task) = (self.app.engine.clone(), self.task(task_type::CLEAR.kind, Value::Null));
        self.db.write(move |tx| engine.enqueue(tx, task).map_err(|error| db_error(&error))).await.unwrap()
    }

    /// Calls a handler as the instance's owner in its region, after the shape check, as the gateway does.
    pub(crate) async fn call<A: Action>(&self, params: Value) -> Result<Value, Error> {
        testing::call::<A>(&self.app, &testing::context(), params).await
    }

    /// The code and the message with which a handler refuses.
    pub(crate) async fn refused<A: Action>(&self, params: Value) -> (&'static str, String) {
        let error = self.call::<A>(params).await.unwrap_err();
        (error.code, error.message.en.into_owned())
    }

    /// The kind and the parameters of the task that holds the instance.
    pub(crate) fn held(&self) -> Option<(String, Value)> {
        let (id, _) = self.db.read(|tx| self.app.engine.live_task(tx, &self.id)).unwrap()?;
        let task = self.db.read(|tx| self.app.engine.get(tx, ME, id.0)).unwrap().unwrap();
        Some((task.kind, task.params))
    }

    /// Has a task worked on until it ends, by an engine that is started for it. The clock runs on meanwhile, so that a
    /// step that waits for ever comes to its deadline.
    pub(crate) async fn work(&self, kind: &'static str, params: Value) -> Task {
        let (engine, task) = (self.app.engine.clone(), self.task(kind, params));
        let enqueue = move |tx: &Tx<'_>| engine.enqueue(tx, task).map_err(|error| db_error(&error));
        let id = self.db.write(enqueue).await.unwrap();
        let running = self.app.engine.start();
        let ended = loop {
            let task = self.db.read(|tx| self.app.engine.get(tx, ME, id.0)).unwrap().unwrap();
            if task.status.is_final() {
                break task;
            }
            self.clock.advance(Duration::from_millis(100));
            tokio::time::sleep(Duration::from_millis(1)).await;
            // Behind the writes that wait: a slow disk must not use up the deadline.
            self.db.write(|_| Ok::<_, db::Error>(())).await.unwrap();
        };
        running.stop(Duration::from_secs(10)).await;
        ended
    }

    pub(super) fn task(&self, kind: &'static str, params: Value) -> NewTask {
        NewTask {
            kind,
            tenant: ME.to_owned(),
            region: "ap-guangzhou".to_owned(),
            subject: self.id.clone(),
            // The harness's engines are of no host.
            host: String::new(),
            params,
            origin: Origin::default(),
        }
    }

    pub(crate) async fn after(&self, status: Status) -> After {
        let mut observed = Vec::new();
        for node in self.nodes() {
            observed.push(self.plane.observe(&node).await.unwrap());
        }
        After {
            case: String::new(),
            status,
            instance: self.instance(),
            nodes: self.node_rows(),
            listed: self.plane.list().await.unwrap().len(),
            generations: self.nodes().iter().map(|node| self.plane.generation(node)).collect(),
            specs: self.nodes().iter().filter_map(|node| self.plane.spec(node)).collect(),
            ports: self.places().into_iter().collect(),
            unsettled: self.world.ports.unsettled(),
            observed,
        }
    }
}

fn db_error(error: &EnqueueError) -> db::Error {
    db::Error::Database(error.to_string())
}

pub(super) fn add(tx: &Tx<'_>, new: &Instance) -> Result<(), db::Error> {
    store::account::add(tx, ME, 1_250_000_001, new.created_at)?;
    store::instance::add(tx, new)?;
    for place in Topology::standard(1).places() {
        let (name, shard, ordinal) = (place.to_string(), place.shard.into(), place.index.into());
        let node = Node { name, shard, ordinal, node_id: ids::node_id(), place: None, seen: Seen::default() };
        store::node::add(tx, &new.id, &node)?;
    }
    Ok(())
}

pub(super) fn instance() -> Instance {
    Instance {
        state: State::Creating,
        password: password::access(PASSWORD),
        secret: ids::node_secret().into(),
        address: String::new(),
        port: 6379,
        ..testing::instance(&ids::instance_id())
    }
}

/// All there is to see once a task has ended.
#[derive(Debug)]
pub(crate) struct After {
    pub(crate) case: String,
    pub(crate) status: Status,
    pub(crate) instance: Instance,
    pub(crate) nodes: Vec<Node>,
    /// How many nodes the data plane lists.
    pub(crate) listed: usize,
    /// What each node was last told to be.
    pub(crate) specs: Vec<NodeSpec>,
    /// The highest generation that each node has seen.
    pub(crate) generations: Vec<u64>,
    /// What each node is.
    pub(crate) observed: Vec<Observed>,
    /// The ports that are handed out.
    pub(crate) ports: Vec<Place>,
    /// How many ports are chosen for nobody.
    pub(crate) unsettled: usize,
}

impl After {
    /// Both nodes run, let customers in by this access, and the replica follows.
    pub(crate) fn assert_serves(&self, access: &Access) {
        let case = &self.case;
        assert!(self.observed.iter().all(Observed::is_running), "{case}: {:?}", self.observed);
        assert!(self.observed[1].master_link_up, "{case}: the replica follows");
        let Access::Sha256(hash) = access else { panic!("give a password") };
        let wanted = dataplane::Access::PasswordSha256(hash.clone());
        assert!(self.specs.iter().all(|spec| spec.access == wanted), "{case}: the nodes' access");
        assert_eq!(&self.instance.password, access, "{case}: the instance's access");
        self.assert_has_ports();
    }

    /// No node runs; the data and the ports are there.
    pub(crate) fn assert_rests(&self) {
        let case = &self.case;
        assert!(!self.observed.iter().any(Observed::is_running), "{case}: {:?}", self.observed);
        assert_eq!(self.listed, 2, "{case}: the folders are kept");
        self.assert_has_ports();
    }

    pub(crate) fn assert_has_ports(&self) {
        let mut ports = self.ports.clone();
        ports.sort();
        let stored: Vec<_> = self.nodes.iter().filter_map(|node| node.place.clone()).collect();
        assert_eq!(self.unsettled, 0, "{}: ports are chosen", self.case);
        let expected = [("127.0.0.1".to_owned(), 6379), ("127.0.0.1".to_owned(), 20_000)];
        assert_eq!((stored.as_slice(), ports.as_slice()), (&expected[..], &expected[..]), "{}: ports", self.case);
    }

    /// No process, no folder, no port.
    pub(crate) fn assert_nothing_left(&self) {
        assert_eq!(self.listed, 0, "{}: nodes are left", self.case);
        assert_eq!(self.unsettled, 0, "{}: ports are chosen", self.case);
        assert!(self.ports.is_empty(), "{}: ports are handed out: {:?}", self.case, self.ports);
        assert!(self.nodes.iter().all(|node| node.place.is_none()), "{}: ports are stored", self.case);
    }

    /// A repair under the stored generation would be accepted by every node.
    pub(crate) fn assert_repairable(&self) {
        let stored = u64::try_from(self.instance.generation).unwrap();
        assert!(self.generations.iter().all(|seen| *seen <= stored), "{}: {stored}", self.case);
    }
}

/// A kind of task on a bench, for the engine's harness.
pub(crate) struct Case {
    pub(crate) bench: Bench,
    pub(crate) kind: fn(&Arc<World>) -> Kind,
    pub(crate) params: Value,
    /// Asserts that all is as it should be after `succeed` and after `failed`.
    pub(crate) check: fn(&After),
}

#[async_trait]
impl engine::testing::World for Case {
    fn db(&self) -> Db {
        self.bench.db.clone()
    }

    fn kind(&self) -> Kind {
        (self.kind)(&self.bench.world)
    }

    fn clock(&self) -> Clock {
        self.bench.clock.clone()
    }

    fn enqueue(&self, engine: &Engine, tx: &Tx<'_>) -> Result<TaskId, EnqueueError> {
        engine.enqueue(tx, self.bench.task(self.kind().name, self.params.clone()))
    }

    async fn check(&self, report: &Report) {
        let mut after = self.bench.after(report.status).await;
        after.case.clone_from(&report.case);
        after.assert_repairable();
        match report.status {
            // An undo was made to give up: only the lock is certain.
            Status::Error => {
                let held = self.bench.db.read(|tx| self.bench.app.engine.live_task(tx, self.bench.id())).unwrap();
                assert!(held.is_some(), "{}: an instance in error stays locked", report.case);
            }
            _ => (self.check)(&after),
        }
    }
}

/// Every fault that the harness knows.
pub(crate) async fn harness(make: impl AsyncFn() -> Case) {
    engine::testing::fail_each_step(&make).await;
    engine::testing::fail_each_undo(&make).await;
    engine::testing::repeat_each_step(&make).await;
    engine::testing::crash_at_each_boundary(&make).await;
}
