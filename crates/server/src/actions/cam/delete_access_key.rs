//! DeleteAccessKey: a key is gone, at once and on every node.

use api::cam::actions::DeleteAccessKey;
use api::cam::{DeleteAccessKeyRequest, DeleteAccessKeyResponse};
use db::Tx;

use super::change::change;
use super::given::{check_holder, key_holder};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, cam};
use crate::store;
use crate::store::key::Key;

impl Action for DeleteAccessKey {
    async fn handle(
        context: &Context,
        app: &App,
        request: DeleteAccessKeyRequest,
    ) -> Result<DeleteAccessKeyResponse, Error> {
        let (account, uin) = (context.account().to_owned(), key_holder(context, request.target_uin)?);
        let delete = move |tx: &Tx<'_>| {
            let key = of_holder(tx, &account, &uin, &request.access_key_id)?;
            Ok(store::key::remove(tx, &account, &key.secret_id)?)
        };
        change(app, delete).await?;
        Ok(DeleteAccessKeyResponse::default())
    }
}

/// The key with this SecretId, which must be the user's.
///
/// # Errors
/// `ResourceNotFound.UserNotExist`, `ResourceNotFound.SecretNotExist`, `OperationDenied.UinNotMatch`; the database's.
pub(super) fn of_holder(tx: &Tx<'_>, account: &str, uin: &str, secret_id: &str) -> Result<Key, Error> {
    check_holder(tx, account, uin)?;
    let key = store::key::find(tx, account, secret_id)?.ok_or_else(|| cam::key_not_found("AccessKeyId", secret_id))?;
    if key.uin == uin { Ok(key) } else { Err(cam::key_of_another(secret_id, uin)) }
}
