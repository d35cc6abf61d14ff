//! DestroyPostpaidInstance: isolates a pay-as-you-go instance.

use api::redis::actions::DestroyPostpaidInstance;
use api::redis::{DestroyPostpaidInstanceRequest, DestroyPostpaidInstanceResponse};
use serde_json::Value;

use crate::action::Action;
use crate::actions::enqueue::Change;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, product};
use crate::model::instance::{Instance, State, billing};
use crate::model::task_type;

impl Action for DestroyPostpaidInstance {
    async fn handle(
        context: &Context,
        app: &App,
        request: DestroyPostpaidInstanceRequest,
    ) -> Result<DestroyPostpaidInstanceResponse, Error> {
        let change = Change::of(app, context, &task_type::DESTROY, request.instance_id)?;
        Ok(DestroyPostpaidInstanceResponse { task_id: change.submit(app, check).await? })
    }
}

fn check(instance: &Instance) -> Result<Value, Error> {
    if instance.billing_mode != billing::POSTPAID {
        return Err(product::wrong_billing(
            &instance.id,
            "it is prepaid; use DestroyPrepaidInstance",
            "该实例为包年包月，请使用 DestroyPrepaidInstance",
        ));
    }
    if instance.state != State::Running {
        return Err(product::wrong_destroy_status(&instance.id, instance.status));
    }
    if instance.delete_protection {
        return Err(product::delete_protected(&instance.id));
    }
    Ok(Value::Null)
}
