//! The life of an instance: bought, listed, changed, destroyed, started up again, cleaned up.

mod clean_up_instance;
mod clear_instance;
mod create_instances;
mod describe_instance_deal_detail;
mod describe_instance_node_info;
mod describe_instances;
mod describe_maintenance_window;
mod describe_product_info;
mod destroy_postpaid_instance;
mod destroy_prepaid_instance;
mod instance_filter;
mod instance_set;
mod modify_instance;
mod modify_maintenance_window;
mod startup_instance;

use api::redis::actions as redis;

use crate::action::Actions;

/// The family's handlers.
pub fn add(table: &mut Actions) {
    table.add::<redis::CreateInstances>();
    table.add::<redis::DescribeInstances>();
    table.add::<redis::DescribeInstanceDealDetail>();
    table.add::<redis::DescribeInstanceNodeInfo>();
    table.add::<redis::DescribeMaintenanceWindow>();
    table.add::<redis::DescribeProductInfo>();
    table.add::<redis::ModifyInstance>();
    table.add::<redis::ClearInstance>();
    table.add::<redis::DestroyPostpaidInstance>();
    table.add::<redis::DestroyPrepaidInstance>();
    table.add::<redis::StartupInstance>();
    table.add::<redis::CleanUpInstance>();
    table.add::<redis::ModifyMaintenanceWindow>();
}
