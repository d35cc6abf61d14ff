//! DetachUserPolicy: from now on the policy says nothing for a user.

use api::cam::actions::DetachUserPolicy;
use api::cam::{DetachUserPolicyRequest, DetachUserPolicyResponse};

use super::attach;
use super::change::change;
use super::given::{Pick, user_with_uin};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::store::attachment::Holder;

impl Action for DetachUserPolicy {
    async fn handle(
        context: &Context,
        app: &App,
        request: DetachUserPolicyRequest,
    ) -> Result<DetachUserPolicyResponse, Error> {
        let account = context.account().to_owned();
        let detach = move |tx: &db::Tx<'_>| {
            let user = user_with_uin(tx, &account, "DetachUin", &request.detach_uin.to_string())?;
            attach::detach(tx, &account, &Holder::User(user.uin), &Pick::Id(request.policy_id))
        };
        change(app, detach).await?;
        Ok(DetachUserPolicyResponse::default())
    }
}
