//! GetCallerIdentity: whose key signed the request.

use api::sts::actions::GetCallerIdentity;
use api::sts::{GetCallerIdentityRequest, GetCallerIdentityResponse};

use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;

impl Action for GetCallerIdentity {
    /// All keys are permanent ones, of a main account or of its users, and those the page shows as `CAMUser`.
    async fn handle(
        context: &Context,
        _app: &App,
        _request: GetCallerIdentityRequest,
    ) -> Result<GetCallerIdentityResponse, Error> {
        let (account, uin) = (context.account(), &context.caller.uin);
        Ok(GetCallerIdentityResponse {
            arn: format!("qcs::cam::uin/{account}:uin/{uin}"),
            account_id: account.to_owned(),
            user_id: uin.to_string(),
            principal_id: uin.to_string(),
            r#type: "CAMUser".to_owned(),
        })
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
