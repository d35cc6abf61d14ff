//! AttachUserPolicy: from now on a user may do what the policy says.

use api::cam::actions::AttachUserPolicy;
use api::cam::{AttachUserPolicyRequest, AttachUserPolicyResponse};

use super::attach;
use super::change::change;
use super::given::{Pick, user_with_uin};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::store::attachment::Holder;

impl Action for AttachUserPolicy {
    async fn handle(
        context: &Context,
        app: &App,
        request: AttachUserPolicyRequest,
    ) -> Result<AttachUserPolicyResponse, Error> {
        let (account, operator, now) = (context.account().to_owned(), context.caller.uin.to_string(), context.now);
        let attach = move |tx: &db::Tx<'_>| {
            let user = user_with_uin(tx, &account, "AttachUin", &request.attach_uin.to_string())?;
            attach::attach(tx, &account, &Holder::User(user.uin), &Pick::Id(request.policy_id), (&operator, now))
        };
        change(app, attach).await?;
        Ok(AttachUserPolicyResponse::default())
    }
}
