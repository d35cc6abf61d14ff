//! CreateRole: something that those whom it trusts may take on for a while (`sts:AssumeRole`).

use api::cam::actions::CreateRole;
use api::cam::{CreateRoleRequest, CreateRoleResponse};
use db::Tx;
use policy::Purpose;

use super::change::{change, free, unless_in_use};
use super::given::{self, no_console};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, cam};
use crate::ids;
use crate::model::identity::{self, MOST_ROLES};
use crate::store;
use crate::store::role::Role;

impl Action for CreateRole {
    async fn handle(context: &Context, app: &App, request: CreateRoleRequest) -> Result<CreateRoleResponse, Error> {
        no_console(request.console_login, None, None)?;
        let role = Role {
            id: String::new(),
            account: context.account().to_owned(),
            name: request.role_name,
            description: request.description.unwrap_or_default(),
            document: request.policy_document,
            session_duration: identity::session_duration(request.session_duration)?,
            tags: given::tags(request.tags, |tag| (tag.key, tag.value))?,
            created_at: context.now,
            updated_at: context.now,
        };
        identity::check_role_name(&role.name)?;
        identity::check_description(&role.description)?;
        identity::check_document(&role.document, Purpose::Trust)?;
        let role_id = change(app, move |tx| add(tx, role)).await?;
        Ok(CreateRoleResponse { role_id })
    }
}

fn add(tx: &Tx<'_>, mut role: Role) -> Result<String, Error> {
    if store::role::named(tx, &role.account, &role.name)?.is_some() {
        return Err(cam::role_name_in_use(&role.name));
    }
    if store::role::count(tx, &role.account)? >= MOST_ROLES {
        return Err(cam::too_many_roles(MOST_ROLES));
    }
    role.id = free(ids::role_id, |id| store::role::is_taken(tx, id))?;
    store::role::add(tx, &role).map_err(|error| unless_in_use(error, || cam::role_name_in_use(&role.name)))?;
    Ok(role.id)
}
