//! GetUserAppId: the caller's account and its AppId. Clients ask this of themselves at their start, so it needs no policy.

use api::cam::actions::GetUserAppId;
use api::cam::{GetUserAppIdRequest, GetUserAppIdResponse};

use super::view;
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;

impl Action for GetUserAppId {
    async fn handle(
        context: &Context,
        _app: &App,
        _request: GetUserAppIdRequest,
    ) -> Result<GetUserAppIdResponse, Error> {
        Ok(GetUserAppIdResponse {
            uin: context.caller.uin.to_string(),
            owner_uin: context.account().to_owned(),
            app_id: view::unsigned(context.caller.app_id),
        })
    }
}
