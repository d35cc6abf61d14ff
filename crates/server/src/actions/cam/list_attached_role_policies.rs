//! ListAttachedRolePolicies: what is attached to a role, the latest first.

use api::cam::actions::ListAttachedRolePolicies;
use api::cam::{AttachedPolicyOfRole, ListAttachedRolePoliciesRequest, ListAttachedRolePoliciesResponse};

use super::attach::attached;
use super::given::{self, pick_role, role};
use super::view;
use crate::action::Action;
use crate::actions::values;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, cam};
use crate::store::attachment::{Attachment, Holder};
use crate::store::policy::StoredPolicy;

impl Action for ListAttachedRolePolicies {
    async fn handle(
        context: &Context,
        app: &App,
        request: ListAttachedRolePoliciesRequest,
    ) -> Result<ListAttachedRolePoliciesResponse, Error> {
        let (skip, take) = given::page(Some(request.page), Some(request.rp))?;
        let which = pick_role(("RoleId", request.role_id), ("RoleName", request.role_name))?;
        let kind = kind(values::given(request.policy_type.as_ref()))?;
        let account = context.account();
        let mut all = app.db.read(|tx| {
            let role = role(tx, account, ("RoleId", "RoleName"), &which)?;
            attached(tx, account, &Holder::Role(role.id))
        })?;
        let keyword = request.keyword.unwrap_or_default().to_lowercase();
        all.retain(|(_, policy)| {
            kind.is_none_or(|kind| view::kind_name(policy) == kind) && policy.name.to_lowercase().contains(&keyword)
        });
        let total_num = all.len() as u64;
        let page = all.into_iter().skip(skip).take(take);
        let list = page.map(|(attachment, policy)| line(app, &attachment, policy)).collect();
        Ok(ListAttachedRolePoliciesResponse { list, total_num })
    }
}

fn kind(given: Option<&str>) -> Result<Option<&str>, Error> {
    match given {
        None | Some("User" | "QCS") => Ok(given),
        Some(other) => {
            let rule = "it must be User or QCS";
            Err(cam::bad_parameter("PolicyType", other.escape_debug(), rule, "可选值为 User, QCS"))
        }
    }
}

fn line(app: &App, attachment: &Attachment, policy: StoredPolicy) -> AttachedPolicyOfRole {
    AttachedPolicyOfRole {
        policy_id: view::unsigned(policy.id),
        policy_type: view::kind_name(&policy).to_owned(),
        policy_name: policy.name,
        add_time: app.wire_time(attachment.created_at),
        create_mode: view::CREATE_MODE,
        description: policy.description,
        ..AttachedPolicyOfRole::default()
    }
}
