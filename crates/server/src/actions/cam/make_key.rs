//! A new access key of a user.

use api::Secret;
use db::Tx;

use crate::error::{Error, cam};
use crate::ids;
use crate::model::identity::MOST_KEYS;
use crate::store;
use crate::store::account::StoredKey;

/// Makes it; its secret is never told again.
///
/// # Errors
/// `OperationDenied.AccessKeyOverLimit`; the database's.
pub(super) fn make(
    tx: &Tx<'_>,
    account: &str,
    uin: &str,
    description: &str,
    now: i64,
) -> Result<(String, Secret), Error> {
    if store::key::of(tx, account, uin)?.len() >= MOST_KEYS {
        return Err(cam::too_many_keys(MOST_KEYS));
    }
    let key = StoredKey {
        secret_id: ids::secret_id(),
        secret_key: ids::secret_key().into(),
        account: account.to_owned(),
        uin: uin.to_owned(),
        app_id: 0,
    };
    store::account::put_key(tx, &key, now)?;
    store::key::describe(tx, &key.secret_id, description)?;
    Ok((key.secret_id, key.secret_key))
}
