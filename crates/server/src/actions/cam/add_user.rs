//! AddUser: a sub-user, with an access key if that is wanted. Without a policy it may do nothing.

use api::Secret;
use api::cam::actions::AddUser;
use api::cam::{AddUserRequest, AddUserResponse};
use db::Tx;

use super::change::{change, free, unless_in_use};
use super::given::{flag, no_console};
use super::{make_key, view};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, cam};
use crate::ids;
use crate::model::identity::{self, MOST_USERS};
use crate::store;
use crate::store::user::User;

impl Action for AddUser {
    async fn handle(context: &Context, app: &App, request: AddUserRequest) -> Result<AddUserResponse, Error> {
        let with_key = flag("UseApi", request.use_api)?;
        no_console(request.console_login, request.password.as_ref(), request.need_reset_password)?;
        let user = User {
            uin: String::new(),
            account: context.account().to_owned(),
            name: request.name,
            remark: request.remark.unwrap_or_default(),
            phone: request.phone_num.unwrap_or_default(),
            country_code: request.country_code.unwrap_or_default(),
            email: request.email.unwrap_or_default(),
            created_at: context.now,
        };
        check(&user)?;
        let (user, key) = change(app, move |tx| add(tx, user, with_key)).await?;
        let (secret_id, secret_key) = key.unwrap_or_else(|| (String::new(), "".into()));
        Ok(AddUserResponse {
            uin: view::uin(&user.uin),
            uid: view::uid(&user.uin),
            name: user.name,
            secret_id,
            secret_key,
            ..AddUserResponse::default()
        })
    }
}

/// What is said of a user.
///
/// # Errors
/// `InvalidParameter.UserNameIllegal` and `.ParamError`.
pub(super) fn check(user: &User) -> Result<(), Error> {
    identity::check_user_name(&user.name)?;
    identity::check_text("Remark", &user.remark, 200)?;
    identity::check_text("PhoneNum", &user.phone, 32)?;
    identity::check_text("CountryCode", &user.country_code, 8)?;
    identity::check_text("Email", &user.email, 128)
}

fn add(tx: &Tx<'_>, mut user: User, with_key: bool) -> Result<(User, Option<(String, Secret)>), Error> {
    if store::user::named(tx, &user.account, &user.name)?.is_some() {
        return Err(cam::user_name_in_use(&user.name));
    }
    if store::user::count(tx, &user.account)? >= MOST_USERS {
        return Err(cam::too_many_users(MOST_USERS));
    }
    user.uin = free(ids::uin, |uin| store::user::is_taken(tx, uin))?;
    store::user::add(tx, &user).map_err(|error| unless_in_use(error, || cam::user_name_in_use(&user.name)))?;
    let made = with_key.then(|| make_key::make(tx, &user.account, &user.uin, "", user.created_at)).transpose()?;
    Ok((user, made))
}
