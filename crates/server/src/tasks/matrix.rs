//! The fault matrix of every registered kind: each step × each fault × each way of its undo ends in the right status, with
//! the world as promised. A new kind is in it as soon as it is registered.
//!
//! The promise, in general: after `failed` the world is as it was before the task; after `succeed` it is as it is after the
//! task ran without a fault. What a kind promises instead is said in [`Promise::of`].

mod murder;
mod real;

use std::sync::Arc;

use async_trait::async_trait;
use db::{Db, Tx};
use engine::testing::{Report, Tally, matrix, plain_matrix};
use engine::{Clock, Engine, EnqueueError, Kind, Status, TaskId};
use serde_json::Value;

use super::testing::{After, Bench};
use super::{kinds, reset_password};
use crate::background::{observe, reap};
use crate::model::instance::{Access, Place, State};
use crate::model::{password, task_type};

/// In what state of its life a kind's instance is before the task, and the task's parameters.
async fn before(kind: &str) -> (Bench, Value) {
    let bench = match kind {
        "CreateInstances" => Bench::with_new().await,
        "StartupInstance" | "CleanUpInstance" => Bench::with_isolated().await,
        _ => Bench::with_running().await,
    };
    bench.plane.dawdle();
    let params = match kind {
        "ResetPassword" => reset_password::params(&password::access("N3w-password")),
        _ => Value::Null,
    };
    (bench, params)
}

/// All that is promised about.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    state: State,
    access: Access,
    places: Vec<Option<Place>>,
    ports: Vec<Place>,
    folders: usize,
    nodes: Vec<NodeSeen>,
}

/// One node: whether it runs, as what, with how many keys, and who may come in.
#[derive(Debug, Clone, PartialEq)]
struct NodeSeen {
    runs: bool,
    follows: bool,
    keys: u64,
    access: Option<dataplane::Access>,
}

impl Seen {
    fn of(after: After) -> Self {
        let mut ports = after.ports;
        ports.sort();
        let node = |index: usize, observed: &dataplane::Observed| NodeSeen {
            runs: observed.is_running(),
            follows: observed.master_link_up,
            keys: observed.keys,
            access: after.specs.get(index).map(|spec| spec.access.clone()),
        };
        Self {
            state: after.instance.state,
            access: after.instance.password,
            places: after.nodes.into_iter().map(|node| node.place).collect(),
            ports,
            folders: after.listed,
            nodes: after.observed.iter().enumerate().map(|(index, observed)| node(index, observed)).collect(),
        }
    }
}

/// What a kind promises after `failed`.
enum Promise {
    /// All is as before.
    AsBefore,
    /// Nothing is there, and the instance has failed.
    Nothing,
    /// As before; keys may be gone.
    KeysMayBeGone,
    /// As before; the nodes may be gone with their data.
    NodesMayBeGone,
}

impl Promise {
    fn of(kind: &str) -> Self {
        match kind {
            "CreateInstances" => Self::Nothing,
            "ClearInstance" => Self::KeysMayBeGone,
            "CleanUpInstance" => Self::NodesMayBeGone,
            _ => Self::AsBefore,
        }
    }

    /// What must be seen after `failed`, when this is seen.
    fn expected(&self, before: &Seen, now: &Seen) -> Seen {
        let nothing = || Seen {
            state: State::Failed,
            places: vec![None; before.places.len()],
            ports: Vec::new(),
            folders: 0,
            nodes: before
                .nodes
                .iter()
                .map(|_| NodeSeen { runs: false, follows: false, keys: 0, access: None })
                .collect(),
            ..before.clone()
        };
        match self {
            Self::Nothing => nothing(),
            Self::KeysMayBeGone if now.nodes.iter().all(|node| node.keys == 0) => {
                let emptied = before.nodes.iter().map(|node| NodeSeen { keys: 0, ..node.clone() });
                Seen { nodes: emptied.collect(), ..before.clone() }
            }
            Self::NodesMayBeGone if now.folders == 0 => Seen { folders: 0, nodes: nothing().nodes, ..before.clone() },
            _ => before.clone(),
        }
    }
}

/// A kind in its world.
struct Cell {
    kind: &'static str,
    bench: Bench,
    params: Value,
    before: Seen,
    /// After the task without a fault.
    succeeded: Option<Arc<Seen>>,
}

impl Cell {
    async fn new(kind: &'static str, succeeded: Option<Arc<Seen>>) -> Self {
        let (bench, params) = before(kind).await;
        let before = Seen::of(bench.after(Status::Preparing).await);
        Self { kind, bench, params, before, succeeded }
    }
}

#[async_trait]
impl engine::testing::World for Cell {
    fn db(&self) -> Db {
        self.bench.db.clone()
    }

    fn kind(&self) -> Kind {
        kinds(&self.bench.world).into_iter().find(|kind| kind.name == self.kind).unwrap()
    }

    fn clock(&self) -> Clock {
        self.bench.clock.clone()
    }

    fn enqueue(&self, engine: &Engine, tx: &Tx<'_>) -> Result<TaskId, EnqueueError> {
        engine.enqueue(tx, self.bench.task(self.kind, self.params.clone()))
    }

    async fn settle(&self) {
        observe::round(self.bench.app(), Arc::clone(&self.bench.world)).await;
        reap::round(self.bench.app(), Arc::clone(&self.bench.world)).await;
    }

    async fn check(&self, report: &Report) {
        let after = self.bench.after(report.status).await;
        after.assert_repairable();
        let (now, held) = (Seen::of(after), self.bench.held());
        let expected = match report.status {
            Status::Error => {
                assert!(held.is_some(), "{}: an instance in error stays locked", report.case);
                return;
            }
            Status::Succeed => self.succeeded.as_ref().map_or_else(|| now.clone(), |seen| Seen::clone(seen)),
            _ => Promise::of(self.kind).expected(&self.before, &now),
        };
        assert_eq!(now, expected, "{} of {}", report.case, self.kind);
        assert_eq!(held, None, "{}: nobody holds the instance", report.case);
    }
}

async fn all_of(kind: &'static str) -> Tally {
    let cell = Cell::new(kind, None).await;
    let task = cell.bench.work(kind, cell.params.clone()).await;
    assert_eq!(task.status, Status::Succeed, "{kind} without a fault: {}", task.message);
    let succeeded = Arc::new(Seen::of(cell.bench.after(task.status).await));
    assert_ne!(*succeeded, cell.before, "{kind} does nothing that could be seen: give it an instance to work on");
    let make = async || Cell::new(kind, Some(Arc::clone(&succeeded))).await;
    // A world on the shared database takes longer to make, and what differs there is the database alone.
    if std::env::var(db::testing::VARIABLE).is_ok() { plain_matrix(make).await } else { matrix(make).await }
}

/// One thread for each kind: there are many cases.
#[test]
fn every_kind_every_step_every_fault() {
    let world = Bench::block_on(Bench::with_new()).world;
    let names: Vec<_> = kinds(&world).into_iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), task_type::ALL.len());
    let runs = names.into_iter().map(|kind| std::thread::spawn(move || (kind, Bench::block_on(all_of(kind)))));
    let mut all = Tally::default();
    for run in runs.collect::<Vec<_>>() {
        let (kind, tally) = run.join().unwrap();
        println!("{kind}\n{tally}");
        all.add(tally);
    }
    println!("all kinds, with nodes in memory\n{all}");
}
