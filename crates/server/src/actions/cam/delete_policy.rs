//! DeletePolicy: policies go, from all that they are attached to as well; all of them or none.

use api::cam::actions::DeletePolicy;
use api::cam::{DeletePolicyRequest, DeletePolicyResponse};

use super::change::change;
use super::given::number;
use crate::action::Action;
use crate::actions::values::{LONGEST, listed};
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, cam, gateway};
use crate::store;

impl Action for DeletePolicy {
    async fn handle(context: &Context, app: &App, request: DeletePolicyRequest) -> Result<DeletePolicyResponse, Error> {
        if listed("PolicyId", Some(&request.policy_id), LONGEST)?.is_none() {
            return Err(gateway::missing_parameter("PolicyId"));
        }
        let account = context.account().to_owned();
        let delete = move |tx: &db::Tx<'_>| {
            for (index, id) in request.policy_id.iter().enumerate() {
                let path = format!("PolicyId.{index}");
                let found = store::policy::with_id(tx, &account, number(*id))?;
                let policy = found.ok_or_else(|| cam::policy_not_found(&path, id))?;
                if policy.is_preset() {
                    return Err(cam::preset(&path, id));
                }
                store::policy::remove(tx, &account, policy.id)?;
            }
            Ok(())
        };
        change(app, delete).await?;
        Ok(DeletePolicyResponse::default())
    }
}
