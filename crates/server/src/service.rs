//! The whole server: started from a configuration, stopped gracefully.

mod hosting;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api::Secret;
use dataplane::{DataPlane, EngineKind, ProcessConfig, ProcessPlane};
use db::Db;
use engine::{Clock, Engine, Kind, Registry, Settings};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::admin::listener::AdminError;
use crate::admin::ready::Last;
use crate::admin::{self, Admin};
use crate::app::App;
use crate::auth::grants::Grants;
use crate::auth::keys::Keys;
use crate::auth::rate_limit::Limiter;
use crate::auth::stranger::Strangers;
use crate::auth::token::Tokens;
use crate::config::Config;
use crate::folder::{Credentials, Folder, FolderError};
use crate::http::connection::Door;
use crate::http::proxies::Proxies;
use crate::http::received;
use crate::levers::Levers;
use crate::levers::reset::{Reset, ResetError};
use crate::metrics::Metrics;
use crate::model::host::Hosting;
use crate::model::product::{self, Family};
use crate::store::account::StoredKey;
use crate::tasks::ports::Ports;
use crate::tasks::world::World;
use crate::tls::names::Names;
use crate::tls::{Tls, TlsError};
use crate::work::Work;
use crate::{actions, http, ids, levers, store, tasks};

/// The root account of a new data folder.
pub const ROOT_UIN: &str = "100000000001";
/// Its AppId.
pub const ROOT_APP_ID: i64 = 1_250_000_001;

/// How long running steps may take after the stop; what is not done by then is resumed by the next start.
const STOP_GRACE: Duration = Duration::from_secs(20);

/// Why the server cannot start; each text is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The address.
    #[error("cannot listen on {0}: {1}; choose another address with --listen (port 0 picks a free one)")]
    Listen(SocketAddr, std::io::Error),
    /// The operator's side.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// The engines or the folder of the nodes.
    #[error("{0}")]
    DataPlane(#[from] dataplane::Error),
    /// The state.
    #[error("{0}{advice}", advice = advice(.0))]
    Store(#[from] db::Error),
    /// The seed.
    #[error("{0}")]
    Seed(#[from] ResetError),
    /// A part of the work, and nobody to do the rest.
    #[error(
        "--role {0} needs others that share the state in a PostgreSQL: name it with --database-url, or leave --role out"
    )]
    Role(&'static str),
    /// No name for this machine.
    #[error(
        "`{0}` cannot be a host's name; choose one of letters, digits, dots, dashes and underscores with --host-name"
    )]
    HostName(String),
    /// Two machines of one name, or the folder of nodes is gone.
    #[error(
        "the host `{0}` has its instances in another folder of nodes: give that one with --instances, or this machine another name with --host-name"
    )]
    HostElsewhere(String),
    /// HTTPS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Nothing would be encrypted, and nobody said that this is meant.
    #[error(
        "--listen {0} is not a loopback address and TLS is switched off: whoever is on the way could read and change everything; set tls.enabled = true, or say --insecure-listen if a proxy or a tunnel protects it"
    )]
    Exposed(SocketAddr),
    /// Anything that should not happen.
    #[error("{0}")]
    Other(String),
}

/// What to do when the state cannot be opened, where the error does not say it.
fn advice(error: &db::Error) -> &'static str {
    match error {
        db::Error::Unavailable(_) => "; start it, or correct its URL (--database-url, CINNABAR_DATABASE_URL)",
        _ => "",
    }
}

/// A running server.
pub struct Service {
    /// Where it listens; port 0 when it does not.
    pub address: SocketAddr,
    /// Where operators are answered, if anywhere.
    pub admin: Option<SocketAddr>,
    /// Its parts.
    pub app: Arc<App>,
    /// Back to the seed, when the levers are on.
    pub reset: Option<Arc<Reset>>,
    work: Arc<Work>,
    /// A server that is dropped stops too, at once.
    stop: DropGuard,
    tracker: TaskTracker,
    _folder: Folder,
}

impl Service {
    /// Starts everything; when this returns, requests are answered. `root_key` replaces the root user's stored key pair.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: Config, root_key: Option<(String, Secret)>) -> Result<Self, StartError> {
        let folder = Folder::open(&config.data)?;
        let clock = Clock::system();
        let (listener, address) = listener(&config).await?;
        let tls = tls(&config, address, &folder, &clock)?;
        let operators = admin::listener::bind(&config.admin).await?;
        let db = store::open(&folder.path, &config.database.url)?;
        let hosting = Arc::new(hosting::join(&config, &folder, &db, &clock, listener.as_ref().map(|_| address))?);
        let nodes = hosting::nodes(&config, &folder, &hosting, &db, clock.steady_ms()).await?;
        let plane = Arc::new(ProcessPlane::open(process_config(&config, nodes)).await?);
        let tokens = tokens(&db, &clock).await?;
        let stored = root(&db, &clock, root_key).await?;
        credentials(&config, &stored, address)
            .write(&folder.path)
            .map_err(|error| FolderError::Unusable(folder.path.clone(), error))?;
        let world = world(&config, &hosting, &db, &clock, plane.clone());
        let kinds = tasks::kinds(&world);
        let levers = config.levers.enabled.then(|| Levers::new(db.clone(), clock.clone(), &kinds));
        let engine = engine(&config, &hosting, &db, &clock, kinds, levers.as_ref())?;
        levers::settle(&engine, &db, levers.as_ref()).await?;
        let app = Arc::new(App { levers, ..app(config, hosting, clock, (db, tokens), engine, plane.engines())? });
        hosting::enter(&app).await?;
        let access = admin::listener::announce(operators.as_ref(), &folder.path)?;
        let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
        let work = Arc::new(Work::new(&app, &world, &stop));
        work.start().await;
        let reset = planted(&app, &world, &work).await?;
        if let Some(listener) = listener {
            let door = Door { app: Arc::clone(&app), tls, stop: stop.clone() };
            tracker.spawn(http::listener::serve(listener, Arc::new(door)));
        }
        let admin = access.as_ref().map(|(address, _)| *address);
        if let (Some(listener), Some((_, access))) = (operators, access) {
            let admin = Admin {
                app: Arc::clone(&app),
                world,
                reset: reset.clone(),
                folder: folder.path.clone(),
                token: access.token,
                ready: Last::default(),
            };
            tracker.spawn(admin::listener::serve(listener, Arc::new(admin), stop.clone()));
        }
        Ok(Self { address, admin, app, reset, work, stop: stop.drop_guard(), tracker, _folder: folder })
    }

    /// Lets running requests and steps end, and stops. The instances' processes go on.
    pub async fn stop(self) {
        self.stop.disarm().cancel();
        self.tracker.close();
        self.tracker.wait().await;
        self.work.stop(STOP_GRACE).await;
        hosting::leave(&self.app).await;
    }
}

/// Where requests come in, unless this process does not answer any.
async fn listener(config: &Config) -> Result<(Option<TcpListener>, SocketAddr), StartError> {
    let failed = |error| StartError::Listen(config.listen, error);
    if !config.role.answers() {
        return Ok((None, SocketAddr::new(config.listen.ip(), 0)));
    }
    if !config.listen.ip().is_loopback() && !config.tls.enabled && !config.insecure_listen {
        return Err(StartError::Exposed(config.listen));
    }
    let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((Some(listener), address))
}

/// HTTPS for who answers requests.
fn tls(config: &Config, address: SocketAddr, folder: &Folder, clock: &Clock) -> Result<Option<Tls>, TlsError> {
    if !config.role.answers() {
        return Ok(None);
    }
    let names = Names::new(&config.regions.domains, &config.tls.names, address.ip());
    Tls::open(&config.tls, names, &folder.path, clock)
}

fn process_config(config: &Config, nodes: PathBuf) -> ProcessConfig {
    ProcessConfig {
        engines: config.engines.candidates.clone(),
        start_timeout: Duration::from_secs(config.engines.start_timeout),
        stop_grace: Duration::from_secs(config.engines.stop_grace),
        ..ProcessConfig::new(nodes)
    }
}

/// The root account with its key: the given pair, else the stored one, else a new one.
async fn root(db: &Db, clock: &Clock, given: Option<(String, Secret)>) -> Result<StoredKey, db::Error> {
    let now = clock.now_ms();
    db.write(move |tx| {
        store::account::add(tx, ROOT_UIN, ROOT_APP_ID, now)?;
        let stored = store::account::keys(tx)?.into_iter().find(|key| key.uin == ROOT_UIN);
        let pair = |(secret_id, secret_key)| StoredKey {
            secret_id,
            secret_key,
            account: ROOT_UIN.to_owned(),
            uin: ROOT_UIN.to_owned(),
            app_id: ROOT_APP_ID,
        };
        let key = match (given, stored) {
            (Some(given), _) => pair(given),
            (None, Some(stored)) => return Ok(stored),
            (None, None) => pair((ids::secret_id(), ids::secret_key().into())),
        };
        store::account::put_key(tx, &key, now)?;
        store::identity::changed(tx)?;
        Ok(key)
    })
    .await
}

/// What the tokens of temporary keys are sealed and opened with.
async fn tokens(db: &Db, clock: &Clock) -> Result<Tokens, StartError> {
    let (fresh, now) = (ids::node_secret(), clock.now_ms());
    let secret = db.write(move |tx| store::seal::secret(tx, &fresh, now)).await?;
    Tokens::new(secret.expose()).ok_or_else(|| StartError::Other("the stored token secret is not one".to_owned()))
}

fn credentials(config: &Config, key: &StoredKey, address: SocketAddr) -> Credentials {
    Credentials {
        secret_id: key.secret_id.clone(),
        secret_key: key.secret_key.clone(),
        region: config.regions.default.clone(),
        endpoint: format!("http://{}", SocketAddr::new(reachable(address.ip()), address.port())),
    }
}

/// The address by which clients on this machine find who listens on `address`.
fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) if v4.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(v6) if v6.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

fn world(config: &Config, hosting: &Hosting, db: &Db, clock: &Clock, plane: Arc<dyn DataPlane>) -> Arc<World> {
    Arc::new(World {
        db: db.clone(),
        host: hosting.process.host.clone(),
        plane,
        ports: Ports::new(config.network.addresses.clone(), (config.ports.first, config.ports.last)),
        clock: clock.clone(),
        deadline: Duration::from_secs(config.tasks.deadline),
    })
}

fn engine(
    config: &Config,
    hosting: &Hosting,
    db: &Db,
    clock: &Clock,
    kinds: Vec<Kind>,
    levers: Option<&Arc<Levers>>,
) -> Result<Engine, StartError> {
    let mut registry = Ok(Registry::new());
    for kind in kinds {
        let kind = match levers {
            Some(levers) => levers.wrap(kind),
            None => kind,
        };
        registry = registry.and_then(|registry| registry.add(kind));
    }
    let registry = registry.map_err(|error| StartError::Other(error.to_string()))?;
    let settings = Settings {
        name: hosting.process.id.clone(),
        // The folder's lock says so: the name is kept in the folder.
        only_of_name: true,
        host: hosting.process.host.clone(),
        workers: config.tasks.workers,
        lease: Duration::from_secs(config.tasks.lease),
        undo_deadline: Duration::from_secs(config.tasks.undo_deadline),
        cached: config.tasks.cache << 20,
        // Nobody else works on this state: the folder is locked and the state is in it.
        exclusive: !db.is_shared(),
        ..Settings::default()
    };
    Ok(Engine::new(db.clone(), registry, clock.clone(), settings))
}

fn app(
    config: Config,
    hosting: Arc<Hosting>,
    clock: Clock,
    (db, tokens): (Db, Tokens),
    engine: Engine,
    engines: &[dataplane::Engine],
) -> Result<App, StartError> {
    let time_offset = crate::model::wire_time::offset(&config.time_offset)
        .ok_or_else(|| StartError::Other("time_offset".to_owned()))?;
    Ok(App {
        limiter: Limiter::new(config.rate_limit),
        metrics: Metrics::default(),
        proxies: Proxies::new(config.trusted_proxies.clone()),
        room: Arc::new(Semaphore::new(received::PIECES)),
        public_hosts: config.regions.domains.iter().map(|root| format!("redis.{root}")).collect(),
        actions: actions::table(),
        engines: engines.iter().map(installed).collect(),
        levers: None,
        config,
        clock,
        db,
        engine,
        hosting,
        keys: Keys::default(),
        strangers: Strangers::default(),
        tokens,
        grants: Grants::default(),
        instance_names: Arc::default(),
        time_offset,
    })
}

/// With levers the seed is made before anybody asks; without, there is nothing to reset to.
async fn planted(app: &Arc<App>, world: &Arc<World>, work: &Arc<Work>) -> Result<Option<Arc<Reset>>, StartError> {
    if app.levers.is_none() {
        return Ok(None);
    }
    let seed = Some(app.config.levers.seed.as_str()).filter(|seed| !seed.is_empty()).map(PathBuf::from);
    let reset = Reset::new(app, world, work, seed);
    match reset.plant().await {
        Ok(_) => Ok(Some(Arc::new(reset))),
        Err(error) => {
            work.stop(STOP_GRACE).await;
            Err(error.into())
        }
    }
}

fn installed(engine: &dataplane::Engine) -> product::Engine {
    let family = match engine.kind {
        EngineKind::Redis => Family::Redis,
        EngineKind::Valkey => Family::Valkey,
    };
    let version = (engine.version.major.into(), engine.version.minor.into(), engine.version.patch.into());
    product::Engine { family, version, path: engine.path.display().to_string() }
}
