//! The table of contents: one line an action. An action without a line answers `UnsupportedOperation`.

pub mod account;
pub mod cam;
pub mod enqueue;
pub mod instance;
pub mod load;
pub mod region;
pub mod sts;
pub mod tag;
pub mod task;
mod values;

use crate::action::Actions;

/// All handlers.
#[must_use]
pub fn table() -> Actions {
    let mut table = Actions::default();
    account::add(&mut table);
    cam::add(&mut table);
    instance::add(&mut table);
    region::add(&mut table);
    sts::add(&mut table);
    tag::add(&mut table);
    task::add(&mut table);
    table
}
