//! Regions and zones, as three services of the cloud list them (`region`, `api`, `cvm`), and the products of `region`.

mod describe_products;
mod describe_regions;
mod describe_zones;

use api::{api as apis, cvm, region};

use crate::action::Actions;
use crate::error::{Error, gateway};

/// The family's handlers.
pub fn add(table: &mut Actions) {
    table.add::<region::actions::DescribeProducts>();
    table.add::<region::actions::DescribeRegions>();
    table.add::<region::actions::DescribeZones>();
    table.add::<apis::actions::DescribeRegions>();
    table.add::<apis::actions::DescribeZones>();
    table.add::<cvm::actions::DescribeRegions>();
    table.add::<cvm::actions::DescribeZones>();
}

/// What `RegionState` and `ZoneState` say of a place that sells.
const AVAILABLE: &str = "AVAILABLE";
/// The only product that is sold here.
const REDIS: &str = "redis";

fn check_product(product: &str) -> Result<(), Error> {
    if product == REDIS {
        return Ok(());
    }
    let (rule, rule_zh) = ("this server sells `redis` alone", "本服务仅售 `redis`");
    Err(gateway::invalid_value("Product", product.escape_debug(), rule, rule_zh))
}

/// Which of the cloud's lists to take, the full one or the one of optional places; here they are the same.
fn check_scene(scene: Option<i64>) -> Result<(), Error> {
    match scene {
        None | Some(0 | 1) => Ok(()),
        Some(other) => Err(gateway::invalid_value("Scene", other, "it must be 0 or 1", "可选值为 0, 1")),
    }
}
