//! Who is asking.

mod get_caller_identity;

use api::sts::actions as sts;

use crate::action::Actions;

/// The family's handlers.
pub fn add(table: &mut Actions) {
    table.add::<sts::GetCallerIdentity>();
}
