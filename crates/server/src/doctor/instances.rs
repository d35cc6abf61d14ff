//! This host's instances and their ports, as the state has them.

use super::Report;
use crate::app::App;
use crate::model::instance::State;
use crate::store;
use crate::store::doctor::Alive;
use crate::tasks::world::World;

pub(super) fn check(report: &mut Report, app: &App, world: &World) -> Result<Vec<Alive>, db::Error> {
    let (alive, gone) = app.db.read(|tx| {
        let alive = store::doctor::instances(tx, &world.host)?;
        Ok::<_, db::Error>((alive, store::instance_change::gone_with_ports(tx, &world.host)?))
    })?;
    report.instances = alive.len();
    for instance in alive.iter().filter(|instance| instance.state == State::Creating && !instance.held) {
        let what = "its creation has no task, so it will never end";
        let advice = "destroy what is left of it by hand, and report this: an instance and its task are written in one transaction";
        report.add("creation-without-task", instance.id.clone(), what, advice);
    }
    for id in gone {
        let advice = "the reaper frees them within seconds; if they stay, its log says why";
        report.add("ports-of-gone-instance", id, "it is gone, and still has ports", advice);
    }
    Ok(alive)
}
