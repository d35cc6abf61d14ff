//! UpdatePolicy: another text or description, which holds at once for all that the policy is attached to.

use api::cam::actions::UpdatePolicy;
use api::cam::{UpdatePolicyRequest, UpdatePolicyResponse};
use policy::Purpose;

use super::change::change;
use super::given::{self, pick};
use super::view;
use crate::action::Action;
use crate::actions::values::given;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, cam, gateway};
use crate::model::identity;
use crate::store;

impl Action for UpdatePolicy {
    async fn handle(context: &Context, app: &App, request: UpdatePolicyRequest) -> Result<UpdatePolicyResponse, Error> {
        if given(request.alias.as_ref()).is_some() {
            let (en, zh) = ("presets have no remarks here", "预设策略不支持备注");
            return Err(gateway::unsupported_parameter("Alias", en, zh));
        }
        if let Some(description) = &request.description {
            identity::check_description(description)?;
        }
        if let Some(document) = &request.policy_document {
            identity::check_document(document, Purpose::Identity)?;
        }
        let which = pick(("PolicyId", request.policy_id), ("PolicyName", request.policy_name))?;
        let (account, now) = (context.account().to_owned(), context.now);
        let update = move |tx: &db::Tx<'_>| {
            let mut policy = given::policy(tx, &account, &which)?;
            if policy.is_preset() {
                return Err(cam::preset("PolicyId", policy.id));
            }
            policy.description = request.description.unwrap_or(policy.description);
            policy.document = request.policy_document.unwrap_or(policy.document);
            policy.updated_at = now;
            store::policy::update(tx, &policy)?;
            Ok(policy.id)
        };
        let id = change(app, update).await?;
        Ok(UpdatePolicyResponse { policy_id: view::unsigned(id) })
    }
}
