//! DeleteUser: a sub-user goes with what is attached to it, and with its keys if `Force` says so. Its temporary keys end too.

use api::cam::actions::DeleteUser;
use api::cam::{DeleteUserRequest, DeleteUserResponse};

use super::change::change;
use super::given::{flag, user};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, cam};
use crate::store;

impl Action for DeleteUser {
    async fn handle(context: &Context, app: &App, request: DeleteUserRequest) -> Result<DeleteUserResponse, Error> {
        let (force, account) = (flag("Force", request.force)?, context.account().to_owned());
        let delete = move |tx: &db::Tx<'_>| {
            let user = user(tx, &account, &request.name)?;
            let keys = store::key::of(tx, &account, &user.uin)?.len();
            if keys > 0 && !force {
                return Err(cam::user_has_keys(&user.name, keys));
            }
            Ok(store::user::remove(tx, &account, &user.uin)?)
        };
        change(app, delete).await?;
        Ok(DeleteUserResponse::default())
    }
}
