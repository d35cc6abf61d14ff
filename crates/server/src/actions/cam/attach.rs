//! Attaching policies to users and roles: what the four actions share, and what is attached.

use db::Tx;

use super::given::{self, Pick};
use crate::error::{Error, cam};
use crate::model::identity::MOST_ATTACHED;
use crate::store;
use crate::store::attachment::{Attachment, Holder};
use crate::store::policy::StoredPolicy;

/// Attaches a policy; happy when it is attached.
///
/// # Errors
/// `ResourceNotFound.PolicyIdNotFound`, `InvalidParameter.AttachmentFull`; the database's.
pub(super) fn attach(
    tx: &Tx<'_>,
    account: &str,
    holder: &Holder,
    policy: &Pick<u64>,
    (operator, now): (&str, i64),
) -> Result<(), Error> {
    let policy_id = given::policy(tx, account, policy)?.id;
    let there = store::attachment::of(tx, account, holder)?;
    if there.iter().any(|attached| attached.policy_id == policy_id) {
        return Ok(());
    }
    if there.len() >= MOST_ATTACHED {
        return Err(cam::too_many_attachments(MOST_ATTACHED));
    }
    let new = Attachment { policy_id, operator: operator.to_owned(), created_at: now };
    Ok(store::attachment::put(tx, account, holder, &new)?)
}

/// Detaches a policy; happy when it is not attached.
///
/// # Errors
/// `ResourceNotFound.PolicyIdNotFound`; the database's.
pub(super) fn detach(tx: &Tx<'_>, account: &str, holder: &Holder, policy: &Pick<u64>) -> Result<(), Error> {
    let policy = given::policy(tx, account, policy)?;
    Ok(store::attachment::remove(tx, account, holder, policy.id)?)
}

/// What is attached to a holder, the latest first.
///
/// # Errors
/// The database's.
pub(super) fn attached(tx: &Tx<'_>, account: &str, holder: &Holder) -> Result<Vec<(Attachment, StoredPolicy)>, Error> {
    let mut found = Vec::new();
    for attachment in store::attachment::of(tx, account, holder)? {
        if let Some(policy) = store::policy::with_id(tx, account, attachment.policy_id)? {
            found.push((attachment, policy));
        }
    }
    Ok(found)
}
