//! CreateInstances: check the order, write the instances, enqueue one task for each.

use std::sync::Arc;

use api::redis::actions::CreateInstances;
use api::redis::{CreateInstancesRequest, CreateInstancesResponse};
use dataplane::Topology;
use db::Tx;
use engine::{Engine, NewTask, Origin};
use serde_json::Value;

use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, gateway, product};
use crate::ids;
use crate::model::host::{self, Hosting};
use crate::model::instance::{Instance, Node, Seen, State, billing, status};
use crate::model::order::{self, Order};
use crate::model::{task_type, wire_time};
use crate::store;

impl Action for CreateInstances {
    async fn handle(
        context: &Context,
        app: &App,
        request: CreateInstancesRequest,
    ) -> Result<CreateInstancesResponse, Error> {
        let region = context.region()?;
        let order = order::check(&request, region, &app.engines, &app.config)?;
        let deal_name = ids::deal_name(&wire_time::day(context.now, app.time_offset));
        let instances: Vec<_> = (0..order.goods).map(|_| instance(context, region.name, &order, &deal_name)).collect();
        let purchase = Purchase {
            instances,
            deal_name,
            tags: order.tags.clone(),
            topology: Topology::standard(order.replicas),
            quota: app.config.limits.instances,
            hosting: Arc::clone(&app.hosting),
            origin: context.origin(),
            now: context.now,
        };
        if request.dry_run == Some(true) {
            app.db.read(|tx| purchase.check_quota(tx))?;
            return Err(gateway::dry_run());
        }
        let engine = app.engine.clone();
        app.db.write(move |tx| purchase.write(tx, &engine)).await
    }
}

/// All that one transaction writes.
struct Purchase {
    instances: Vec<Instance>,
    deal_name: String,
    tags: Vec<(String, String)>,
    topology: Topology,
    quota: i64,
    hosting: Arc<Hosting>,
    origin: Origin,
    now: i64,
}

impl Purchase {
    fn check_quota(&self, tx: &Tx<'_>) -> Result<(), Error> {
        let Some(first) = self.instances.first() else { return Ok(()) };
        let have = store::instance::count(tx, &first.account, &first.region)?;
        let wanted = i64::try_from(self.instances.len()).unwrap_or(i64::MAX);
        if have.saturating_add(wanted) > self.quota { Err(product::quota_exceeded(have, self.quota)) } else { Ok(()) }
    }

    fn write(&self, tx: &Tx<'_>, engine: &Engine) -> Result<CreateInstancesResponse, Error> {
        self.check_quota(tx)?;
        for (instance, host) in self.instances.iter().zip(self.hosts(tx)?) {
            let instance = &Instance { host, ..instance.clone() };
            self.write_instance(tx, instance)?;
            let task = NewTask {
                kind: task_type::CREATE.kind,
                tenant: instance.account.clone(),
                region: instance.region.clone(),
                subject: instance.id.clone(),
                host: instance.host.clone(),
                params: Value::Null,
                origin: self.origin.clone(),
            };
            engine.enqueue(tx, task).map_err(gateway::internal)?;
        }
        self.answer(tx)
    }

    /// The host of each instance.
    fn hosts(&self, tx: &Tx<'_>) -> Result<Vec<String>, Error> {
        let instances = self.instances.len();
        if !self.hosting.shared {
            return Ok(vec![self.hosting.process.host.clone(); instances]);
        }
        let loads = store::host::loads(tx, self.hosting.alive_since(self.now))?;
        let nodes = i64::try_from(self.topology.count()).unwrap_or(i64::MAX);
        let hosts = host::spread(loads, instances, nodes);
        if hosts.len() == instances { Ok(hosts) } else { Err(product::no_host()) }
    }

    fn write_instance(&self, tx: &Tx<'_>, instance: &Instance) -> Result<(), Error> {
        store::instance::add(tx, instance)?;
        for place in self.topology.places() {
            let node = Node {
                name: place.to_string(),
                shard: place.shard.into(),
                ordinal: place.index.into(),
                node_id: ids::node_id(),
                place: None,
                seen: Seen::default(),
            };
            store::node::add(tx, &instance.id, &node)?;
        }
        for (key, value) in &self.tags {
            store::tag::put(tx, &instance.account, &instance.id, key, value)?;
        }
        Ok(())
    }

    fn answer(&self, tx: &Tx<'_>) -> Result<CreateInstancesResponse, Error> {
        let instance_ids: Vec<_> = self.instances.iter().map(|instance| instance.id.clone()).collect();
        let (account, region) = self.instances.first().map_or(("", ""), |first| (&first.account, &first.region));
        let deal = store::deal::NewDeal {
            name: &self.deal_name,
            account,
            region,
            creator: &self.origin.operator,
            instance_ids: &instance_ids,
            now: self.now,
        };
        let deal_id = store::deal::add(tx, &deal)?;
        Ok(CreateInstancesResponse { deal_id: deal_id.to_string(), deal_name: self.deal_name.clone(), instance_ids })
    }
}

fn instance(context: &Context, region: &str, order: &Order, deal_name: &str) -> Instance {
    let id = ids::instance_id();
    Instance {
        account: context.account().to_owned(),
        region: region.to_owned(),
        zone_id: order.zone.id(),
        name: order.name.clone().unwrap_or_else(|| id.clone()),
        id,
        host: String::new(),
        type_id: order.type_id,
        mem_mb: order.mem_mb,
        shards: 1,
        replicas: order.replicas.into(),
        replicas_readonly: false,
        state: State::Creating,
        billing_mode: order.billing_mode,
        period: order.period,
        auto_renew: order.auto_renew,
        project_id: order.project_id,
        vpc_id: order.vpc_id.clone(),
        subnet_id: order.subnet_id.clone(),
        vport: order.vport,
        address: String::new(),
        port: order.vport,
        password: order.password.clone(),
        secret: ids::node_secret().into(),
        security_groups: order.security_groups.clone(),
        template_id: order.template_id.clone(),
        product_version: "local".to_owned(),
        delete_protection: false,
        window: ("03:00".to_owned(), "06:00".to_owned()),
        deal_name: deal_name.to_owned(),
        engine: order.engine.clone(),
        generation: 0,
        created_at: context.now,
        deadline_at: (order.billing_mode == billing::PREPAID).then(|| wire_time::add_months(context.now, order.period)),
        isolated_at: None,
        cleaned_at: None,
        status: status::INITIAL,
    }
}
