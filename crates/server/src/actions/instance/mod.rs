//! The life of an instance: bought, listed, changed, destroyed, started up again, cleaned up.

mod create_instances;

use api::redis::actions as redis;

use crate::action::Actions;

/// The family's handlers.
pub fn add(table: &mut Actions) {
    table.add::<redis::CreateInstances>();
}
