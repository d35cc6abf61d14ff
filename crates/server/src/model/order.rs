//! The rules of CreateInstances: from what was asked to what will be made, or which parameter is wrong and why.

use api::redis::CreateInstancesRequest;

use super::instance::{Access, billing};
use super::product::{self, Architecture, Engine, Product, SIZES_GB};
use super::region::{Region, Zone};
use super::{name, password};
use crate::config::Config;
use crate::error::{Error, gateway, product as refusal};

/// An order that can be carried out.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is the parameter of that name, with its default filled in")]
pub struct Order {
    pub goods: i64,
    pub type_id: i64,
    pub engine: String,
    pub mem_mb: i64,
    pub billing_mode: i64,
    pub period: i64,
    pub zone: Zone,
    pub password: Access,
    pub vpc_id: String,
    pub subnet_id: String,
    pub project_id: i64,
    pub auto_renew: i64,
    pub security_groups: Vec<String>,
    pub vport: u16,
    pub replicas: u16,
    pub name: Option<String>,
    pub tags: Vec<(String, String)>,
    pub template_id: String,
    pub connection_mode: i64,
}

/// Checks every parameter.
///
/// # Errors
/// The first that is wrong, by name, with what would be right.
pub fn check(
    request: &CreateInstancesRequest,
    region: &'static Region,
    engines: &[Engine],
    config: &Config,
) -> Result<Order, Error> {
    refuse_what_is_not_there(request)?;
    let product = product(request)?;
    let engine = product::choose(product, engines, config.engines.strict)
        .ok_or_else(|| refusal::no_engine(product.type_id, &product.version_text()))?;
    let zone = zone(request, region)?;
    let replicas = replicas(request, product)?;
    node_set(request, zone, replicas)?;
    let (billing_mode, period) = billing(request)?;
    network(request, config)?;
    Ok(Order {
        goods: ranged("GoodsNum", request.goods_num, 1, config.limits.goods)
            .map_err(|_| refusal::goods_num(request.goods_num, config.limits.goods))?,
        type_id: product.type_id,
        engine: engine.path.clone(),
        mem_mb: mem_size(request.mem_size)?,
        billing_mode,
        period,
        zone,
        password: access(request)?,
        vpc_id: request.vpc_id.clone().unwrap_or_default(),
        subnet_id: request.subnet_id.clone().unwrap_or_default(),
        project_id: at_least("ProjectId", request.project_id.unwrap_or(0), 0)?,
        auto_renew: ranged("AutoRenew", request.auto_renew.unwrap_or(0), 0, 2)?,
        security_groups: request.security_group_id_list.clone().unwrap_or_default(),
        vport: port(request.v_port)?,
        replicas,
        name: instance_name(request)?,
        tags: tags(request)?,
        template_id: request.template_id.clone().unwrap_or_default(),
        connection_mode: ranged("ConnectionMode", request.connection_mode.unwrap_or(0), 0, 1)?,
    })
}

fn refuse_what_is_not_there(request: &CreateInstancesRequest) -> Result<(), Error> {
    let asked = [
        (
            "ReplicasReadonly",
            request.replicas_readonly == Some(true),
            "replicas that serve reads need a proxy",
            "副本只读需要代理",
        ),
        ("EncryptPassword", request.encrypt_password == Some(true), "send the password as it is", "请直接发送密码"),
        ("EnableSSL", request.enable_ssl == Some(true), "instances do not speak TLS yet", "实例尚不支持 SSL"),
        (
            "SSLBindPrivateIPv4",
            request.ssl_bind_private_ipv4 == Some(true),
            "instances do not speak TLS yet",
            "实例尚不支持 SSL",
        ),
        (
            "RedisClusterId",
            filled(request.redis_cluster_id.as_deref()),
            "there are no dedicated clusters",
            "没有独享集群",
        ),
        (
            "AlarmPolicyList",
            request.alarm_policy_list.as_ref().is_some_and(|list| !list.is_empty()),
            "there are no alarm policies",
            "没有告警策略",
        ),
        (
            "PasswordPolicy",
            request.password_policy.as_ref().is_some_and(|policy| policy.enabled),
            "there is only the built-in password rule",
            "仅支持内置密码规则",
        ),
        (
            "ProductVersion",
            !matches!(request.product_version.as_deref(), None | Some("" | "local")),
            "only `local` is sold",
            "仅售 `local`",
        ),
    ];
    match asked.iter().find(|(_, asked, ..)| *asked) {
        Some((path, _, en, zh)) => Err(gateway::unsupported_parameter(path, en, zh)),
        None => Ok(()),
    }
}

fn filled(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.is_empty())
}

fn product(request: &CreateInstancesRequest) -> Result<&'static Product, Error> {
    let type_id = i64::try_from(request.type_id).ok();
    let product = type_id.and_then(product::find).ok_or_else(|| refusal::invalid_type(request.type_id))?;
    match product.architecture {
        Architecture::Cluster => Err(gateway::unsupported_parameter("TypeId", "the cluster architecture", "集群架构")),
        Architecture::Standard => Ok(product),
    }
}

fn mem_size(mem_size: u64) -> Result<i64, Error> {
    let sold = SIZES_GB.iter().map(|gb| gb * 1024).find(|mb| u64::try_from(*mb) == Ok(mem_size));
    let sizes = || SIZES_GB.iter().map(|gb| (gb * 1024).to_string()).collect::<Vec<_>>().join(", ");
    sold.ok_or_else(|| {
        refusal::invalid_mem_size(mem_size, &format!("it must be one of {}", sizes()), &format!("可选值为 {}", sizes()))
    })
}

fn zone(request: &CreateInstancesRequest, region: &'static Region) -> Result<Zone, Error> {
    let foreign = |path: &str, value: String| {
        gateway::invalid_value(
            path,
            value,
            &format!("it is not a zone of {}", region.name),
            &format!("不是 {} 的可用区", region.name),
        )
    };
    let by_name = match request.zone_name.as_deref() {
        None | Some("") => None,
        Some(name) => Some(region.zone_by_name(name).ok_or_else(|| foreign("ZoneName", name.to_owned()))?),
    };
    let by_id = match request.zone_id {
        None | Some(0) => None,
        Some(id) => Some(zone_by_id(region, id).ok_or_else(|| foreign("ZoneId", id.to_string()))?),
    };
    match (by_id, by_name) {
        (Some(id), Some(name)) if id.id() != name.id() => Err(foreign("ZoneName", name.name())),
        (id, name) => Ok(id.or(name).unwrap_or_else(|| region.default_zone())),
    }
}

fn zone_by_id(region: &'static Region, id: u64) -> Option<Zone> {
    i64::try_from(id).ok().and_then(|id| region.zone_by_id(id))
}

fn replicas(request: &CreateInstancesRequest, product: &Product) -> Result<u16, Error> {
    let shards = request.redis_shard_num.unwrap_or(1);
    if !(0..=1).contains(&shards) {
        return Err(refusal::spec_not_sold(
            "RedisShardNum",
            shards,
            "the standard architecture has 1 shard",
            "标准架构只有 1 个分片",
        ));
    }
    let (replicas, most) = (request.redis_replicas_num.unwrap_or(1), product.max_replicas());
    let sold = u16::try_from(replicas).ok().filter(|_| (1..=most).contains(&replicas));
    sold.ok_or_else(|| {
        refusal::spec_not_sold(
            "RedisReplicasNum",
            replicas,
            &format!("it must be from 1 to {most}"),
            &format!("应为 1 至 {most}"),
        )
    })
}

/// Nodes may be listed one by one, as long as all are in the instance's own zone.
fn node_set(request: &CreateInstancesRequest, zone: Zone, replicas: u16) -> Result<(), Error> {
    let Some(nodes) = request.node_set.as_ref().filter(|nodes| !nodes.is_empty()) else { return Ok(()) };
    let masters = nodes.iter().filter(|node| node.node_type == 0).count();
    if masters != 1 || nodes.len() != usize::from(replicas) + 1 {
        return Err(gateway::invalid_value(
            "NodeSet",
            format_args!("{} nodes, {masters} of them masters", nodes.len()),
            &format!("it must have one master (NodeType 0) and {replicas} replicas (NodeType 1)"),
            &format!("应包含 1 个主节点（NodeType 0）和 {replicas} 个副本节点（NodeType 1）"),
        ));
    }
    let elsewhere = nodes.iter().position(|node| node.zone_id.is_some_and(|id| i64::try_from(id) != Ok(zone.id())));
    match elsewhere {
        Some(index) => Err(gateway::unsupported_parameter(
            &format!("NodeSet.{index}.ZoneId"),
            "nodes in several zones",
            "多可用区部署",
        )),
        None => Ok(()),
    }
}

fn billing(request: &CreateInstancesRequest) -> Result<(i64, i64), Error> {
    let mode = ranged("BillingMode", request.billing_mode, billing::POSTPAID, billing::PREPAID)?;
    match request.period {
        0 => Err(refusal::period_too_short(0)),
        1..=12 | 24 | 36 => Ok((mode, i64::try_from(request.period).unwrap_or(1))),
        other => Err(refusal::period_too_long(other)),
    }
}

fn access(request: &CreateInstancesRequest) -> Result<Access, Error> {
    let given = request.password.as_ref().map(|password| password.expose());
    password::asked(given, request.no_auth, request.vpc_id.as_deref().unwrap_or_default())
}

/// With the strict setting on, only the ids of the configuration exist.
fn network(request: &CreateInstancesRequest, config: &Config) -> Result<(), Error> {
    let network = &config.network;
    if !network.strict {
        return Ok(());
    }
    let one = |id: &Option<String>| id.clone().into_iter().collect::<Vec<_>>();
    let asked = [
        ("InvalidParameterValue.UnVpcIdNotExists", "VpcId", one(&request.vpc_id), &network.vpcs),
        ("InvalidParameterValue.InvalidSubnetId", "SubnetId", one(&request.subnet_id), &network.subnets),
        (
            "InvalidParameterValue.SecurityGroupIdsNotExists",
            "SecurityGroupIdList",
            request.security_group_id_list.clone().unwrap_or_default(),
            &network.security_groups,
        ),
        ("InvalidParameterValue", "TemplateId", one(&request.template_id), &network.templates),
    ];
    for (code, path, ids, known) in asked {
        if let Some(id) = ids.iter().find(|id| !id.is_empty() && !known.contains(id)) {
            return Err(refusal::unknown_network(code, path, id));
        }
    }
    Ok(())
}

fn port(asked: Option<u64>) -> Result<u16, Error> {
    let port = asked.unwrap_or(6379);
    u16::try_from(port)
        .ok()
        .filter(|port| *port >= 1024)
        .ok_or_else(|| gateway::invalid_value("VPort", port, "it must be from 1024 to 65535", "应为 1024 至 65535"))
}

fn instance_name(request: &CreateInstancesRequest) -> Result<Option<String>, Error> {
    let given = request.instance_name.clone().filter(|given| !given.is_empty());
    given.map(|given| name::check("InstanceName", &given).map(|()| given)).transpose()
}

fn tags(request: &CreateInstancesRequest) -> Result<Vec<(String, String)>, Error> {
    let given = request.resource_tags.iter().flatten();
    let tags: Vec<_> = given.map(|tag| (tag.tag_key.clone(), tag.tag_value.clone())).collect();
    if tags.len() > name::MOST_TAGS {
        return Err(gateway::invalid_value(
            &format!("ResourceTags.{}", name::MOST_TAGS),
            format_args!("{} tags", tags.len()),
            &format!("an instance has at most {} tags", name::MOST_TAGS),
            &format!("每个实例最多 {} 个标签", name::MOST_TAGS),
        ));
    }
    for (index, (key, value)) in tags.iter().enumerate() {
        name::check_tag(&format!("ResourceTags.{index}"), key, value)?;
        if tags.iter().take(index).any(|(other, _)| other == key) {
            return Err(gateway::duplicate_parameter(&format!("ResourceTags.{index}.TagKey")));
        }
    }
    Ok(tags)
}

fn ranged<N: Copy + std::fmt::Display + TryInto<i64>>(path: &str, value: N, low: i64, high: i64) -> Result<i64, Error> {
    let inside = value.try_into().ok().filter(|inside| (low..=high).contains(inside));
    inside.ok_or_else(|| {
        gateway::invalid_value(
            path,
            value,
            &format!("it must be from {low} to {high}"),
            &format!("应为 {low} 至 {high}"),
        )
    })
}

fn at_least(path: &str, value: i64, low: i64) -> Result<i64, Error> {
    ranged(path, value, low, i64::MAX).map_err(|_| {
        gateway::invalid_value(path, value, &format!("it must be at least {low}"), &format!("不能小于 {low}"))
    })
}
