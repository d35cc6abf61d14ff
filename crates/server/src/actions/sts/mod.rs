//! Who is asking, and temporary keys.

mod get_caller_identity;
mod get_federation_token;
mod get_session_token;
mod issue;

use api::sts::actions as sts;

use crate::action::Actions;

/// The family's handlers.
pub fn add(table: &mut Actions) {
    table.add::<sts::GetCallerIdentity>();
    table.add::<sts::GetFederationToken>();
    table.add::<sts::GetSessionToken>();
}
