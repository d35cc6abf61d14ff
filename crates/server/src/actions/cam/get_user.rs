//! GetUser: one sub-user.

use api::cam::actions::GetUser;
use api::cam::{GetUserRequest, GetUserResponse};

use super::{given, view};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;

impl Action for GetUser {
    async fn handle(context: &Context, app: &App, request: GetUserRequest) -> Result<GetUserResponse, Error> {
        let user = app.db.read(|tx| given::user(tx, context.account(), &request.name))?;
        Ok(GetUserResponse {
            uin: view::uin(&user.uin),
            uid: view::uid(&user.uin),
            name: user.name,
            remark: Some(user.remark),
            phone_num: user.phone,
            country_code: user.country_code,
            email: user.email,
            // Nobody logs in to a console here.
            ..GetUserResponse::default()
        })
    }
}
