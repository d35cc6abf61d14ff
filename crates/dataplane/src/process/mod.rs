//! Nodes as real processes on this machine. Linux only: whose a process is, `/proc` tells.
//!
//! The order within a call is always: names and spec are checked → one call at a time on a node → the generation is
//! checked and written down → files → process. A crash in between leaves what the next call sets right.

mod config;
mod engines;
mod fence;
mod find;
mod folder;
mod ports;
mod spawn;
mod stop;

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use redis::cmd;
use tokio::time::{Instant, sleep};

pub use config::ProcessConfig;
use fence::Fence;
use find::{Finder, Process};
use folder::Folder;
use spawn::Limits;

use crate::control::Control;
use crate::probe::Info;
use crate::reconfigure::{needs_restart, reconfigure};
use crate::{DataPlane, Engine, Error, NodeRef, NodeSpec, Observed, Purged};

/// How often a node is asked whether it has loaded its data.
const LOADING_POLL: Duration = Duration::from_millis(5);

/// Runs nodes as redis-server or valkey-server processes.
#[derive(Debug)]
pub struct ProcessPlane {
    root: PathBuf,
    config: ProcessConfig,
    engines: Vec<Engine>,
    finder: Finder,
    fence: Fence,
}

impl ProcessPlane {
    /// Creates the root when it is missing and probes the engines. Nodes that run already stay as they are: `ensure` adopts them.
    ///
    /// # Errors
    /// [`Error::NoEngine`] saying how to install one, [`Error::Io`] when the root cannot be used.
    pub async fn open(config: ProcessConfig) -> Result<Self, Error> {
        let engines = engines::discover(&config.engines).await?;
        fs::create_dir_all(&config.root).map_err(Error::io("create the folder", &config.root))?;
        // Processes say where they work by the real path.
        let root = fs::canonicalize(&config.root).map_err(Error::io("read the folder", &config.root))?;
        let finder = Finder::new(engines.iter().map(|engine| engine.path.as_path()));
        Ok(Self { root, config, engines, finder, fence: Fence::default() })
    }

    fn folder(&self, node: &NodeRef) -> Result<Folder, Error> {
        Folder::new(&self.root, node)
    }

    fn engine(&self, spec: &NodeSpec) -> Result<&Engine, Error> {
        let known = self.engines.iter().find(|engine| engine.path == spec.engine);
        known.ok_or_else(|| Error::InvalidSpec {
            field: "engine",
            reason: format!("{} is none of the engines found", spec.engine.display()),
        })
    }

    fn limits(&self) -> Limits {
        Limits { start: self.config.start_timeout, call: self.config.call_timeout }
    }

    async fn connect(&self, folder: &Folder, secret: &str) -> Result<Option<Control>, Error> {
        Control::connect(&folder.node, &folder.path, secret, self.config.call_timeout).await
    }

    /// The connection to a node that runs, or is about to answer; `None` when it must be started.
    async fn adopt(&self, folder: &Folder, spec: &NodeSpec) -> Result<Option<Control>, Error> {
        if let Some(control) = self.connect(folder, &spec.secret).await? {
            return Ok(Some(control));
        }
        let starting = self.alive(folder);
        if starting && let Some(control) = spawn::wait_ready(&self.finder, folder, &spec.secret, self.limits()).await? {
            return Ok(Some(control));
        }
        // What is left are helpers of a node that died, or a start that was cut short.
        stop::kill(&self.finder, folder).await?;
        Ok(None)
    }

    /// Whether a node's process is there, also one whose pid file was never written or is wrong.
    fn alive(&self, folder: &Folder) -> bool {
        let by_pid = folder.pid().and_then(|pid| self.finder.by_pid(pid, &folder.path));
        by_pid.is_some_and(|process| process.is_node()) || self.finder.under(&folder.path).iter().any(Process::is_node)
    }

    /// Changes a running node; `None` when it has to be restarted and has been stopped for that.
    async fn change(&self, folder: &Folder, spec: &NodeSpec, mut control: Control) -> Result<Option<Control>, Error> {
        let info = self.loaded(&mut control, folder).await?;
        if needs_restart(&mut control, &info, spec).await? {
            tracing::info!(node = %spec.node, "restarting: port, address or engine changed");
            drop(control);
            stop::stop(&self.finder, folder, self.config.stop_grace).await?;
            return Ok(None);
        }
        reconfigure(&mut control, &info, spec, self.engine(spec)?.version).await?;
        Ok(Some(control))
    }

    /// What the node says once its data is loaded.
    async fn loaded(&self, control: &mut Control, folder: &Folder) -> Result<Info, Error> {
        let deadline = Instant::now() + self.config.start_timeout;
        loop {
            let info = Info::ask(control).await?;
            if !info.loading() {
                return Ok(info);
            }
            if Instant::now() > deadline {
                return Err(Error::Loading { node: folder.node.clone() });
            }
            sleep(LOADING_POLL).await;
        }
    }

    async fn running(&self, node: &NodeRef) -> Result<Control, Error> {
        let folder = self.folder(node)?;
        let secret = folder.secret().unwrap_or_default();
        self.connect(&folder, &secret).await?.ok_or_else(|| Error::NotRunning { node: node.clone() })
    }
}

#[async_trait]
impl DataPlane for ProcessPlane {
    async fn ensure(&self, spec: &NodeSpec) -> Result<Observed, Error> {
        spec.validate()?;
        let version = self.engine(spec)?.version;
        let folder = self.folder(&spec.node)?;
        let _turn = self.fence.enter(&spec.node).await;
        self.fence.check(&spec.node, spec.generation, folder.generation())?;
        folder.write_spec(spec, version)?;
        let running = match self.adopt(&folder, spec).await? {
            Some(control) => self.change(&folder, spec, control).await?,
            None => None,
        };
        let mut control = match running {
            Some(control) => control,
            None => spawn::start(&self.finder, &folder, spec, self.limits()).await?,
        };
        Ok(self.loaded(&mut control, &folder).await?.observed())
    }

    async fn stop(&self, node: &NodeRef, generation: u64) -> Result<(), Error> {
        let folder = self.folder(node)?;
        let _turn = self.fence.enter(node).await;
        self.fence.check(node, generation, folder.generation())?;
        if folder.exists() {
            folder.write_generation(generation)?;
        }
        stop::stop(&self.finder, &folder, self.config.stop_grace).await
    }

    async fn absent(&self, node: &NodeRef, generation: u64) -> Result<(), Error> {
        let folder = self.folder(node)?;
        let _turn = self.fence.enter(node).await;
        self.fence.check(node, generation, folder.generation())?;
        if folder.exists() {
            folder.write_generation(generation)?;
        }
        self.fence.removed(node, generation);
        // Its data goes too: nothing is worth a graceful end.
        stop::kill(&self.finder, &folder).await?;
        let removal = folder.clone();
        let removed = tokio::task::spawn_blocking(move || removal.remove()).await;
        removed.map_err(|error| Error::io("remove the folder", folder.path)(error.into()))?
    }

    async fn observe(&self, node: &NodeRef) -> Result<Observed, Error> {
        let folder = self.folder(node)?;
        let secret = folder.secret().unwrap_or_default();
        if let Some(mut control) = self.connect(&folder, &secret).await? {
            return Ok(Info::ask(&mut control).await?.observed());
        }
        if self.alive(&folder) {
            return Err(Error::Loading { node: node.clone() });
        }
        Ok(if folder.exists() { Observed::stopped() } else { Observed::absent() })
    }

    async fn purge(&self, node: &NodeRef, replicas: &[NodeRef], timeout: Duration) -> Result<Purged, Error> {
        let mut control = self.running(node).await?;
        let keys = Info::ask(&mut control).await?.observed().keys;
        // The keys are gone at once; their memory is given back in the background, on replicas too.
        control.query_within::<()>("FLUSHALL", cmd("FLUSHALL").arg("ASYNC"), timeout).await?;
        let wanted = replicas.len();
        let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut wait = cmd("WAIT");
        wait.arg(wanted).arg(millis);
        let limit = timeout + self.config.call_timeout;
        let acknowledged: usize = control.query_within("WAIT", &wait, limit).await?;
        if acknowledged < wanted {
            return Err(Error::ReplicasLag { node: node.clone(), acknowledged, wanted });
        }
        Ok(Purged { keys, replicas: acknowledged })
    }

    async fn port_is_free(&self, address: IpAddr, port: u16) -> bool {
        ports::is_free(address, port).await
    }

    fn engines(&self) -> &[Engine] {
        &self.engines
    }

    async fn list(&self) -> Result<Vec<NodeRef>, Error> {
        let mut nodes = folder::list(&self.root)?;
        // A process whose folder was deleted under it counts as well.
        nodes.extend(self.finder.under(&self.root).iter().filter_map(|process| {
            let mut names = process.folder.strip_prefix(&self.root).ok()?.iter().map(|name| name.to_str());
            let node = NodeRef::new(names.next()??, names.next()??);
            node.validate().is_ok().then_some(node)
        }));
        nodes.sort();
        nodes.dedup();
        Ok(nodes)
    }
}
