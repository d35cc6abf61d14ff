//! `cinnabar serve`: the server, until a signal ends it.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use api::Secret;
use clap::{Args, ValueEnum};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use server::config::{AdminListen, Config, RateLimit};
use server::model::host::Role;
use server::service::Service;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::Error;
use crate::{log, output};

/// Run the server
///
/// Prints one line `listening on http://ADDR:PORT` when it is ready (`working on host NAME, …` with --role worker). SIGTERM and SIGINT end it gracefully: the running
/// steps of tasks end or are resumed by the next start, and the Redis processes go on. A second signal ends it at once.
///
/// The root user's key pair comes from CINNABAR_SECRET_ID and CINNABAR_SECRET_KEY when both are set; otherwise a random one is
/// made at the first start and kept in the data folder. CINNABAR_LOG sets what is logged, for example `debug` or `info,hyper=warn`.
#[derive(Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 picks a free one (default: 127.0.0.1:8250)
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Where operators are answered: ADDR:PORT (loopback), auto, or off (default: auto, 127.0.0.1:8251 where that is free)
    #[arg(long, value_name = "ADDR:PORT", overrides_with = "admin")]
    admin: Option<AdminListen>,
    /// Answer plain HTTP to other machines too; without it they must use HTTPS (see docs/tls.md)
    #[arg(long)]
    insecure_listen: bool,
    /// The folder for everything that must survive (default: cinnabar-data)
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The PostgreSQL that holds the state and is shared with other servers, such as postgres://USER:PASSWORD@HOST:5432/DATABASE; other
    /// users of this machine see a flag, so with a password rather set CINNABAR_DATABASE_URL (default: a file in the data folder)
    #[arg(long, value_name = "URL")]
    database_url: Option<Secret>,
    /// What this server does, where several share a database (default: all)
    #[arg(long, value_enum)]
    role: Option<RoleFlag>,
    /// What this machine is called among those that share a database (default: as at the first start, which is the machine's own name)
    #[arg(long, value_name = "NAME")]
    host_name: Option<String>,
    /// The folder of this machine's Redis nodes, which several servers on it may share (default: instances in the data folder)
    #[arg(long, value_name = "DIR")]
    instances: Option<PathBuf>,
    /// A TOML file with the settings that differ from the defaults
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Worker threads; 0 takes one for each core (default: 0)
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Whether requests are counted (default: documented)
    #[arg(long, value_enum)]
    rate_limit: Option<Limit>,
    /// Switch on the levers for those who test clients: planned failures, paces, a date that can be moved, a reset
    ///
    /// Never in production: a reset destroys every instance. See docs/testing-with-cinnabar.md.
    #[arg(long)]
    test_levers: bool,
    /// A TOML or JSON file with instances that are made at the start and after each reset
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// The form of the log on stderr
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum Limit {
    /// Each action's documented figure
    Documented,
    /// No limit
    Off,
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleFlag {
    /// Answers requests
    Api,
    /// Runs tasks and looks after the instances of its host; has no public listener
    Worker,
    /// Both
    All,
}

impl From<RoleFlag> for Role {
    fn from(flag: RoleFlag) -> Self {
        match flag {
            RoleFlag::Api => Self::Api,
            RoleFlag::Worker => Self::Worker,
            RoleFlag::All => Self::All,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

impl Serve {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let root_key = root_key(variable)?;
        let wanted = variable("CINNABAR_LOG").unwrap_or_else(|| "info".to_owned());
        log::start(matches!(self.log_format, LogFormat::Json), &wanted)?;
        raise_descriptors();
        let config = self.config()?;
        let runtime = runtime(config.threads)?;
        let ended = runtime.block_on(serve(config, root_key));
        // Whatever still blocks a thread after a second signal must not hold the process up.
        runtime.shutdown_background();
        ended
    }

    /// The file, then the environment, then the flags.
    fn config(self) -> Result<Config, Error> {
        let mut config = Config::load(self.config.as_deref(), variable)?;
        config.listen = self.listen.unwrap_or(config.listen);
        config.insecure_listen |= self.insecure_listen;
        config.admin.listen = self.admin.unwrap_or(config.admin.listen);
        config.data = self.data.unwrap_or(config.data);
        config.database.url = self.database_url.unwrap_or(config.database.url);
        config.role = self.role.map_or(config.role, Into::into);
        config.host.name = self.host_name.unwrap_or(config.host.name);
        config.host.instances = self.instances.unwrap_or(config.host.instances);
        config.threads = self.threads.unwrap_or(config.threads);
        config.rate_limit = match self.rate_limit {
            Some(Limit::Documented) => RateLimit::Documented,
            Some(Limit::Off) => RateLimit::Off,
            None => config.rate_limit,
        };
        config.levers.enabled |= self.test_levers;
        if let Some(seed) = self.seed {
            config.levers.seed = seed.display().to_string();
        }
        if !config.levers.enabled && !config.levers.seed.is_empty() {
            return Err(Error::Usage("--seed needs --test-levers".to_owned()));
        }
        Ok(config.checked()?)
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The pair that the environment gives to the root user; half a pair is a mistake.
fn root_key(variable: impl Fn(&str) -> Option<String>) -> Result<Option<(String, Secret)>, Error> {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    match (given("CINNABAR_SECRET_ID"), given("CINNABAR_SECRET_KEY")) {
        (Some(id), Some(key)) => Ok(Some((id, key.into()))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(half("CINNABAR_SECRET_ID", "CINNABAR_SECRET_KEY")),
        (None, Some(_)) => Err(half("CINNABAR_SECRET_KEY", "CINNABAR_SECRET_ID")),
    }
}

fn half(there: &str, missing: &str) -> Error {
    Error::Usage(format!("{there} is set and {missing} is not; set both, or neither to use the data folder's key pair"))
}

/// One thread needs no work stealing, so it gets the single-threaded runtime.
fn runtime(threads: usize) -> Result<Runtime, Error> {
    let mut builder = if threads == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    if threads > 1 {
        builder.worker_threads(threads);
    }
    builder.enable_all().build().map_err(Error::io("cannot start the runtime"))
}

/// As many descriptors as this process may have: each connection takes one, and what a shell gives is often 1024.
fn raise_descriptors() {
    let limits = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limits.maximum, ..limits }) {
        tracing::warn!(%error, "cannot raise the number of open files; there is room for fewer connections");
    }
}

async fn serve(config: Config, root_key: Option<(String, Secret)>) -> Result<ExitCode, Error> {
    // Before the start, so that a signal during it is not lost.
    let mut signals = Signals::new().map_err(Error::io("cannot listen to signals"))?;
    let Some(service) = unless_signalled(Box::pin(Service::start(config, root_key)), &mut signals).await else {
        return Ok(ExitCode::SUCCESS);
    };
    let service = service?;
    output::line(&ready(&service));
    let process = &service.app.hosting.process;
    tracing::info!(host = process.host, role = process.role.as_str(), address = process.address, "ready");
    signals.next().await;
    tracing::info!("stopping; a second signal ends the process at once");
    let stopped = unless_signalled(service.stop(), &mut signals).await;
    if stopped.is_none() {
        tracing::warn!("ended at once; the next start resumes what was running");
        return Ok(ExitCode::FAILURE);
    }
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// The line that says that it is ready, and for what.
fn ready(service: &Service) -> String {
    let process = &service.app.hosting.process;
    match process.role {
        Role::Worker => format!("working on host {}, without a listener", process.host),
        Role::Api | Role::All => format!("listening on http://{}", service.address),
    }
}

async fn unless_signalled<T>(work: impl Future<Output = T>, signals: &mut Signals) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = signals.next() => None,
    }
}

/// SIGTERM and SIGINT, which mean the same.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_key_pair_is_refused_by_name() {
        let only = |set: &'static str| move |name: &str| (name == set).then(|| "x".to_owned());
        let refused = root_key(only("CINNABAR_SECRET_ID")).unwrap_err().to_string();
        assert!(refused.contains("CINNABAR_SECRET_KEY is not"), "{refused}");
        let refused = root_key(only("CINNABAR_SECRET_KEY")).unwrap_err().to_string();
        assert!(refused.contains("CINNABAR_SECRET_ID is not"), "{refused}");
        assert!(root_key(|_| Some(String::new())).unwrap().is_none());
        assert_eq!(root_key(|name| Some(name.to_owned())).unwrap().unwrap().0, "CINNABAR_SECRET_ID");
    }
}
