//! CleanUpInstance: removes an isolated instance with its data, for good.

use api::redis::actions::CleanUpInstance;
use api::redis::{CleanUpInstanceRequest, CleanUpInstanceResponse};
use serde_json::Value;

use crate::action::Action;
use crate::actions::enqueue::{Change, must_be_isolated};
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::model::task_type;

impl Action for CleanUpInstance {
    async fn handle(
        context: &Context,
        app: &App,
        request: CleanUpInstanceRequest,
    ) -> Result<CleanUpInstanceResponse, Error> {
        let change = Change::of(app, context, &task_type::CLEAN_UP, request.instance_id)?;
        let check = |instance: &_| must_be_isolated(instance).map(|()| Value::Null);
        Ok(CleanUpInstanceResponse { task_id: change.submit(app, check).await? })
    }
}
