//! A small world: a set of resources, a step for each, and faults on demand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use db::{Db, Migration, Tx, params};
use engine::{
    Clock, Engine, EnqueueError, Failure, Kind, NewTask, Operator, Origin, Outcome, Registry, Running, Settings,
    Status, Step, StepContext, Task, TaskId, Undone,
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

pub(crate) const START: i64 = 1_700_000_000_000;
const MIGRATIONS: [Migration; 6] = [
    Migration { number: 1, sql: engine::MIGRATION_SQL },
    Migration { number: 2, sql: engine::LISTS_SQL },
    Migration { number: 3, sql: engine::OPERATORS_SQL },
    Migration { number: 4, sql: engine::HOSTS_SQL },
    Migration { number: 5, sql: engine::LEASES_SQL },
    Migration {
        number: 6,
        sql: "CREATE TABLE made (task BIGINT, name TEXT, PRIMARY KEY (task, name)); CREATE TABLE ending (task BIGINT, status TEXT)",
    },
];

pub(crate) fn open(folder: &tempfile::TempDir) -> Db {
    db::testing::open(folder.path(), &MIGRATIONS).unwrap()
}

/// A folder on a file system without slow fsyncs, where there is one.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// What a step does when it is run, or undone.
#[derive(Clone)]
pub(crate) enum Act {
    Works,
    Fails,
    /// Acts, then fails.
    Leaks,
    Panics,
    /// Answers `Retry` as often, then works.
    Retries(usize, Duration),
    /// Answers `Hold` as often, then works.
    Holds(usize, Option<Duration>),
    /// Takes one permit, then works.
    Waits(Arc<Semaphore>),
    /// Takes one permit, then fails.
    WaitsAndFails(Arc<Semaphore>),
    /// Its part in the database fails.
    CannotWrite,
}

#[derive(Default)]
pub(crate) struct Things {
    /// What the steps have made.
    pub(crate) made: BTreeSet<&'static str>,
    /// Every act that began, such as `run start` and `undo start`.
    pub(crate) calls: Vec<String>,
    /// How steps behave, by the same names; whoever is not here works.
    pub(crate) acts: BTreeMap<String, Act>,
    /// The contexts' generations and attempts, in the order of the calls.
    pub(crate) seen: Vec<(u64, u32)>,
    /// The names of the outputs that each call could see.
    pub(crate) outputs: Vec<String>,
}

/// Shared by all steps and outliving engines.
#[derive(Clone, Default)]
pub(crate) struct World(Arc<Mutex<Things>>);

impl World {
    pub(crate) fn things(&self) -> MutexGuard<'_, Things> {
        self.0.lock().unwrap()
    }

    pub(crate) fn set(&self, call: &str, act: Act) {
        self.things().acts.insert(call.to_owned(), act);
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.things().calls.clone()
    }

    pub(crate) fn made(&self) -> Vec<&'static str> {
        self.things().made.iter().copied().collect()
    }

    fn act(&self, call: &str) -> Act {
        self.things().acts.get(call).cloned().unwrap_or(Act::Works)
    }

    fn begin(&self, call: &str, cx: &StepContext) -> Act {
        let mut things = self.things();
        things.calls.push(call.to_owned());
        things.seen.push((cx.generation, cx.attempt));
        let readable = cx.outputs.keys().filter(|step| cx.output(step) == Some(&json!({ "made": step })));
        things.outputs.push(readable.cloned().collect::<Vec<_>>().join(" "));
        drop(things);
        self.act(call)
    }

    /// Whether this call still answers `Retry` or `Hold`; counts down.
    fn retries_left(&self, call: &str) -> bool {
        let mut things = self.things();
        match things.acts.get_mut(call) {
            Some(Act::Retries(0, _) | Act::Holds(0, _)) | None => false,
            Some(Act::Retries(left, _) | Act::Holds(left, _)) => {
                *left -= 1;
                true
            }
            Some(_) => false,
        }
    }

    pub(crate) fn kind(&self, name: &'static str, steps: &[&'static str]) -> Kind {
        let step = |name: &&'static str| Box::new(Make { name, world: self.clone() }) as Box<dyn Step>;
        let world = self.clone();
        let ended = move |tx: &Tx<'_>, task: &Task, status: Status| {
            assert_eq!(task.status, status);
            let call = format!("ended {status}");
            if matches!(world.act(&call), Act::CannotWrite) {
                return Err(refused(&call));
            }
            tx.execute("INSERT INTO ending VALUES ($1, $2)", params![task.id.0, status.as_str()]).map(drop)
        };
        Kind {
            name,
            steps: steps.iter().map(step).collect(),
            deadline: Duration::from_secs(60),
            ended: Box::new(ended),
        }
    }
}

/// Makes the resource of its own name.
struct Make {
    name: &'static str,
    world: World,
}

fn refused(call: &str) -> db::Error {
    db::Error::Database(format!("{call} was refused"))
}

#[async_trait]
impl Step for Make {
    fn name(&self) -> &'static str {
        self.name
    }

    fn point_of_no_return(&self) -> Option<&'static str> {
        let marked = self.world.things().acts.contains_key(&format!("no return {}", self.name));
        marked.then_some("what is started stays")
    }

    async fn run(&self, cx: &StepContext) -> Outcome {
        let call = format!("run {}", self.name);
        let failure = || Outcome::Fail(Failure::new(format!("no {}", self.name), "on purpose"));
        match self.world.begin(&call, cx) {
            Act::Fails => return failure(),
            Act::Panics => panic!("{call} panics on purpose"),
            Act::Retries(_, after) if self.world.retries_left(&call) => return Outcome::Retry(after),
            Act::Holds(_, after) if self.world.retries_left(&call) => return Outcome::Hold(after),
            Act::Waits(gate) => gate.acquire().await.unwrap().forget(),
            Act::WaitsAndFails(gate) => {
                gate.acquire().await.unwrap().forget();
                return failure();
            }
            Act::Leaks => {
                self.world.things().made.insert(self.name);
                return failure();
            }
            _ => {}
        }
        self.world.things().made.insert(self.name);
        Outcome::Done(json!({ "made": self.name }))
    }

    fn record(&self, tx: &Tx<'_>, cx: &StepContext, out: &Value) -> Result<(), db::Error> {
        assert_eq!(out, &json!({ "made": self.name }));
        let call = format!("record {}", self.name);
        match self.world.act(&call) {
            Act::CannotWrite => Err(refused(&call)),
            Act::Panics => panic!("{call} panics on purpose"),
            _ => tx.execute("INSERT INTO made VALUES ($1, $2)", params![cx.task.id.0, self.name]).map(drop),
        }
    }

    async fn undo(&self, cx: &StepContext) -> Undone {
        let call = format!("undo {}", self.name);
        match self.world.begin(&call, cx) {
            Act::Fails => return Undone::GiveUp(format!("{} is stuck", self.name)),
            Act::Panics => panic!("{call} panics on purpose"),
            Act::Retries(_, after) if self.world.retries_left(&call) => {
                return Undone::Retry(after, format!("{} is busy", self.name));
            }
            Act::Waits(gate) => gate.acquire().await.unwrap().forget(),
            _ => {}
        }
        self.world.things().made.remove(self.name);
        Undone::Done
    }

    fn forget(&self, tx: &Tx<'_>, cx: &StepContext) -> Result<(), db::Error> {
        let call = format!("forget {}", self.name);
        match self.world.act(&call) {
            Act::CannotWrite => Err(refused(&call)),
            _ => {
                tx.execute("DELETE FROM made WHERE task = $1 AND name = $2", params![cx.task.id.0, self.name]).map(drop)
            }
        }
    }
}

/// One database, one world, any number of engines.
pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    /// Removed with the bench.
    pub(crate) _folder: tempfile::TempDir,
}

pub(crate) const STEPS: [&str; 3] = ["reserve", "start", "publish"];

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = folder();
        let settings = Settings { name: "A".to_owned(), poll: Duration::from_millis(20), ..Settings::default() };
        let (world, db, clock) = (World::default(), open(&folder), Clock::system());
        Self { world, db, clock, settings, _folder: folder }
    }

    /// With a clock that stands still, and leases that end.
    pub(crate) fn shared() -> Self {
        let bench = Self::new();
        let settings = Settings { exclusive: false, lease: Duration::from_secs(30), ..bench.settings.clone() };
        Self { clock: Clock::fixed_for_tests(START), settings, ..bench }
    }

    pub(crate) fn engine(&self) -> Engine {
        self.engine_with(&STEPS)
    }

    pub(crate) fn engine_with(&self, steps: &[&'static str]) -> Engine {
        let registry = Registry::new().add(self.world.kind("make", steps)).unwrap();
        Engine::new(self.db.clone(), registry, self.clock.clone(), self.settings.clone())
    }

    pub(crate) async fn enqueue(&self, engine: &Engine, subject: &str) -> Result<TaskId, EnqueueError> {
        let (engine, new) = (engine.clone(), new_task(subject));
        self.db.write(move |tx| engine.enqueue(tx, new)).await
    }

    pub(crate) fn task(&self, engine: &Engine, id: TaskId) -> Task {
        self.db.read(|tx| engine.get(tx, "tenant", id.0)).unwrap().unwrap()
    }

    /// The step log, as `step event` lines.
    pub(crate) fn log(&self, engine: &Engine, id: TaskId) -> Vec<String> {
        let events = self.db.read(|tx| engine.steps(tx, id)).unwrap();
        events.into_iter().map(|event| format!("{} {}", event.step, event.kind.as_str())).collect()
    }

    pub(crate) fn numbers(&self, sql: &str) -> Vec<i64> {
        let rows: Result<_, db::Error> = self.db.read(|tx| tx.query(sql, &[], |row| row.int(0)));
        rows.unwrap()
    }

    pub(crate) fn texts(&self, sql: &str) -> Vec<String> {
        let rows: Result<_, db::Error> = self.db.read(|tx| tx.query(sql, &[], |row| row.text(0)));
        rows.unwrap()
    }

    pub(crate) async fn sql(&self, sql: &'static str) {
        let done: Result<_, db::Error> = self.db.write(move |tx| tx.execute(sql, &[])).await;
        done.unwrap();
    }

    /// Waits until the task has ended.
    pub(crate) async fn end(&self, engine: &Engine, id: TaskId) -> Task {
        until(|| self.task(engine, id).status.is_final()).await;
        self.task(engine, id)
    }

    /// Enqueues one task, lets it end, stops the engine.
    pub(crate) async fn run_one(&self) -> Task {
        let engine = self.engine();
        let running = engine.start();
        let id = self.enqueue(&engine, "thing").await.unwrap();
        let task = self.end(&engine, id).await;
        stop(running).await;
        task
    }
}

pub(crate) fn new_task(subject: &str) -> NewTask {
    NewTask {
        kind: "make",
        tenant: "tenant".to_owned(),
        region: "region".to_owned(),
        subject: subject.to_owned(),
        host: String::new(),
        params: json!({ "size": 3 }),
        origin: Origin { request_id: "r".to_owned(), operator: "u".to_owned(), client: "127.0.0.1".to_owned() },
    }
}

/// Whoever acts on tasks in these tests.
pub(crate) fn me() -> Operator {
    Operator { name: "me".to_owned(), reason: "to try it".to_owned() }
}

pub(crate) async fn stop(running: Running) {
    running.stop(Duration::from_secs(30)).await;
}

/// Waits until a condition holds; a test that waits a minute has failed.
pub(crate) async fn until(mut holds: impl FnMut() -> bool) {
    for _ in 0..60_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it never came to hold");
}
