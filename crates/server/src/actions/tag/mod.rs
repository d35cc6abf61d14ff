//! The tag service, for the instances of Redis alone. Its tags are those of InstanceSet.

mod describe_resource_tags;
mod describe_resource_tags_by_resource_ids;
mod modify_resource_tags;

use api::tag::TagResource;
use api::tag::actions as tag;

use crate::action::Actions;
use crate::error::{self, Error};
use crate::model::region;
use crate::store::tag_list::Line;

/// The family's handlers.
pub fn add(table: &mut Actions) {
    table.add::<tag::DescribeResourceTags>();
    table.add::<tag::DescribeResourceTagsByResourceIds>();
    table.add::<tag::ModifyResourceTags>();
}

const SERVICE: &str = "redis";
const PREFIX: &str = "instance";
/// The page's default of `Limit`, and the most.
const LIMITS: (i64, i64) = (15, 200);

fn check_kind(service: Option<&str>, prefix: Option<&str>) -> Result<(), Error> {
    match (service, prefix) {
        (Some(service), _) if service != SERVICE => Err(error::tag::invalid_service_type(service)),
        (_, Some(prefix)) if prefix != PREFIX => Err(error::tag::invalid_resource_prefix(prefix)),
        _ => Ok(()),
    }
}

fn check_region(name: &str) -> Result<String, Error> {
    region::find(name).map(|region| region.name.to_owned()).ok_or_else(|| error::tag::invalid_region(name))
}

/// The digests of key and value are left empty; no client reads them.
fn view(line: Line) -> TagResource {
    TagResource {
        tag_key: line.key,
        tag_value: line.value,
        resource_id: line.instance_id,
        service_type: SERVICE.to_owned(),
        category: "Custom".to_owned(),
        ..TagResource::default()
    }
}

/// A count or an offset, which is never negative.
fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}
