//! ResetPassword, ModifyInstancePassword and ModfiyInstancePassword: all nodes let customers in by the new access. Only
//! the hash of a password is ever stored, in the task's parameters too.

use std::sync::Arc;

use async_trait::async_trait;
use db::Tx;
use engine::{Failure, Kind, Outcome, Step, StepContext, Undone};
use serde_json::{Value, json};

use super::nodes;
use super::steps::{self, Make};
use super::trouble::Trouble;
use super::world::World;
use crate::model::instance::{Access, Instance};
use crate::model::task_type;
use crate::store;

/// The kind.
#[must_use]
pub fn kind(world: &Arc<World>) -> Kind {
    steps::kind(world, &task_type::SET_PASSWORD, vec![Box::new(SetAccess(Arc::clone(world)))], None, None)
}

/// The parameters of a task that sets this access.
#[must_use]
pub fn params(access: &Access) -> Value {
    match access {
        Access::Free => json!({ "no_auth": true }),
        Access::Sha256(hash) => json!({ "sha256": hash }),
    }
}

fn wanted(cx: &StepContext) -> Result<Access, Failure> {
    let params = &cx.task.params;
    match (&params["no_auth"], params["sha256"].as_str()) {
        (Value::Bool(true), None) => Ok(Access::Free),
        (Value::Null, Some(hash)) => Ok(Access::Sha256(hash.to_owned())),
        _ => Err(Failure::new("the task's parameters cannot be read", "neither no_auth nor sha256")),
    }
}

struct SetAccess(Arc<World>);

#[async_trait]
impl Step for SetAccess {
    fn name(&self) -> &'static str {
        "set_access"
    }

    async fn run(&self, cx: &StepContext) -> Outcome {
        steps::answer(&self.0, cx, self.set(cx).await)
    }

    fn record(&self, tx: &Tx<'_>, cx: &StepContext, _out: &Value) -> Result<(), db::Error> {
        let access = wanted(cx).map_err(|failure| db::Error::Database(failure.detail))?;
        store::instance::set_access(tx, &cx.task.subject, &access)
    }

    /// The instance still has its old access: it is written only with the step's success.
    async fn undo(&self, cx: &StepContext) -> Undone {
        Make::Running.again(&self.0, cx).await
    }
}

impl SetAccess {
    async fn set(&self, cx: &StepContext) -> Result<(), Trouble> {
        let (instance, nodes) = self.0.load(&cx.task.subject)?;
        let instance = Instance { password: wanted(cx)?, ..instance };
        nodes::ensure(&self.0, &instance, &nodes, cx.generation).await
    }
}

#[cfg(test)]
mod tests {
    use dataplane::fake::{Call, Strike};
    use engine::Status;
    use engine::testing::{Faults, Moment, run_with};

    use super::*;
    use crate::model::instance::State;
    use crate::model::password;
    use crate::tasks::testing::{After, Bench, Case, PASSWORD, harness};

    const NEW: &str = "N3w-password";

    async fn case() -> Case {
        Case { bench: Bench::with_running().await, kind, params: params(&password::access(NEW)), check }
    }

    fn check(after: &After) {
        let valid = if after.status == Status::Succeed { NEW } else { PASSWORD };
        after.assert_serves(&password::access(valid));
        assert_eq!(after.instance.state, State::Running, "{}", after.case);
    }

    #[tokio::test]
    async fn all_nodes_have_one_password_the_new_or_the_old() {
        harness(case).await;
    }

    #[tokio::test]
    async fn an_undo_that_stumbles_puts_the_old_password_back_all_the_same() {
        let make = async || {
            let case = case().await;
            let node = case.bench.nodes()[0].clone();
            let error = dataplane::Error::Control { node, command: "ACL SETUSER", reason: "busy".to_owned() };
            case.bench.plane.fail(Call::Ensure, Strike::After, 5, error);
            case
        };
        run_with(make, Faults { fail: Some(("set_access", Moment::After)), ..Faults::default() }).await;
    }

    #[test]
    fn parameters_hold_no_password() {
        let text = params(&password::access(NEW)).to_string();
        assert!(!text.contains(NEW));
        assert_eq!(params(&Access::Free), json!({ "no_auth": true }));
    }
}
