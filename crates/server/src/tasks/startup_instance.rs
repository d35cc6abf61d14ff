//! StartupInstance: an isolated instance runs again with its data. Undone, it is isolated as before.

use std::sync::Arc;

use async_trait::async_trait;
use dataplane::NodeState;
use engine::{Failure, Kind, Outcome, Step, StepContext};

use super::nodes::{self, is_master};
use super::steps::{self, FollowMaster, Make, MakeNodes};
use super::trouble::Trouble;
use super::world::World;
use crate::model::instance::State;
use crate::model::task_type;

/// The kind: look for the data, start the nodes, wait until the replicas follow.
#[must_use]
pub fn kind(world: &Arc<World>) -> Kind {
    let start =
        MakeNodes { name: "start_nodes", world: Arc::clone(world), run: Make::Running, undo: Some(Make::Stopped) };
    let steps: Vec<Box<dyn Step>> =
        vec![Box::new(FindData(Arc::clone(world))), Box::new(start), Box::new(FollowMaster(Arc::clone(world)))];
    steps::kind(world, &task_type::STARTUP, steps, Some(State::Running), None)
}

/// Every master still has its folder. An instance whose data is gone (by a clean-up that failed half-way) must not come
/// back empty as if nothing had happened.
struct FindData(Arc<World>);

#[async_trait]
impl Step for FindData {
    fn name(&self) -> &'static str {
        "find_data"
    }

    async fn run(&self, cx: &StepContext) -> Outcome {
        steps::answer(&self.0, cx, self.find(cx).await)
    }
}

impl FindData {
    async fn find(&self, cx: &StepContext) -> Result<(), Trouble> {
        let (instance, nodes) = self.0.load(&cx.task.subject)?;
        let seen = nodes::observe_all(&self.0, &instance, &nodes).await?;
        let lost = seen.iter().find(|(node, observed)| is_master(node) && observed.state == NodeState::Absent);
        match lost {
            None => Ok(()),
            Some((node, _)) => {
                let detail = format!("the folder of {}/{} is not there", instance.id, node.name);
                Err(Failure::new("the data of the instance is gone; it can only be cleaned up", detail).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dataplane::DataPlane;
    use engine::Status;
    use serde_json::Value;

    use super::*;
    use crate::model::password;
    use crate::tasks::testing::{After, Bench, Case, GENERATION, KEYS, PASSWORD, harness};

    async fn case() -> Case {
        Case { bench: Bench::with_isolated().await, kind, params: Value::Null, check }
    }

    fn check(after: &After) {
        if after.status == Status::Succeed {
            after.assert_serves(&password::access(PASSWORD));
            assert_eq!((after.instance.state, after.instance.isolated_at), (State::Running, None), "{}", after.case);
            assert!(after.observed.iter().all(|observed| observed.keys == KEYS), "{}: the data is back", after.case);
        } else {
            after.assert_rests();
            assert_eq!(after.instance.state, State::Isolated, "{}", after.case);
        }
    }

    #[tokio::test]
    async fn an_instance_serves_with_its_data_or_rests_as_before() {
        harness(case).await;
    }

    #[tokio::test]
    async fn an_instance_without_its_data_is_not_started() {
        let bench = Bench::with_isolated().await;
        bench.plane.absent(&bench.nodes()[0], GENERATION).await.unwrap();
        let task = bench.work(task_type::STARTUP.kind, Value::Null).await;
        assert_eq!(task.status, Status::Failed);
        assert!(task.message.contains("the data of the instance is gone"), "{}", task.message);
        assert!(!bench.any_running().await);
    }

    #[tokio::test]
    async fn an_instance_whose_port_was_taken_meanwhile_stays_isolated() {
        let bench = Bench::with_isolated().await;
        bench.plane.occupy([127, 0, 0, 1].into(), 6379);
        let task = bench.work(task_type::STARTUP.kind, Value::Null).await;
        assert_eq!(task.status, Status::Failed);
        assert!(task.message.contains("port 6379 on 127.0.0.1 is in use by another process"), "{}", task.message);
        check(&bench.after(task.status).await);
    }
}
