//! What changing actions share: in one transaction, find the instance that no task holds, let the action check it and
//! write its intent, and enqueue the task.

use db::Tx;
use engine::{Engine, EnqueueError, NewTask, Origin, Status, TaskId};
use serde_json::Value;

use super::load::Scope;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, gateway, product};
use crate::model::instance::{Instance, State};
use crate::model::task_type::TaskType;

/// A change of one instance by a task, in a form that can be taken along into a writing transaction.
pub struct Change {
    kind: &'static str,
    id: String,
    scope: Scope,
    engine: Engine,
    origin: Origin,
}

impl Change {
    /// A task of this type on the caller's instance `id`.
    ///
    /// # Errors
    /// `MissingParameter` when the request names no region.
    pub fn of(app: &App, context: &Context, task_type: &TaskType, id: String) -> Result<Self, Error> {
        Ok(Self {
            kind: task_type.kind,
            id,
            scope: Scope::of(app, context)?,
            engine: app.engine.clone(),
            origin: context.origin(),
        })
    }

    /// The instance, for the action to check.
    ///
    /// # Errors
    /// `ResourceNotFound.InstanceNotExists`, and `ResourceUnavailable.InstanceLockedError` when a task holds it.
    pub fn instance(&self, tx: &Tx<'_>) -> Result<Instance, Error> {
        let instance = self.scope.find(tx, &self.id)?;
        match self.engine.live_task(tx, &instance.id)? {
            Some((holder, status)) => Err(self.locked(holder, status)),
            None => Ok(instance),
        }
    }

    /// Enqueues the task with these parameters.
    ///
    /// # Errors
    /// `ResourceUnavailable.InstanceLockedError` when another task holds the instance.
    pub fn enqueue(&self, tx: &Tx<'_>, instance: &Instance, params: Value) -> Result<TaskId, Error> {
        let task = NewTask {
            kind: self.kind,
            tenant: instance.account.clone(),
            region: instance.region.clone(),
            subject: instance.id.clone(),
            host: instance.host.clone(),
            params,
            origin: self.origin.clone(),
        };
        self.engine.enqueue(tx, task).map_err(|error| match error {
            EnqueueError::Busy { holder, status } => self.locked(holder, status),
            EnqueueError::Database(error) => error.into(),
            unknown @ EnqueueError::UnknownKind(_) => gateway::internal(unknown),
        })
    }

    fn locked(&self, holder: TaskId, status: Status) -> Error {
        product::instance_locked(&self.id, holder.0, status.as_str())
    }

    /// The common case: checks the instance, enqueues the task, answers its id.
    ///
    /// # Errors
    /// Those of `check`, [`Change::instance`] and [`Change::enqueue`].
    pub async fn submit(
        self,
        app: &App,
        check: impl FnOnce(&Instance) -> Result<Value, Error> + Send + 'static,
    ) -> Result<i64, Error> {
        let write = move |tx: &Tx<'_>| {
            let instance = self.instance(tx)?;
            let params = check(&instance)?;
            Ok(self.enqueue(tx, &instance, params)?.0)
        };
        app.db.write(write).await
    }
}

/// The instance serves.
///
/// # Errors
/// `ResourceUnavailable.InstanceStatusAbnormal`.
pub fn must_run(instance: &Instance) -> Result<(), Error> {
    let wanted = ("a running instance (2)", "实例处于运行中（2）");
    must_be(instance, State::Running, wanted)
}

/// The instance is destroyed and not cleaned up yet.
///
/// # Errors
/// `ResourceUnavailable.InstanceStatusAbnormal`.
pub fn must_be_isolated(instance: &Instance) -> Result<(), Error> {
    let wanted = ("an isolated instance (-2 or -3): destroy it first", "实例处于隔离中（-2 或 -3），请先销毁");
    must_be(instance, State::Isolated, wanted)
}

fn must_be(instance: &Instance, state: State, wanted: (&str, &str)) -> Result<(), Error> {
    if instance.state == state {
        return Ok(());
    }
    Err(product::wrong_status(&instance.id, instance.status, wanted.0, wanted.1))
}

#[cfg(test)]
mod tests {
    use api::redis::actions::{
        CleanUpInstance, ClearInstance, DestroyPostpaidInstance, ResetPassword, StartupInstance,
    };
    use serde_json::json;

    use crate::auth::keys::Caller;
    use crate::context::Context;
    use crate::model::instance::State;
    use crate::tasks::testing::{Bench, PASSWORD};
    use crate::testing::{self, OTHER};

    const NOT_FOUND: &str = "ResourceNotFound.InstanceNotExists";

    #[tokio::test]
    async fn a_strangers_instance_and_one_that_is_gone_are_not_found() {
        let bench = Bench::with_running().await;
        let params = json!({"InstanceId": bench.id()});
        let caller = Caller::user(OTHER, OTHER, 1_250_000_001);
        let stranger = Context { caller, ..testing::context() };
        let refused = testing::call::<DestroyPostpaidInstance>(&bench.app, &stranger, params.clone()).await;
        let error = refused.unwrap_err();
        assert_eq!(error.code, NOT_FOUND);
        for gone in [State::Cleaned, State::Failed] {
            bench.set_state(gone).await;
            assert_eq!(bench.refused::<StartupInstance>(params.clone()).await.0, NOT_FOUND);
            assert_eq!(bench.refused::<CleanUpInstance>(params.clone()).await.0, NOT_FOUND);
        }
    }

    #[tokio::test]
    async fn an_instance_that_a_task_holds_is_locked_for_every_other() {
        let bench = Bench::with_running().await;
        let holder = bench.hold().await;
        let (code, message) =
            bench.refused::<ClearInstance>(json!({"InstanceId": bench.id(), "Password": PASSWORD})).await;
        assert_eq!(code, "ResourceUnavailable.InstanceLockedError");
        assert!(message.contains(&format!("task {holder} (preparing)")), "{message}");
        let params = json!({"InstanceId": bench.id()});
        assert_eq!(bench.refused::<DestroyPostpaidInstance>(params.clone()).await.0, code);
        assert_eq!(bench.refused::<StartupInstance>(params.clone()).await.0, code);
        let reset = json!({"InstanceId": bench.id(), "Password": "N3w-password"});
        assert_eq!(bench.refused::<ResetPassword>(reset).await.0, code);
    }

    #[tokio::test]
    async fn each_state_has_its_actions() {
        let (running, isolated) = (Bench::with_running().await, Bench::with_isolated().await);
        let (run, rest) = (json!({"InstanceId": running.id()}), json!({"InstanceId": isolated.id()}));
        let abnormal = "ResourceUnavailable.InstanceStatusAbnormal";
        assert_eq!(running.refused::<StartupInstance>(run.clone()).await.0, abnormal);
        assert_eq!(running.refused::<CleanUpInstance>(run.clone()).await.0, abnormal);
        let (code, message) = isolated.refused::<ClearInstance>(rest.clone()).await;
        assert!(code == abnormal && message.contains("status -2"), "{message}");
        assert_eq!(isolated.refused::<ResetPassword>(rest.clone()).await.0, abnormal);
        assert!(running.held().is_none() && isolated.held().is_none(), "nothing was enqueued");
        let id = isolated.call::<CleanUpInstance>(rest).await.unwrap()["TaskId"].as_i64().unwrap();
        assert!(id > 10_000);
        assert_eq!(isolated.held().unwrap().0, "CleanUpInstance");
        let id = running.call::<DestroyPostpaidInstance>(run).await.unwrap()["TaskId"].as_i64().unwrap();
        assert!(id > 10_000);
        assert_eq!(running.held().unwrap().0, "DestroyInstance");
    }
}
