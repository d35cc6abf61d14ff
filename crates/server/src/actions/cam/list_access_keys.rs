//! ListAccessKeys: the keys of the caller or of another user, without their secrets.

use api::cam::actions::ListAccessKeys;
use api::cam::{ListAccessKeysRequest, ListAccessKeysResponse};

use super::given::{check_holder, key_holder};
use super::view;
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::store;

impl Action for ListAccessKeys {
    async fn handle(
        context: &Context,
        app: &App,
        request: ListAccessKeysRequest,
    ) -> Result<ListAccessKeysResponse, Error> {
        let uin = key_holder(context, request.target_uin)?;
        let keys = app.db.read(|tx| {
            check_holder(tx, context.account(), &uin)?;
            Ok::<_, Error>(store::key::of(tx, context.account(), &uin)?)
        })?;
        Ok(ListAccessKeysResponse { access_keys: Some(keys.into_iter().map(|key| view::key(app, key)).collect()) })
    }
}
