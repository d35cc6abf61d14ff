//! DetachRolePolicy: from now on the policy says nothing for a role, also for temporary keys that are out already.

use api::cam::actions::DetachRolePolicy;
use api::cam::{DetachRolePolicyRequest, DetachRolePolicyResponse};

use super::attach;
use super::change::change;
use super::given::{pick, pick_role, role};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::store::attachment::Holder;

const PATHS: (&str, &str) = ("DetachRoleId", "DetachRoleName");

impl Action for DetachRolePolicy {
    async fn handle(
        context: &Context,
        app: &App,
        request: DetachRolePolicyRequest,
    ) -> Result<DetachRolePolicyResponse, Error> {
        let which = pick_role((PATHS.0, request.detach_role_id), (PATHS.1, request.detach_role_name))?;
        let policy = pick(("PolicyId", request.policy_id), ("PolicyName", request.policy_name))?;
        let account = context.account().to_owned();
        let detach = move |tx: &db::Tx<'_>| {
            let role = role(tx, &account, PATHS, &which)?;
            attach::detach(tx, &account, &Holder::Role(role.id), &policy)
        };
        change(app, detach).await?;
        Ok(DetachRolePolicyResponse::default())
    }
}
