//! DeleteRole: a role goes with what is attached to it; temporary keys of it that are out are refused from now on.

use api::cam::actions::DeleteRole;
use api::cam::{DeleteRoleRequest, DeleteRoleResponse};

use super::change::change;
use super::given::{pick_role, role};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::store;

impl Action for DeleteRole {
    async fn handle(context: &Context, app: &App, request: DeleteRoleRequest) -> Result<DeleteRoleResponse, Error> {
        let which = pick_role(("RoleId", request.role_id), ("RoleName", request.role_name))?;
        let account = context.account().to_owned();
        let delete = move |tx: &db::Tx<'_>| {
            let role = role(tx, &account, ("RoleId", "RoleName"), &which)?;
            Ok(store::role::remove(tx, &account, &role.id)?)
        };
        change(app, delete).await?;
        Ok(DeleteRoleResponse::default())
    }
}
