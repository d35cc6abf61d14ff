//! A server without a gateway and without work going on: handlers are called directly, on what a test put into the store.

use std::sync::Arc;
use std::time::Duration;

use dataplane::fake::FakePlane;
use engine::{Clock, Engine, Settings};
use serde_json::Value;
use tempfile::TempDir;

use crate::action::Action;
use crate::app::App;
use crate::auth::authorise::Sight;
use crate::auth::grants::Grants;
use crate::auth::keys::{Caller, Keys};
use crate::auth::rate_limit::Limiter;
use crate::auth::stranger::Strangers;
use crate::auth::token::Tokens;
use crate::config::Config;
use crate::context::Context;
use crate::error::{Error, Language};
use crate::metrics::Metrics;
use crate::model::host::{Hosting, Process, Role};
use crate::model::instance::{Access, Instance, Node, Seen, State, billing, status};
use crate::model::product::{self, Family};
use crate::model::{region, wire_time};
use crate::tasks::ports::Ports;
use crate::tasks::world::World;
use crate::{actions, http, store, tasks};

/// 2026-11-24 10:00:00 at +08:00; the clock stands there.
pub(crate) const NOW: i64 = 1_795_485_600_000;
/// The account whose things tests look at.
pub(crate) const ME: &str = "100000000001";
/// The host that all instances of tests are on.
pub(crate) const HOST: &str = "here";
/// Somebody else.
pub(crate) const OTHER: &str = "100000000002";

pub(crate) struct House {
    pub(crate) app: App,
    _folder: TempDir,
}

impl House {
    /// With an empty store.
    pub(crate) fn empty() -> Self {
        let folder = folder();
        let db = db::testing::open(folder.path(), store::MIGRATIONS).unwrap();
        Self::on(folder, db)
    }

    fn on(folder: TempDir, db: db::Db) -> Self {
        let (config, clock) = (Config::load(None, |_| None).unwrap(), Clock::fixed_for_tests(NOW));
        let world = Arc::new(World {
            db,
            plane: Arc::new(FakePlane::new()),
            host: HOST.to_owned(),
            ports: Ports::new(config.network.addresses.clone(), (20_000, 20_100)),
            clock,
            deadline: Duration::from_secs(60),
        });
        let app = app(config, &world);
        Self { app, _folder: folder }
    }

    /// With two accounts.
    pub(crate) async fn new() -> Self {
        let house = Self::empty();
        let add = |tx: &db::Tx<'_>, uin| store::account::add(tx, uin, 1_250_000_001, NOW);
        house.app.db.write(move |tx| add(tx, ME).and_then(|()| add(tx, OTHER))).await.unwrap();
        house
    }

    /// Adds a running instance with a replica, changed by `change`.
    pub(crate) async fn add(&self, id: &str, change: impl FnOnce(&mut Instance)) {
        let mut new = instance(id);
        change(&mut new);
        let (state, isolated, cleaned) = (new.state, new.isolated_at, new.cleaned_at);
        let write = move |tx: &db::Tx<'_>| {
            store::instance::add(tx, &new)?;
            for node in [node(0), node(1)] {
                store::node::add(tx, &new.id, &node)?;
            }
            for (to, at) in [(State::Isolated, isolated), (State::Cleaned, cleaned)] {
                at.map_or(Ok(()), |at| store::instance::set_state(tx, &new.id, to, at))?;
            }
            store::instance::set_state(tx, &new.id, state, cleaned.or(isolated).unwrap_or(NOW))
        };
        self.app.db.write(write).await.unwrap();
    }

    /// Runs a statement, for what no function of the store does.
    pub(crate) async fn sql(&self, sql: &'static str, values: &[&str]) {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let run = move |tx: &db::Tx<'_>| tx.execute(sql, &values.iter().map(db::Param::from).collect::<Vec<_>>());
        self.app.db.write(run).await.unwrap();
    }

    /// Adds a task of mine in Guangzhou; answers its number.
    pub(crate) async fn add_task(&self, kind: &'static str, subject: &str, status: &str, created_at: i64) -> i64 {
        let (subject, status) = (subject.to_owned(), status.to_owned());
        let sql =
            "INSERT INTO task (kind, tenant, region, subject, status, params, steps, run_at, time_limit, done_steps,
                     total_steps, request_id, operator, client, created_at, ended_at, end_no)
                   VALUES ($1, $2, 'ap-guangzhou', $3, $4, 'null', '[]', 0, 0, 1, 4, '', $2, '', $5, $6,
                     CASE WHEN CAST($6 AS BIGINT) IS NULL THEN 0 ELSE (SELECT COALESCE(MAX(end_no), 0) + 1 FROM task) END) RETURNING id";
        let ended = matches!(status.as_str(), "succeed" | "failed").then_some(created_at + 5000);
        let add = move |tx: &db::Tx<'_>| {
            tx.query_opt(sql, db::params![kind, ME, &subject, &status, created_at, ended], |row| row.int(0))
        };
        self.app.db.write(add).await.unwrap().unwrap()
    }

    /// Calls a handler as my root user in Guangzhou.
    pub(crate) async fn call<A: Action>(&self, params: Value) -> Result<Value, Error> {
        self.call_as::<A>(&context(), params).await
    }

    /// Calls a handler after the shape check, as the gateway does.
    pub(crate) async fn call_as<A: Action>(&self, context: &Context, params: Value) -> Result<Value, Error> {
        call::<A>(&self.app, context, params).await
    }
}

/// A folder on a file system without slow fsyncs, where there is one.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A server on this world, without keys.
pub(crate) fn app(config: Config, world: &Arc<World>) -> App {
    let registry = tasks::registry(world).unwrap();
    let settings = Settings { host: HOST.to_owned(), ..Settings::default() };
    let engine = Engine::new(world.db.clone(), registry, world.clock.clone(), settings);
    let process =
        Process { id: "test".to_owned(), host: HOST.to_owned(), role: Role::All, address: String::new(), seen_at: NOW };
    let version = (7, 0, 15);
    App {
        limiter: Limiter::new(config.rate_limit),
        proxies: http::proxies::Proxies::default(),
        room: Arc::new(tokio::sync::Semaphore::new(1)),
        metrics: Metrics::default(),
        public_hosts: Vec::new(),
        actions: actions::table(),
        engines: vec![product::Engine { family: Family::Redis, version, path: "/usr/bin/redis-server".to_owned() }],
        time_offset: wire_time::offset(&config.time_offset).unwrap(),
        keys: Keys::default(),
        strangers: Strangers::default(),
        grants: Grants::default(),
        tokens: Tokens::new(&"07".repeat(32)).unwrap(),
        instance_names: Arc::default(),
        hosting: Arc::new(Hosting::new(process, false, 10_000)),
        levers: None,
        config,
        clock: world.clock.clone(),
        db: world.db.clone(),
        engine,
    }
}

/// As if every task were claimed for the first time.
pub(crate) fn claim_all(tx: &db::Tx<'_>) -> Result<(), db::Error> {
    tx.execute("UPDATE task SET status = 'running', epoch = 1", &[]).map(drop)
}

/// Calls a handler after the shape check, as the gateway does.
pub(crate) async fn call<A: Action>(app: &App, context: &Context, params: Value) -> Result<Value, Error> {
    let params = params.as_object().unwrap().clone();
    let params = http::shape::check(A::INFO.request, params, http::shape::Notation::Json)?;
    let response = A::handle(context, app, serde_json::from_value(params).unwrap()).await?;
    Ok(serde_json::to_value(response).unwrap())
}

/// My root user's request in Guangzhou, in English.
pub(crate) fn context() -> Context {
    Context {
        request_id: crate::ids::RequestId::random(),
        caller: Caller::user(ME, ME, 1_250_000_001),
        region: region::find("ap-guangzhou"),
        language: Language::English,
        peer: ([127, 0, 0, 1], 1).into(),
        now: NOW,
        sight: Sight::All,
    }
}

/// A running instance of mine in Guangzhou, created now.
pub(crate) fn instance(id: &str) -> Instance {
    Instance {
        id: id.to_owned(),
        host: HOST.to_owned(),
        account: ME.to_owned(),
        region: "ap-guangzhou".to_owned(),
        zone_id: 100_003,
        name: id.to_owned(),
        type_id: 17,
        mem_mb: 1024,
        shards: 1,
        replicas: 1,
        replicas_readonly: false,
        state: State::Running,
        billing_mode: billing::POSTPAID,
        period: 1,
        auto_renew: 0,
        project_id: 0,
        vpc_id: "vpc-1".to_owned(),
        subnet_id: "subnet-1".to_owned(),
        vport: 6379,
        address: "127.0.0.1".to_owned(),
        port: 6380,
        password: Access::Sha256("0".repeat(64)),
        secret: "secret".to_owned().into(),
        security_groups: Vec::new(),
        template_id: String::new(),
        product_version: "local".to_owned(),
        delete_protection: false,
        window: ("03:00".to_owned(), "06:00".to_owned()),
        deal_name: "1".repeat(23),
        engine: "/usr/bin/redis-server".to_owned(),
        generation: 0,
        created_at: NOW,
        deadline_at: None,
        isolated_at: None,
        cleaned_at: None,
        status: status::RUNNING,
    }
}

fn node(ordinal: i64) -> Node {
    let (name, node_id) = (format!("s1n{ordinal}"), crate::ids::node_id());
    Node { name, shard: 1, ordinal, node_id, place: None, seen: Seen::default() }
}
