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

/// All kinds, as a list.
#[must_use]
pub fn kinds(world: &Arc<World>) -> Vec<Kind> {
    vec![
        create_instances::kind(world),
        destroy_instance::kind(world),
        clear_instance::kind(world),
        startup_instance::kind(world),
        clean_up_instance::kind(world),
        reset_password::kind(world),
    ]
}

#[cfg(test)]
mod tests {
    use crate::tasks::testing::Bench;

    /// docs/operating.md says which; a step that is added has to be thought about.
    #[tokio::test]
    async fn the_points_of_no_return_are_where_nothing_can_be_brought_back() {
        let bench = Bench::with_new().await;
        let points: Vec<_> = super::kinds(&bench.world)
            .iter()
            .flat_map(|kind| kind.steps.iter().map(|step| (kind.name, step.name(), step.point_of_no_return())))
            .filter_map(|(kind, step, why)| Some((kind, step, why?)))
            .collect();
        let expected = [
            ("ClearInstance", "purge", "deleted keys do not come back"),
            ("CleanUpInstance", "remove_nodes", "what it removes does not come back"),
        ];
        assert_eq!(points, expected);
    }
}
