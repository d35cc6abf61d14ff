//! The table of contents: one line an action. An action without a line answers `UnsupportedOperation`.

pub mod account;
pub mod enqueue;
pub mod instance;
pub mod load;
pub mod task;

use crate::action::Actions;

/// All handlers.
#[must_use]
pub fn table() -> Actions {
    let mut table = Actions::default();
    account::add(&mut table);
    instance::add(&mut table);
    task::add(&mut table);
    table
}
