//! StartupInstance: takes an isolated instance back into service, with its data.

use api::redis::actions::StartupInstance;
use api::redis::{StartupInstanceRequest, StartupInstanceResponse};
use serde_json::Value;

use crate::action::Action;
use crate::actions::enqueue::{Change, must_be_isolated};
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::model::task_type;

impl Action for StartupInstance {
    async fn handle(
        context: &Context,
        app: &App,
        request: StartupInstanceRequest,
    ) -> Result<StartupInstanceResponse, Error> {
        let change = Change::of(app, context, &task_type::STARTUP, request.instance_id)?;
        let check = |instance: &_| must_be_isolated(instance).map(|()| Value::Null);
        Ok(StartupInstanceResponse { task_id: change.submit(app, check).await? })
    }
}
