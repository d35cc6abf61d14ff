//! AttachRolePolicy: from now on who takes on a role may do what the policy says.

use api::cam::actions::AttachRolePolicy;
use api::cam::{AttachRolePolicyRequest, AttachRolePolicyResponse};

use super::attach;
use super::change::change;
use super::given::{pick, pick_role, role};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::store::attachment::Holder;

const PATHS: (&str, &str) = ("AttachRoleId", "AttachRoleName");

impl Action for AttachRolePolicy {
    async fn handle(
        context: &Context,
        app: &App,
        request: AttachRolePolicyRequest,
    ) -> Result<AttachRolePolicyResponse, Error> {
        let which = pick_role((PATHS.0, request.attach_role_id), (PATHS.1, request.attach_role_name))?;
        let policy = pick(("PolicyId", request.policy_id), ("PolicyName", request.policy_name))?;
        let (account, operator, now) = (context.account().to_owned(), context.caller.uin.to_string(), context.now);
        let attach = move |tx: &db::Tx<'_>| {
            let role = role(tx, &account, PATHS, &which)?;
            attach::attach(tx, &account, &Holder::Role(role.id), &policy, (&operator, now))
        };
        change(app, attach).await?;
        Ok(AttachRolePolicyResponse::default())
    }
}
