//! From the parameters of DescribeInstances to the conditions of the store.

use std::collections::BTreeMap;

use api::redis::DescribeInstancesRequest as Request;

use crate::actions::values::{LONGEST, choice, choices, given, listed, page};
use crate::error::{Error, gateway};
use crate::model::instance::{billing, status};
use crate::model::product::{Architecture, Family, PRODUCTS, Product};
use crate::model::region::{REGIONS, Region};
use crate::store::instance_list::{Filter, Only, Order};

/// The most words and tags that one request may look for; each is a condition of its own.
const MOST_WORDS: usize = 100;

const ORDERS: &[(&str, Order)] = &[
    ("projectId", Order::Project),
    ("createtime", Order::Created),
    ("instancename", Order::Name),
    ("type", Order::Type),
    ("curDeadline", Order::Deadline),
];
const STATUSES: &[(i64, i64)] = &[
    (status::INITIAL, status::INITIAL),
    (status::IN_FLOW, status::IN_FLOW),
    (status::RUNNING, status::RUNNING),
    (status::ISOLATED, status::ISOLATED),
    (status::TO_DELETE, status::TO_DELETE),
];

/// Whose instances, where and when.
pub(super) struct Scope<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'static Region,
    pub(super) cutoff: i64,
    pub(super) tombstones_from: i64,
}

/// Checks every parameter.
///
/// # Errors
/// `InvalidParameterValue`: the first that is wrong, by name, with what would be right.
pub(super) fn read(request: &Request, scope: &Scope<'_>) -> Result<Filter, Error> {
    let mut only = Vec::new();
    named(request, &mut only)?;
    of_type(request, &mut only)?;
    paid(request, &mut only)?;
    placed(request, scope.region, &mut only)?;
    tagged(request, &mut only)?;
    let (limit, offset) = page(request.limit, request.offset, 20, 1000)?;
    let order = given(request.order_by.as_ref()).map(|order| choice("OrderBy", &order, ORDERS)).transpose()?;
    let ascending = choice("OrderType", &request.order_type.unwrap_or(1), &[(1, false), (0, true)])?;
    if let Some(version) = given(request.monitor_version.as_ref()) {
        choice("MonitorVersion", &version, &[("1m", ()), ("5s", ())])?;
    }
    Ok(Filter {
        account: scope.account.to_owned(),
        region: scope.region.name.to_owned(),
        cutoff: scope.cutoff,
        tombstones_from: scope.tombstones_from,
        only,
        order: order.unwrap_or(Order::Created),
        ascending,
        limit,
        offset,
    })
}

fn named(request: &Request, only: &mut Vec<Only>) -> Result<(), Error> {
    let text = |text| given(text).map(str::to_owned);
    only.extend(text(request.instance_id.as_ref()).map(|id| Only::Ids(vec![id])));
    only.extend(texts("InstanceIds", request.instance_ids.as_ref())?.map(Only::Ids));
    only.extend(text(request.instance_name.as_ref()).map(Only::Name));
    only.extend(text(request.search_key.as_ref()).map(|word| Only::Words(vec![word])));
    let words = listed("SearchKeys", request.search_keys.as_ref(), MOST_WORDS)?.unwrap_or_default();
    let words: Vec<_> = words.iter().filter(|word| !word.is_empty()).cloned().collect();
    only.extend((!words.is_empty()).then_some(Only::Words(words)));
    Ok(())
}

fn of_type(request: &Request, only: &mut Vec<Only>) -> Result<(), Error> {
    if let Some(statuses) = listed("Status", request.status.as_ref(), LONGEST)? {
        only.push(Only::Statuses(choices("Status", statuses, STATUSES)?));
    }
    only.extend(request.r#type.map(|type_id| Only::Types(vec![type_id])));
    only.extend(listed("TypeList", request.type_list.as_ref(), LONGEST)?.map(|types| Only::Types(types.to_vec())));
    if let Some(version) = request.type_version {
        let architectures = [(1, None), (2, Some(Architecture::Standard)), (3, Some(Architecture::Cluster))];
        let wanted = choice("TypeVersion", &version, &architectures)?;
        only.push(Only::Types(types(|product| Some(product.architecture) == wanted)));
    }
    if let Some(engine) = given(request.engine_name.as_ref()) {
        only.push(Only::Types(of_engine(engine)?));
    }
    if let Some(versions) = listed("ProductVersions", request.product_versions.as_ref(), LONGEST)? {
        let known = ["local", "localv2", "cdc", "cloud"].map(|version| (version.to_owned(), version));
        let versions = choices("ProductVersions", versions, &known)?;
        only.push(Only::ProductVersions(versions.into_iter().map(str::to_owned).collect()));
    }
    Ok(())
}

fn types(wanted: impl Fn(&Product) -> bool) -> Vec<i64> {
    PRODUCTS.iter().filter(|product| wanted(product)).map(|product| product.type_id).collect()
}

/// `Redis-5.0`: the page's spelling of an engine and its version. Its `Redis-6.0` is what is sold as 6.2.
fn of_engine(name: &str) -> Result<Vec<i64>, Error> {
    let label = |product: &Product| match (product.family, product.version) {
        (Family::Redis, (major, minor)) => format!("Redis-{major}.{minor}"),
        (Family::Valkey, (major, minor)) => format!("Valkey-{major}.{minor}"),
    };
    let asked = if name == "Redis-6.0" { "Redis-6.2" } else { name };
    let found = types(|product| label(product) == asked);
    if !found.is_empty() || asked == "CKV" {
        return Ok(found);
    }
    let mut known: Vec<_> = PRODUCTS.iter().map(label).collect();
    known.dedup();
    let known = format!("{}, Redis-6.0, CKV", known.join(", "));
    Err(gateway::invalid_value("EngineName", name, &format!("it must be one of {known}"), &format!("可选值为 {known}")))
}

fn paid(request: &Request, only: &mut Vec<Only>) -> Result<(), Error> {
    if let Some(mode) = given(request.billing_mode.as_ref()) {
        let modes = [("postpaid", billing::POSTPAID), ("prepaid", billing::PREPAID)];
        only.push(Only::Billing(choice("BillingMode", &mode, &modes)?));
    }
    if let Some(flags) = listed("AutoRenew", request.auto_renew.as_ref(), LONGEST)? {
        only.push(Only::AutoRenew(choices("AutoRenew", flags, &[(0, 0), (1, 1), (2, 2)])?));
    }
    only.extend(listed("ProjectIds", request.project_ids.as_ref(), LONGEST)?.map(|ids| Only::Projects(ids.to_vec())));
    Ok(())
}

fn placed(request: &Request, region: &Region, only: &mut Vec<Only>) -> Result<(), Error> {
    only.extend(texts("UniqVpcIds", request.uniq_vpc_ids.as_ref())?.map(Only::Vpcs));
    only.extend(texts("VpcIds", request.vpc_ids.as_ref())?.map(Only::Vpcs));
    only.extend(texts("UniqSubnetIds", request.uniq_subnet_ids.as_ref())?.map(Only::Subnets));
    only.extend(texts("SubnetIds", request.subnet_ids.as_ref())?.map(Only::Subnets));
    if let Some(ids) = listed("RegionIds", request.region_ids.as_ref(), LONGEST)? {
        let known: Vec<_> = REGIONS.iter().map(|region| (region.id, region.id)).collect();
        // A list is of one region, the request's; it is empty unless that is among those asked for.
        let here = choices("RegionIds", ids, &known)?.contains(&region.id);
        only.extend((!here).then_some(Only::Nothing));
    }
    if let Some(mode) = given(request.az_mode.as_ref()) {
        let several = choice("AzMode", &mode, &[("singleaz", false), ("multiaz", true)])?;
        // Every instance is in one zone.
        only.extend(several.then_some(Only::Nothing));
    }
    Ok(())
}

/// Of one key any of the given values; of all keys each.
fn tagged(request: &Request, only: &mut Vec<Only>) -> Result<(), Error> {
    let mut wanted: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for tag in listed("InstanceTags", request.instance_tags.as_ref(), MOST_WORDS)?.unwrap_or_default() {
        wanted.entry(&tag.tag_key).or_default().push(tag.tag_value.clone());
    }
    only.extend(wanted.into_iter().map(|(key, values)| Only::Tag(key.to_owned(), values)));
    let keys = listed("TagKeys", request.tag_keys.as_ref(), MOST_WORDS)?.unwrap_or_default();
    only.extend(keys.iter().map(|key| Only::Tag(key.clone(), Vec::new())));
    Ok(())
}

fn texts(path: &str, list: Option<&Vec<String>>) -> Result<Option<Vec<String>>, Error> {
    Ok(listed(path, list, LONGEST)?.map(<[String]>::to_vec))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_named_as_the_page_does() {
        assert_eq!(of_engine("Redis-5.0").unwrap(), [8, 9]);
        assert_eq!(of_engine("Redis-6.0").unwrap(), [15, 16]);
        assert_eq!(of_engine("Valkey-8.0").unwrap(), [19, 20]);
        assert_eq!(of_engine("CKV").unwrap(), [0_i64; 0]);
        let error = of_engine("Redis 5.0").unwrap_err();
        assert!(error.message.en.contains("Redis-5.0, Redis-6.2"), "{error}");
    }
}
