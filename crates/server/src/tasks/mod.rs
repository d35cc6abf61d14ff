//! The kinds of task: one file each, with params, steps and undo. Tasks never touch HTTP.

pub mod create_instances;
pub mod nodes;
pub mod ports;
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
    vec![create_instances::kind(world)]
}
