//! The kinds of task: one file each, with params, steps and undo. Tasks never touch HTTP.

pub mod clean_up_instance;
pub mod clear_instance;
pub mod create_instances;
pub mod destroy_instance;
#[cfg(test)]
mod matrix;
pub mod nodes;
pub mod ports;
pub mod reset_password;
pub mod startup_instance;
mod steps;
#[cfg(test)]
pub(crate) mod testing;
pub mod trouble;
pub mod world;

use std::sync::Arc;

use engine::{Kind, Registry, RegistryError};
use world::World;

/// All kinds.
///
/// # Errors
/// When two share a name.
pub fn registry(world: &Arc<World>) -> Result<Registry, RegistryError> {
    kinds(world).into_iter().try_fold(Registry::new(), Registry::add)
}

fn kinds(world: &Arc<World>) -> Vec<Kind> {
    vec![
        create_instances::kind(world),
        destroy_instance::kind(world),
        clear_instance::kind(world),
        startup_instance::kind(world),
        clean_up_instance::kind(world),
        reset_password::kind(world),
    ]
}
