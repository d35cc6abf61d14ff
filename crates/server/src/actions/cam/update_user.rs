//! UpdateUser: changes what is given, leaves what is not.

use api::cam::actions::UpdateUser;
use api::cam::{UpdateUserRequest, UpdateUserResponse};

use super::add_user;
use super::change::change;
use super::given::{no_console, user};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::store;

impl Action for UpdateUser {
    async fn handle(context: &Context, app: &App, request: UpdateUserRequest) -> Result<UpdateUserResponse, Error> {
        no_console(request.console_login, request.password.as_ref(), request.need_reset_password)?;
        let account = context.account().to_owned();
        let update = move |tx: &db::Tx<'_>| {
            let mut user = user(tx, &account, &request.name)?;
            let given = [
                (&mut user.remark, request.remark),
                (&mut user.phone, request.phone_num),
                (&mut user.country_code, request.country_code),
                (&mut user.email, request.email),
            ];
            for (field, new) in given {
                if let Some(new) = new {
                    *field = new;
                }
            }
            add_user::check(&user)?;
            Ok(store::user::update(tx, &user)?)
        };
        change(app, update).await?;
        Ok(UpdateUserResponse::default())
    }
}
