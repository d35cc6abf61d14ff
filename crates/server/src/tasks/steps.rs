//! Steps that several kinds of task share, and what every kind does at its end.

use std::sync::Arc;

use async_trait::async_trait;
use db::Tx;
use engine::{Ended, Kind, Outcome, Status, Step, StepContext, Task, Undone};
use serde_json::Value;

use super::nodes;
use super::trouble::Trouble;
use super::world::World;
use crate::model::instance::State;
use crate::model::task_type::TaskType;
use crate::store;

/// A kind of these steps. When it has succeeded its instance is in state `done`, when it was undone in `undone`;
/// `None` leaves it as it was.
pub(super) fn kind(
    world: &World,
    task_type: &TaskType,
    steps: Vec<Box<dyn Step>>,
    done: Option<State>,
    undone: Option<State>,
) -> Kind {
    Kind { name: task_type.kind, steps, deadline: world.deadline, ended: ended(done, undone) }
}

fn ended(done: Option<State>, undone: Option<State>) -> Ended {
    Box::new(move |tx, task, status| {
        note_generation(tx, task)?;
        if status == Status::Failed {
            // It may have been given up by a person, with its nodes half-way.
            store::node::doubt(tx, &task.subject)?;
        }
        let state = match status {
            Status::Succeed => done,
            Status::Failed => undone,
            _ => None,
        };
        let now = task.ended_at.unwrap_or_default();
        state.map_or(Ok(()), |state| store::instance::set_state(tx, &task.subject, state, now))
    })
}

/// However a task ends, the nodes have seen its generation: a repair under an older one would be refused for ever.
fn note_generation(tx: &Tx<'_>, task: &Task) -> Result<(), db::Error> {
    let generation = engine::generation(task.id, task.epoch);
    store::instance::set_generation(tx, &task.subject, i64::try_from(generation).unwrap_or(i64::MAX))
}

/// What all nodes of an instance can be made to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Make {
    /// Running as the instance says.
    Running,
    /// Without a process; the data stays.
    Stopped,
    /// Without a process and without a folder.
    Absent,
}

impl Make {
    /// Makes it so.
    pub(super) async fn so(self, world: &World, cx: &StepContext) -> Result<(), Trouble> {
        let (instance, nodes) = world.load(&cx.task.subject)?;
        match self {
            Self::Running => nodes::ensure(world, &instance, &nodes, cx.generation).await,
            Self::Stopped => nodes::stop(world, &instance, &nodes, cx.generation).await,
            Self::Absent => nodes::absent(world, &instance, &nodes, cx.generation).await,
        }
    }

    /// Makes it so, as an undo.
    pub(super) async fn again(self, world: &World, cx: &StepContext) -> Undone {
        match self.so(world, cx).await {
            Ok(()) => Undone::Done,
            Err(trouble) => trouble.undone(),
        }
    }
}

/// Makes all nodes of the instance one thing, and on undo another.
pub(super) struct MakeNodes {
    pub(super) name: &'static str,
    pub(super) world: Arc<World>,
    pub(super) run: Make,
    /// `None` where nothing can be brought back.
    pub(super) undo: Option<Make>,
}

#[async_trait]
impl Step for MakeNodes {
    fn name(&self) -> &'static str {
        self.name
    }

    fn point_of_no_return(&self) -> Option<&'static str> {
        match self.undo {
            Some(_) => None,
            None => Some("what it removes does not come back"),
        }
    }

    async fn run(&self, cx: &StepContext) -> Outcome {
        answer(&self.world, cx, self.run.so(&self.world, cx).await)
    }

    async fn undo(&self, cx: &StepContext) -> Undone {
        match self.undo {
            Some(make) => make.again(&self.world, cx).await,
            None => Undone::Done,
        }
    }
}

/// Waits until all replicas follow their masters.
pub(super) struct FollowMaster(pub(super) Arc<World>);

#[async_trait]
impl Step for FollowMaster {
    fn name(&self) -> &'static str {
        "follow_master"
    }

    async fn run(&self, cx: &StepContext) -> Outcome {
        answer(&self.0, cx, self.follow(cx).await)
    }
}

impl FollowMaster {
    async fn follow(&self, cx: &StepContext) -> Result<(), Trouble> {
        let (instance, nodes) = self.0.load(&cx.task.subject)?;
        nodes::follow(&self.0, &instance, &nodes, cx.generation).await
    }
}

/// A result as the answer of a step that has nothing to tell the steps after it.
pub(super) fn answer(world: &World, cx: &StepContext, result: Result<(), Trouble>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done(Value::Null),
        Err(trouble) => trouble.outcome(world, cx),
    }
}
