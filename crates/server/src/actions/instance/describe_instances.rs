//! DescribeInstances: the caller's instances in one region, filtered, ordered and paged.

use api::redis::actions::DescribeInstances;
use api::redis::{DescribeInstancesRequest, DescribeInstancesResponse};
use db::Tx;

use super::instance_filter::{self, Scope};
use super::instance_set::{self, Known};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::model::instance::Instance;
use crate::store;

impl Action for DescribeInstances {
    async fn handle(
        context: &Context,
        app: &App,
        request: DescribeInstancesRequest,
    ) -> Result<DescribeInstancesResponse, Error> {
        let scope = Scope {
            account: context.account(),
            region: context.region()?,
            cutoff: app.to_delete_cutoff(),
            tombstones_from: app.clock.now_ms() - app.config.isolation.tombstone * 1000,
        };
        let filter = instance_filter::read(&request, &scope)?;
        // One snapshot: the count and the page are of the same moment.
        let (total_count, known) = app.db.snapshot(|tx| {
            let (total, page) = store::instance_list::list(tx, &filter)?;
            let known = page.into_iter().map(|instance| know(tx, instance)).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, db::Error>((total, known))
        })?;
        let instance_set = known.into_iter().map(|known| instance_set::view(app, context, known)).collect();
        Ok(DescribeInstancesResponse { total_count, instance_set })
    }
}

fn know(tx: &Tx<'_>, instance: Instance) -> Result<Known, db::Error> {
    let nodes = store::node::of_instance(tx, &instance.id)?;
    let tags = store::tag::of_instance(tx, &instance.id)?;
    Ok(Known { instance, nodes, tags })
}
