//! DestroyPostpaidInstance and DestroyPrepaidInstance: no node runs, the data and the ports are kept. Undone, all run again.

use std::sync::Arc;

use engine::Kind;

use super::steps::{self, Make, MakeNodes};
use super::world::World;
use crate::model::instance::State;
use crate::model::task_type;

/// The kind.
#[must_use]
pub fn kind(world: &Arc<World>) -> Kind {
    let stop =
        MakeNodes { name: "stop_nodes", world: Arc::clone(world), run: Make::Stopped, undo: Some(Make::Running) };
    steps::kind(world, &task_type::DESTROY, vec![Box::new(stop)], Some(State::Isolated), None)
}

#[cfg(test)]
mod tests {
    use engine::Status;
    use serde_json::Value;

    use super::*;
    use crate::model::password;
    use crate::tasks::testing::{After, Bench, Case, KEYS, PASSWORD, harness};

    async fn case() -> Case {
        Case { bench: Bench::with_running().await, kind, params: Value::Null, check }
    }

    fn check(after: &After) {
        if after.status == Status::Succeed {
            after.assert_rests();
            assert_eq!(after.instance.state, State::Isolated, "{}", after.case);
            assert!(after.instance.isolated_at.is_some(), "{}", after.case);
        } else {
            after.assert_serves(&password::access(PASSWORD));
            assert_eq!(after.instance.state, State::Running, "{}", after.case);
            assert_eq!(after.observed[0].keys, KEYS, "{}", after.case);
        }
    }

    #[tokio::test]
    async fn an_instance_rests_or_serves_as_before() {
        harness(case).await;
    }
}
