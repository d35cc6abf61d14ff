//! Levers for those who test clients: tasks that end as planned, a pace, a date that leaps, a seed, and the way back to it.
//!
//! All of this is there only with `levers.enabled`; without it [`App::levers`](crate::app::App::levers) is `None`, steps are
//! not wrapped, the engine has no gate, and what is stored of plans is not looked at. Where the levers take hold:
//!
//! * `gate.rs`: when a task is enqueued, the oldest plan that fits takes it and its script is written down with it;
//! * `step.rs`: each step asks for its task's script before and after its work, and before its undo;
//! * `request.rs`: a signed request may be refused, and a DescribeTaskInfo is counted, before the handler sees it.
//!
//! Nothing is shown that is not so: a status that is planned is the stored one, brought about by holding the task.

mod clock;
mod codes;
mod gate;
mod notes;
pub mod pace;
pub mod plan;
pub mod plant;
mod request;
pub mod reset;
mod script;
pub mod seed;
mod step;
pub mod view;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use db::{Db, Tx};
use engine::{Clock, Engine, Kind};
use serde::de::DeserializeOwned;
use tokio::sync::RwLock;

pub use clock::LeapError;
use pace::{NewPace, Pace};
use plan::{Invalid, KindSteps, NewPlan};
use serde_json::json;

use crate::store::lever::{self, Target};

/// The levers of a server.
pub struct Levers {
    db: Db,
    clock: Clock,
    kinds: Vec<KindSteps>,
    /// Requests are inside as readers; a reset waits until they are out.
    door: RwLock<()>,
    /// A reset waits at the door: whoever is inside should come out.
    closing: AtomicBool,
    /// The seed is being made: plans and paces do not apply.
    seeding: AtomicBool,
}

/// Why a lever did not move.
#[derive(Debug, thiserror::Error)]
pub enum LeverError {
    /// What was asked for is not right.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The database's answer.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl Levers {
    /// Levers over these kinds of task.
    #[must_use]
    pub fn new(db: Db, clock: Clock, kinds: &[Kind]) -> Arc<Self> {
        let steps = |kind: &Kind| (kind.name, kind.steps.iter().map(|step| step.name()).collect());
        let kinds = kinds.iter().map(steps).collect();
        let (closing, seeding) = (AtomicBool::new(false), AtomicBool::new(false));
        Arc::new(Self { db, clock, kinds, door: RwLock::new(()), closing, seeding })
    }

    /// The kind with its steps in the reach of plans.
    #[must_use]
    pub fn wrap(self: &Arc<Self>, kind: Kind) -> Kind {
        step::wrap(kind, self)
    }

    /// Writes a plan; answers its number.
    ///
    /// # Errors
    /// The first field that is wrong, or the database's.
    pub async fn plan(&self, new: NewPlan) -> Result<i64, LeverError> {
        new.check(&self.kinds)?;
        let (target, name) = match (&new.task, &new.action) {
            (Some(task), _) => (Target::Task, task.kind.clone().unwrap_or_default()),
            (None, action) => (Target::Action, action.as_ref().map(|action| action.name.clone()).unwrap_or_default()),
        };
        let (subject, uses) = (new.instance.clone().unwrap_or_default(), new.uses.unwrap_or(1));
        let (spec, now) = (json!(new).to_string(), self.clock.now_ms());
        let write = move |tx: &Tx<'_>| lever::add_plan(tx, target, (&name, &subject), uses, &spec, now);
        let id = self.db.write(write).await?;
        tracing::info!(plan = id, "planned: {}", json!(new));
        Ok(id)
    }

    /// Takes what is left of a plan away; tasks that it has taken go on as planned. `false` when there is no such plan.
    ///
    /// # Errors
    /// The database's.
    pub async fn cancel(&self, plan: i64) -> Result<bool, LeverError> {
        Ok(self.db.write(move |tx| lever::cancel(tx, plan)).await?)
    }

    /// Sets the pace of a kind, or of all kinds, for the tasks that are enqueued from now on.
    ///
    /// # Errors
    /// The first field that is wrong, or the database's.
    pub async fn set_pace(&self, new: NewPace) -> Result<(), LeverError> {
        let pace = new.check(&self.kinds)?;
        let kind = new.kind.unwrap_or_default();
        let spec = (pace != Pace::default()).then(|| json!(pace).to_string());
        Ok(self.db.write(move |tx| lever::set_pace(tx, &kind, spec.as_deref())).await?)
    }
}

/// Brings what is stored in step with whether the levers are on: then the engine asks them of every task and the date is
/// where it was left; otherwise whatever they still hold goes on.
///
/// # Errors
/// The database's.
pub async fn settle(engine: &Engine, db: &Db, levers: Option<&Arc<Levers>>) -> Result<(), db::Error> {
    match levers {
        Some(levers) => {
            engine.set_gate(levers.clone());
            tracing::warn!("the test levers are on: this server does what testers plan");
            levers.restore_leap()
        }
        None => {
            let own = engine.clone();
            let released = db.write(move |tx| own.release_all(tx)).await?;
            if released > 0 {
                tracing::info!(released, "tasks that test levers held go on");
            }
            Ok(())
        }
    }
}

/// Reads JSON that this module has written.
fn read<T: DeserializeOwned>(stored: &str) -> Result<T, db::Error> {
    serde_json::from_str(stored).map_err(|error| db::Error::Database(format!("what is stored of a lever: {error}")))
}
