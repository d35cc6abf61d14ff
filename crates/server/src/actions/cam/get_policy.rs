//! GetPolicy: one policy with its text.

use api::cam::actions::GetPolicy;
use api::cam::{GetPolicyRequest, GetPolicyResponse};

use super::given::{self, Pick};
use super::view;
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;

impl Action for GetPolicy {
    async fn handle(context: &Context, app: &App, request: GetPolicyRequest) -> Result<GetPolicyResponse, Error> {
        let policy = app.db.read(|tx| given::policy(tx, context.account(), &Pick::Id(request.policy_id)))?;
        Ok(GetPolicyResponse {
            r#type: view::kind(&policy),
            add_time: app.wire_time(policy.created_at),
            update_time: app.wire_time(policy.updated_at),
            preset_alias: Some(String::new()),
            is_service_linked_role_policy: 0,
            tags: view::policy_tags(&policy),
            policy_name: policy.name,
            description: policy.description,
            policy_document: policy.document,
        })
    }
}
