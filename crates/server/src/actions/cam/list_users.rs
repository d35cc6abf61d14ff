//! ListUsers: all sub-users of the account, the newest first.

use api::cam::actions::ListUsers;
use api::cam::{ListUsersRequest, ListUsersResponse};

use super::view;
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::store;

impl Action for ListUsers {
    async fn handle(context: &Context, app: &App, _request: ListUsersRequest) -> Result<ListUsersResponse, Error> {
        let users = app.db.read(|tx| store::user::all(tx, context.account()))?;
        Ok(ListUsersResponse { data: users.into_iter().map(|user| view::user(app, user)).collect() })
    }
}
