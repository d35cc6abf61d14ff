//! One instance as DescribeInstances shows it.

use api::redis::{InstanceSet, InstanceTagInfo};

use crate::app::App;
use crate::context::Context;
use crate::error::Language;
use crate::model::instance::{Access, Instance, Node, State, billing, status};
use crate::model::product::{self, Architecture, Family};
use crate::model::region;
use crate::model::wire_time;

/// Clients at once; the cloud's smallest limit, which all sizes have.
const CLIENT_LIMIT: i64 = 10_000;
/// MB a second for each shard, the cloud's smallest. Nothing is throttled.
const NET_LIMIT: i64 = 24;

/// What the store knows of an instance.
pub(super) struct Known {
    pub(super) instance: Instance,
    pub(super) nodes: Vec<Node>,
    pub(super) tags: Vec<(String, String)>,
}

/// Every field; those of features that are not there have their zero.
pub(super) fn view(app: &App, context: &Context, known: Known) -> InstanceSet {
    let Known { instance, nodes, tags } = known;
    let region_id = region::find(&instance.region).map_or(0, |region| region.id);
    let (engine, product_type) = kind(&instance);
    let set = InstanceSet {
        appid: context.caller.app_id,
        region_id,
        instance_title: title(&instance, context.language).to_owned(),
        project_name: project_name(instance.project_id, context.language).to_owned(),
        size: float(instance.mem_mb * instance.shards),
        size_used: used_mb(&nodes),
        engine: engine.to_owned(),
        product_type: product_type.to_owned(),
        current_redis_version: version(app, &instance, &nodes),
        instance_tags: tags.into_iter().map(|(tag_key, tag_value)| InstanceTagInfo { tag_key, tag_value }).collect(),
        client_limit: CLIENT_LIMIT,
        client_limit_min: CLIENT_LIMIT,
        client_limit_max: CLIENT_LIMIT,
        net_limit: NET_LIMIT,
        monitor_version: "5s".to_owned(),
        backup_mode: "NormalLevelBackup".to_owned(),
        ..InstanceSet::default()
    };
    let set = with_times(set, app, &instance);
    with_columns(set, instance)
}

/// What the instance's own columns say.
fn with_columns(set: InstanceSet, instance: Instance) -> InstanceSet {
    let no_auth = instance.password == Access::Free;
    InstanceSet {
        instance_name: instance.name,
        instance_id: instance.id,
        project_id: instance.project_id,
        zone_id: instance.zone_id,
        status: instance.status,
        wan_ip: instance.address,
        port: instance.port.into(),
        r#type: instance.type_id,
        auto_renew_flag: instance.auto_renew,
        uniq_vpc_id: instance.vpc_id,
        uniq_subnet_id: instance.subnet_id,
        billing_mode: instance.billing_mode,
        redis_shard_size: instance.mem_mb,
        redis_shard_num: instance.shards,
        redis_replicas_num: instance.replicas,
        slave_read_weight: if instance.replicas_readonly { 100 } else { 0 },
        no_auth,
        password_free: no_auth.into(),
        region: instance.region,
        product_version: instance.product_version,
        delete_protection_switch: instance.delete_protection.into(),
        ..set
    }
}

fn with_times(set: InstanceSet, app: &App, instance: &Instance) -> InstanceSet {
    let time = |millis| wire_time::format_opt(millis, app.time_offset);
    let kept = match instance.billing_mode {
        billing::PREPAID => app.config.isolation.prepaid,
        _ => app.config.isolation.postpaid,
    };
    let offline = instance.cleaned_at.or_else(|| instance.isolated_at.map(|isolated| isolated + kept * 1000));
    InstanceSet {
        createtime: time(Some(instance.created_at)),
        deadline_time: time(instance.deadline_at),
        close_time: time(instance.isolated_at),
        offline_time: time(offline),
        remain_bandwidth_duration: wire_time::NONE.to_owned(),
        ..set
    }
}

/// `Engine` and `ProductType`.
fn kind(instance: &Instance) -> (&'static str, &'static str) {
    let product = product::find(instance.type_id);
    let engine = match product.map(|product| product.family) {
        Some(Family::Valkey) => "Valkey",
        Some(Family::Redis) | None => "Redis",
    };
    let product_type = match product.map(|product| product.architecture) {
        Some(Architecture::Cluster) => "cluster",
        Some(Architecture::Standard) | None => "standalone",
    };
    (engine, product_type)
}

/// The version that really serves: as it was seen, or before that the chosen engine's.
fn version(app: &App, instance: &Instance, nodes: &[Node]) -> String {
    let seen = masters(nodes).chain(nodes).map(|node| &node.seen.version).find(|version| !version.is_empty());
    let chosen = || {
        let engine = app.engines.iter().find(|engine| engine.path == instance.engine);
        engine.map(product::Engine::version_text).unwrap_or_default()
    };
    seen.cloned().unwrap_or_else(chosen)
}

/// What the masters were last seen to use, MB with two decimals.
fn used_mb(nodes: &[Node]) -> f64 {
    let bytes: i64 = masters(nodes).map(|node| node.seen.memory).sum();
    float(bytes.saturating_mul(100) >> 20) / 100.0
}

/// One a shard: the node that was seen as master, else the one that began as it.
fn masters(nodes: &[Node]) -> impl Iterator<Item = &Node> {
    let led = |shard| nodes.iter().any(|node| node.shard == shard && node.seen.role == "master");
    nodes.iter().filter(move |node| if led(node.shard) { node.seen.role == "master" } else { node.ordinal == 0 })
}

fn title(instance: &Instance, language: Language) -> &'static str {
    let (en, zh) = match (instance.status, instance.state) {
        (status::INITIAL, _) => ("To be initialized", "待初始化"),
        (status::IN_FLOW, State::Creating) => ("Creating", "添加实例中"),
        (status::IN_FLOW, _) => ("Processing", "流程中"),
        (status::RUNNING, _) => ("Running", "运行中"),
        (status::ISOLATED, _) => ("Isolated", "已隔离"),
        _ => ("To be deleted", "待删除"),
    };
    pick(language, en, zh)
}

fn project_name(project_id: i64, language: Language) -> &'static str {
    if project_id == 0 { pick(language, "Default Project", "默认项目") } else { "" }
}

fn pick(language: Language, en: &'static str, zh: &'static str) -> &'static str {
    match language {
        Language::English => en,
        Language::Chinese => zh,
    }
}

/// Sizes are far below what a double holds exactly.
const fn float(value: i64) -> f64 {
    value as f64
}
