//! UpdateAccessKey: takes a key out of use, at once and on every node, or into use again.

use api::cam::actions::UpdateAccessKey;
use api::cam::{UpdateAccessKeyRequest, UpdateAccessKeyResponse};

use super::change::change;
use super::delete_access_key::of_holder;
use super::given::key_holder;
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, cam};
use crate::store;

impl Action for UpdateAccessKey {
    async fn handle(
        context: &Context,
        app: &App,
        request: UpdateAccessKeyRequest,
    ) -> Result<UpdateAccessKeyResponse, Error> {
        let active = [true, false].into_iter().find(|active| store::key::status(*active) == request.status);
        let active = active.ok_or_else(|| {
            let rule = "it must be Active or Inactive";
            cam::bad_parameter("Status", request.status.escape_debug(), rule, "可选值为 Active, Inactive")
        })?;
        let (account, uin) = (context.account().to_owned(), key_holder(context, request.target_uin)?);
        let update = move |tx: &db::Tx<'_>| {
            let key = of_holder(tx, &account, &uin, &request.access_key_id)?;
            Ok(store::key::set_active(tx, &account, &key.secret_id, active)?)
        };
        change(app, update).await?;
        Ok(UpdateAccessKeyResponse::default())
    }
}
