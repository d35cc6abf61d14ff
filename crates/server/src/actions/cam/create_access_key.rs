//! CreateAccessKey: a new key of the caller or of another user. The answer is the only one that ever tells its secret.

use api::cam::actions::CreateAccessKey;
use api::cam::{AccessKeyDetail, CreateAccessKeyRequest, CreateAccessKeyResponse};

use super::change::change;
use super::given::{check_holder, key_holder};
use super::make_key;
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::model::identity;
use crate::store::key;

impl Action for CreateAccessKey {
    async fn handle(
        context: &Context,
        app: &App,
        request: CreateAccessKeyRequest,
    ) -> Result<CreateAccessKeyResponse, Error> {
        let uin = key_holder(context, request.target_uin)?;
        let description = request.description.unwrap_or_default();
        identity::check_key_description(&description)?;
        let (account, said, now) = (context.account().to_owned(), description.clone(), context.now);
        let make = move |tx: &db::Tx<'_>| {
            check_holder(tx, &account, &uin)?;
            make_key::make(tx, &account, &uin, &said, now)
        };
        let (access_key_id, secret_access_key) = change(app, make).await?;
        let detail = AccessKeyDetail {
            access_key_id,
            secret_access_key,
            status: key::status(true).to_owned(),
            create_time: app.wire_time(now),
            description: Some(description),
        };
        Ok(CreateAccessKeyResponse { access_key: Some(detail) })
    }
}
