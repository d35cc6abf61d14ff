//! The matrix again with real processes: for what creates, purges and removes nodes in every run, for all kinds with
//! `CINNABAR_MATRIX=full`.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use dataplane::{DataPlane, ProcessConfig, ProcessPlane};
use db::{Db, Tx};
use engine::testing::{Report, Tally, plain_matrix};
use engine::{Clock, Engine, EnqueueError, Kind, NewTask, Origin, Status, TaskId};
use serde_json::Value;
use tempfile::TempDir;

use super::murder::Murder;
use super::{Promise, kinds};
use crate::app::App;
use crate::background::{observe, reap};
use crate::config::Config;
use crate::model::instance::{Access, State};
use crate::model::password;
use crate::store;
use crate::tasks::ports::Ports;
use crate::tasks::testing::{Bench, PASSWORD, add, instance};
use crate::tasks::world::World;
use crate::tasks::{nodes, reset_password};
use crate::testing::{self, HOST, ME};

/// What [`reset_password`] changes to.
const NEW: &str = "N3w-password";
/// The kinds of every run.
const ALWAYS: [&str; 4] = ["CreateInstances", "ClearInstance", "DestroyInstance", "CleanUpInstance"];
const KEYS: usize = 3;

/// One instance of real processes on an address of its own.
pub(super) struct Real {
    kind: &'static str,
    world: Arc<World>,
    app: Arc<App>,
    id: String,
    before: Seen,
    pub(super) murder: Arc<Murder>,
    folder: TempDir,
}

/// What is promised about, as a customer sees it.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    state: State,
    access: Access,
    ports: usize,
    folders: usize,
    /// For each node that runs: whether it follows, its keys, and which of the two passwords opens it.
    running: Vec<(bool, u64, [bool; 2])>,
}

/// An address for each world, and so port 6379 for each.
fn own_address() -> IpAddr {
    static COUNT: AtomicU16 = AtomicU16::new(0);
    let [high, low] = COUNT.fetch_add(1, Ordering::SeqCst).to_be_bytes();
    let process = u8::try_from(std::process::id() % 60).unwrap();
    Ipv4Addr::new(127, 192 + process, high, low).into()
}

impl Real {
    /// An instance as the kind needs it. All processes are killed before the data plane is called for the `murder`-th time.
    pub(super) async fn new(kind: &'static str, murder: Option<usize>) -> Self {
        let folder = testing::folder();
        let root = folder.path().join("instances");
        let plane: Arc<dyn DataPlane> = Arc::new(ProcessPlane::open(ProcessConfig::new(&root)).await.unwrap());
        let (db, clock) = (db::testing::open(folder.path(), store::MIGRATIONS).unwrap(), Clock::system());
        let mut new = instance();
        new.engine = plane.engines()[0].path.display().to_string();
        let id = new.id.clone();
        db.write(move |tx| add(tx, &new)).await.unwrap();
        let world = Self::world(&db, &plane, &clock, own_address());
        if kind != "CreateInstances" {
            make(&world, &id).await;
        }
        if ["StartupInstance", "CleanUpInstance"].contains(&kind) {
            let (instance, rows) = world.load(&id).unwrap();
            nodes::stop(&world, &instance, &rows, 1).await.unwrap();
            set_state(&world, &id, State::Isolated).await;
        }
        let before = seen(&world, &id).await;
        let murder = Arc::new(Murder::new(plane, root, murder));
        let (host, ports) = (HOST.to_owned(), Ports::new(world.ports.addresses(), (20_000, 20_100)));
        let world = World { db, host, plane: murder.clone(), ports, clock, deadline: Duration::from_secs(60) };
        let world = Arc::new(world);
        let app = Arc::new(testing::app(Config::load(None, |_| None).unwrap(), &world));
        Self { kind, world, app, id, before, murder, folder }
    }

    fn world(db: &Db, plane: &Arc<dyn DataPlane>, clock: &Clock, address: IpAddr) -> Arc<World> {
        Arc::new(World {
            db: db.clone(),
            host: HOST.to_owned(),
            plane: Arc::clone(plane),
            ports: Ports::new(vec![address], (20_000, 20_100)),
            clock: clock.clone(),
            deadline: Duration::from_secs(60),
        })
    }
}

/// Goes through the creation of the instance and writes a few keys.
async fn make(world: &Arc<World>, id: &str) {
    let (_, rows) = world.load(id).unwrap();
    for row in rows {
        let (address, taken) = (world.ports.addresses()[0], world.taken_places().unwrap());
        let place = match row.ordinal {
            0 => world.ports.endpoint(world.plane.as_ref(), &taken, id, 6379).await,
            _ => world.ports.any(world.plane.as_ref(), &taken, id, address).await,
        };
        world.ports.settled(id);
        let (id, (address, port)) = (id.to_owned(), place.unwrap());
        let write = move |tx: &Tx<'_>| store::node::set_place(tx, &id, &row.name, &address, port);
        world.db.write(write).await.unwrap();
    }
    let (instance, rows) = world.load(id).unwrap();
    nodes::ensure(world, &instance, &rows, 1).await.unwrap();
    nodes::follow(world, &instance, &rows, 1).await.unwrap();
    let mut customer = connect(world.ports.addresses()[0], 6379, PASSWORD).await.unwrap();
    for key in 0..KEYS {
        redis::cmd("SET").arg(key).arg(key).query_async::<()>(&mut customer).await.unwrap();
    }
    redis::cmd("WAIT").arg(1).arg(1000).query_async::<()>(&mut customer).await.unwrap();
    set_state(world, id, State::Running).await;
}

async fn set_state(world: &World, id: &str, state: State) {
    let (id, now) = (id.to_owned(), world.clock.now_ms());
    let write = move |tx: &Tx<'_>| {
        store::instance::set_generation(tx, &id, 1)?;
        store::instance::set_state(tx, &id, state, now)
    };
    world.db.write(write).await.unwrap();
}

async fn connect(address: IpAddr, port: u16, password: &str) -> redis::RedisResult<redis::aio::MultiplexedConnection> {
    let client = redis::Client::open(format!("redis://:{password}@{address}:{port}/"))?;
    let patience = Some(Duration::from_secs(20));
    let config = redis::AsyncConnectionConfig::new().set_connection_timeout(patience).set_response_timeout(patience);
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
    redis::cmd("PING").query_async::<()>(&mut connection).await?;
    Ok(connection)
}

async fn seen(world: &World, id: &str) -> Seen {
    let (instance, rows) = world.load(id).unwrap();
    let mut running = Vec::new();
    for row in &rows {
        let observed = nodes::observe(world, &instance, row).await.unwrap();
        if !observed.is_running() {
            continue;
        }
        let (address, port) = row.place.clone().unwrap();
        let address = address.parse().unwrap();
        let opens = [connect(address, port, PASSWORD).await.is_ok(), connect(address, port, NEW).await.is_ok()];
        running.push((observed.master_link_up, observed.keys, opens));
    }
    Seen {
        state: instance.state,
        access: instance.password,
        ports: world.taken_places().unwrap().len() + world.ports.unsettled(),
        folders: world.plane.list().await.unwrap().len(),
        running,
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        kill_all(&self.folder.path().join("instances"));
    }
}

/// Kills whatever works in the folder; answers how many were there.
pub(super) fn kill_all(folder: &std::path::Path) -> usize {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let inside =
        entries.filter(|entry| std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&folder)));
    let pids = inside.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let killed = pids.filter_map(rustix::process::Pid::from_raw).map(|pid| {
        // It may have ended meanwhile.
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).ok();
    });
    killed.count()
}

#[async_trait]
impl engine::testing::World for Real {
    fn db(&self) -> Db {
        self.world.db.clone()
    }

    fn kind(&self) -> Kind {
        kinds(&self.world).into_iter().find(|kind| kind.name == self.kind).unwrap()
    }

    fn clock(&self) -> Clock {
        self.world.clock.clone()
    }

    fn enqueue(&self, engine: &Engine, tx: &Tx<'_>) -> Result<TaskId, EnqueueError> {
        let params = match self.kind {
            "ResetPassword" => reset_password::params(&password::access(NEW)),
            _ => Value::Null,
        };
        let (tenant, region) = (ME.to_owned(), "ap-guangzhou".to_owned());
        let (subject, host, origin) = (self.id.clone(), String::new(), Origin::default());
        engine.enqueue(tx, NewTask { kind: self.kind, tenant, region, subject, host, params, origin })
    }

    async fn settle(&self) {
        observe::round(Arc::clone(&self.app), Arc::clone(&self.world)).await;
        reap::round(Arc::clone(&self.app), Arc::clone(&self.world)).await;
        self.follow().await;
    }

    async fn check(&self, report: &Report) {
        let held = self.world.db.read(|tx| self.app.engine.live_task(tx, &self.id)).unwrap();
        assert_eq!(held.is_some(), report.status == Status::Error, "{}: the lock", report.case);
        if report.status == Status::Error {
            return;
        }
        if self.murder.is_done() {
            // Killed after the task's last look at them, which nobody could have known.
            self.settle().await;
        }
        self.follow().await;
        let now = seen(&self.world, &self.id).await;
        let expected = match report.status {
            Status::Succeed => self.done(),
            _ => self.undone(&now),
        };
        assert_eq!(now, expected, "{} of {}: {:?}", report.case, self.kind, report.task.message);
    }
}

impl Real {
    /// A replica that was started anew needs a moment until it follows.
    async fn follow(&self) {
        let (instance, rows) = self.world.load(&self.id).unwrap();
        for _ in 0..500 {
            let seen = nodes::observe_all(&self.world, &instance, &rows).await.unwrap();
            if seen.iter().all(|(node, seen)| nodes::is_master(node) || !seen.is_running() || seen.master_link_up) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the replica never followed");
    }

    /// What a customer must see after `succeed`.
    fn done(&self) -> Seen {
        let serving = |keys: usize, opens| vec![(false, keys as u64, opens), (true, keys as u64, opens)];
        let (old, new) = ([true, false], [false, true]);
        let serves =
            Seen { state: State::Running, ports: 2, folders: 2, running: serving(KEYS, old), ..self.before.clone() };
        match self.kind {
            "CreateInstances" | "ClearInstance" => Seen { running: serving(0, old), ..serves },
            "ResetPassword" => Seen { access: password::access(NEW), running: serving(KEYS, new), ..serves },
            "DestroyInstance" => Seen { state: State::Isolated, running: Vec::new(), ..serves },
            "CleanUpInstance" => Seen { state: State::Cleaned, ports: 0, folders: 0, running: Vec::new(), ..serves },
            "StartupInstance" => serves,
            other => panic!("say what {other} promises"),
        }
    }

    /// After `failed`; the same promises as with nodes in memory.
    fn undone(&self, now: &Seen) -> Seen {
        match Promise::of(self.kind) {
            Promise::Nothing => {
                Seen { state: State::Failed, ports: 0, folders: 0, running: Vec::new(), ..self.before.clone() }
            }
            Promise::KeysMayBeGone if now.running.iter().all(|(_, keys, _)| *keys == 0) => {
                let emptied = self.before.running.iter().map(|(follows, _, opens)| (*follows, 0, *opens));
                Seen { running: emptied.collect(), ..self.before.clone() }
            }
            Promise::NodesMayBeGone if now.folders == 0 => Seen { folders: 0, ..self.before.clone() },
            _ => self.before.clone(),
        }
    }
}

#[test]
fn with_real_processes() {
    let all = std::env::var("CINNABAR_MATRIX").is_ok_and(|value| value == "full");
    if !all && std::env::var(db::testing::VARIABLE).is_ok() {
        // It is about processes, and a schema for each case would take minutes.
        return println!("on the shared database only with CINNABAR_MATRIX=full");
    }
    let world = Bench::block_on(Bench::with_new()).world;
    let names: Vec<_> =
        kinds(&world).iter().map(|kind| kind.name).filter(|name| all || ALWAYS.contains(name)).collect();
    let runs = names.into_iter().map(|kind| {
        std::thread::spawn(move || (kind, Bench::block_on(plain_matrix(async || Real::new(kind, None).await))))
    });
    let mut tally = Tally::default();
    for run in runs.collect::<Vec<_>>() {
        let (kind, of_kind) = run.join().unwrap();
        println!("{kind}, real processes\n{of_kind}");
        tally.add(of_kind);
    }
    println!("with real processes\n{tally}");
}
