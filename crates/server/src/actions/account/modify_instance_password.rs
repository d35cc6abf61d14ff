//! ModifyInstancePassword: a new password for who knows the old one.

use api::redis::actions::ModifyInstancePassword;
use api::redis::{ModifyInstancePasswordRequest, ModifyInstancePasswordResponse};

use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;

impl Action for ModifyInstancePassword {
    async fn handle(
        context: &Context,
        app: &App,
        request: ModifyInstancePasswordRequest,
    ) -> Result<ModifyInstancePasswordResponse, Error> {
        let (old, new) = (request.old_password, request.password);
        let task_id = super::modify(context, app, request.instance_id, old, new).await?;
        Ok(ModifyInstancePasswordResponse { task_id })
    }
}
