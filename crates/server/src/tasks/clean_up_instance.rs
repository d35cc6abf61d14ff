//! CleanUpInstance: no process, no folder and no port is left.
//!
//! There is no undo: what is removed does not come back. A clean-up that fails leaves the instance isolated, to be cleaned
//! up again; whether it still has its data is for StartupInstance to find out.

use std::sync::Arc;

use engine::{Ended, Kind, Status};

use super::steps::{self, Make, MakeNodes};
use super::world::World;
use crate::model::instance::State;
use crate::model::task_type;
use crate::store;

/// The kind.
#[must_use]
pub fn kind(world: &Arc<World>) -> Kind {
    let remove = MakeNodes { name: "remove_nodes", world: Arc::clone(world), run: Make::Absent, undo: None };
    let kind = steps::kind(world, &task_type::CLEAN_UP, vec![Box::new(remove)], Some(State::Cleaned), None);
    let ended = with_ports(kind.ended);
    Kind { ended, ..kind }
}

/// The ports go with the instance.
fn with_ports(ended: Ended) -> Ended {
    Box::new(move |tx, task, status| {
        ended(tx, task, status)?;
        if status == Status::Succeed { store::node::release_places(tx, &task.subject) } else { Ok(()) }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::tasks::testing::{After, Bench, Case, harness};

    async fn case() -> Case {
        Case { bench: Bench::with_isolated().await, kind, params: Value::Null, check }
    }

    /// What failed after it had removed the nodes has kept the ports: it can be cleaned up again.
    fn check(after: &After) {
        if after.status == Status::Succeed {
            after.assert_nothing_left();
            assert_eq!(after.instance.state, State::Cleaned, "{}", after.case);
        } else {
            after.assert_has_ports();
            assert_eq!(after.instance.state, State::Isolated, "{}", after.case);
            assert!(after.listed == 0 || after.listed == 2, "{}: {}", after.case, after.listed);
        }
    }

    #[tokio::test]
    async fn nothing_is_left_or_it_can_be_cleaned_up_again() {
        harness(case).await;
    }
}
