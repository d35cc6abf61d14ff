//! GetCallerIdentity: whose key signed the request.

use api::sts::actions::GetCallerIdentity;
use api::sts::{GetCallerIdentityRequest, GetCallerIdentityResponse};

use crate::action::Action;
use crate::app::App;
use crate::auth::session::Who;
use crate::context::Context;
use crate::error::Error;

impl Action for GetCallerIdentity {
    async fn handle(
        context: &Context,
        _app: &App,
        _request: GetCallerIdentityRequest,
    ) -> Result<GetCallerIdentityResponse, Error> {
        let (account, caller) = (context.account(), &context.caller);
        let (arn, kind) = name(account, &caller.uin, caller.session.as_ref().map(|session| &session.who));
        Ok(GetCallerIdentityResponse {
            arn,
            account_id: account.to_owned(),
            user_id: caller.user_id(),
            principal_id: caller.uin.to_string(),
            r#type: kind.to_owned(),
        })
    }
}

/// The caller's name among all, and its `Type`.
fn name(account: &str, uin: &str, who: Option<&Who>) -> (String, &'static str) {
    match who {
        None | Some(Who::User) => (format!("qcs::cam::uin/{account}:uin/{uin}"), "CAMUser"),
        Some(Who::Federated { name }) => (format!("qcs::sts:{account}:federated-user/{uin}:{name}"), "FederatedUser"),
        Some(Who::Role { id, .. }) => (format!("qcs::sts:{account}:assumed-role/{id}"), "CAMRole"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{House, ME};
    use serde_json::json;

    #[tokio::test]
    async fn the_root_user_is_its_account() {
        let house = House::new().await;
        let identity = house.call::<GetCallerIdentity>(json!({})).await.unwrap();
        assert_eq!(
            (&identity["AccountId"], &identity["UserId"], &identity["PrincipalId"]),
            (&json!(ME), &json!(ME), &json!(ME))
        );
        assert_eq!(identity["Arn"], format!("qcs::cam::uin/{ME}:uin/{ME}"));
    }
}
