//! GetRole: one role with whom it trusts.

use api::cam::actions::GetRole;
use api::cam::{GetRoleRequest, GetRoleResponse};

use super::given::{pick_role, role};
use super::view;
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;

impl Action for GetRole {
    async fn handle(context: &Context, app: &App, request: GetRoleRequest) -> Result<GetRoleResponse, Error> {
        let which = pick_role(("RoleId", request.role_id), ("RoleName", request.role_name))?;
        let role = app.db.read(|tx| role(tx, context.account(), ("RoleId", "RoleName"), &which))?;
        Ok(GetRoleResponse { role_info: view::role(app, role) })
    }
}
