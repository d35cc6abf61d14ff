//! Nodes as real processes on this machine. Linux only: whose a process is, `/proc` tells.
//!
//! The order within a call is always: names and spec are checked → one call at a time on a node → the generation is
//! checked and written down → files → process. A crash in between leaves what the next call sets right. Each act checks
//! the generation anew, since other processes may share the root; see `fence.rs`.

mod compare;
mod config;
mod engines;
mod fence;
mod find;
mod folder;
mod hands;
mod ports;
mod purge;
mod spawn;
mod stop;

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;

pub use config::ProcessConfig;
use fence::Fence;
use find::Finder;
use folder::Folder;
use hands::Hands;
use spawn::{Limits, Ready};

use crate::control::Control;
use crate::probe::Info;
use crate::reconfigure::{needs_restart, reconfigure};
use crate::{DataPlane, Difference, Engine, Error, NodeRef, NodeSpec, Observed, Purged};

/// An engine older than 7.0 that was asked to end does so the next time it looks, ten times a second.
const LAST_WORDS: Duration = Duration::from_millis(150);

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
        let fence = Fence::open(&root)?;
        folder::clear_removed(&root);
        Ok(Self { root, config, engines, finder, fence })
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

    /// The hands of one call.
    fn hands<'p>(&'p self, folder: &'p Folder, generation: u64) -> Hands<'p> {
        Hands { fence: &self.fence, finder: &self.finder, folder, generation, remember: true }
    }

    /// A node that runs, or is about to answer; `None` when it must be started.
    async fn adopt(&self, hands: &Hands<'_>, spec: &NodeSpec) -> Result<Option<Ready>, Error> {
        let folder = hands.folder;
        let limits = self.limits();
        if let Some(ready) = spawn::answer(folder, &spec.secret, limits).await? {
            return Ok(Some(ready));
        }
        if spawn::alive(&self.finder, folder).await
            && let Some(ready) = spawn::wait_ready(&self.finder, folder, &spec.secret, limits).await?
        {
            return Ok(Some(ready));
        }
        // What is left are helpers of a node that died, or a start that was cut short.
        stop::kill(hands).await?;
        Ok(None)
    }

    /// Changes a running node; `None` when it has to be restarted and has been stopped for that.
    async fn change(&self, hands: &Hands<'_>, spec: &NodeSpec, ready: Ready) -> Result<Option<Observed>, Error> {
        let (mut control, info) = ready;
        if needs_restart(&mut control, &info, spec).await? {
            tracing::info!(node = %spec.node, "restarting: port, address or engine changed");
            drop(control);
            stop::stop(hands, self.config.stop_grace).await?;
            return Ok(None);
        }
        reconfigure(&mut control, &info, spec, self.engine(spec)?.version).await?;
        Ok(Some(Info::ask(&mut control).await?.observed()))
    }

    /// Whether a node that answers will go on doing so: one that was asked to end answers for a moment more. Where it cannot
    /// be made to stay its end is waited for.
    async fn stays(&self, hands: &Hands<'_>, control: &mut Control) -> Result<bool, Error> {
        let asked = async {
            control.stay().await?;
            let old = Info::ask(control).await?.observed().version.is_none_or(|version| version.major < 7);
            if old {
                tokio::time::sleep(LAST_WORDS).await;
                Info::ask(control).await?;
            }
            Ok(())
        };
        match asked.await {
            Ok(()) => Ok(true),
            Err(Error::NotRunning { .. }) => stop::kill(hands).await.map(|()| false),
            Err(error) => Err(error),
        }
    }

    /// The connection of a call that goes on only if no newer generation has come; older ones are cut.
    async fn take_over(&self, hands: &Hands<'_>, control: &mut Control, first: bool) -> Result<(), Error> {
        // After the connection was made: whoever comes later either cuts it or is the newer one.
        let newer = hands.check().await?;
        if newer || first { control.take_over().await } else { Ok(()) }
    }
}

#[async_trait]
impl DataPlane for ProcessPlane {
    async fn ensure(&self, spec: &NodeSpec) -> Result<Observed, Error> {
        spec.validate()?;
        let version = self.engine(spec)?.version;
        let folder = self.folder(&spec.node)?;
        let _turn = self.fence.enter(&spec.node).await;
        let hands = self.hands(&folder, spec.generation);
        let written = hands.act(|| folder.write_spec(spec, version)).await?;
        // To look for a process costs a look at each one of the machine.
        let found = if written.first { None } else { self.adopt(&hands, spec).await? };
        if let Some((mut control, info)) = found {
            self.take_over(&hands, &mut control, written.newer).await?;
            if self.stays(&hands, &mut control).await?
                && let Some(observed) = self.change(&hands, spec, (control, info)).await?
            {
                return Ok(observed);
            }
        }
        let (_, info) = spawn::start(&hands, spec, self.limits()).await?;
        Ok(info.observed())
    }

    async fn stop(&self, node: &NodeRef, generation: u64) -> Result<(), Error> {
        let folder = self.folder(node)?;
        let _turn = self.fence.enter(node).await;
        let hands = Hands { remember: folder.exists(), ..self.hands(&folder, generation) };
        stop::stop(&hands, self.config.stop_grace).await
    }

    async fn absent(&self, node: &NodeRef, generation: u64) -> Result<(), Error> {
        let folder = self.folder(node)?;
        let _turn = self.fence.enter(node).await;
        // Its data goes too: nothing is worth a graceful end.
        let Some(removed) = stop::remove(&self.hands(&folder, generation), &self.root).await? else { return Ok(()) };
        let path = removed.clone();
        let deleted = tokio::task::spawn_blocking(move || folder::delete(&path)).await;
        deleted.map_err(|error| Error::io("remove the folder", removed)(error.into()))?
    }

    async fn observe(&self, node: &NodeRef) -> Result<Observed, Error> {
        let folder = self.folder(node)?;
        let secret = folder.secret().unwrap_or_default();
        if let Some(mut control) = self.connect(&folder, &secret).await? {
            return Ok(Info::ask(&mut control).await?.observed());
        }
        if spawn::alive(&self.finder, &folder).await {
            return Err(Error::Loading { node: node.clone() });
        }
        Ok(if folder.exists() { Observed::stopped() } else { Observed::absent() })
    }

    async fn compare(&self, spec: &NodeSpec) -> Result<(Observed, Vec<Difference>), Error> {
        let folder = self.folder(&spec.node)?;
        let secret = folder.secret().unwrap_or_default();
        match self.connect(&folder, &secret).await? {
            Some(mut control) => compare::compare(&mut control, spec).await,
            None => Ok((self.observe(&spec.node).await?, Vec::new())),
        }
    }

    async fn purge(
        &self,
        node: &NodeRef,
        generation: u64,
        replicas: &[NodeRef],
        timeout: Duration,
    ) -> Result<Purged, Error> {
        let folder = self.folder(node)?;
        let secret = folder.secret().unwrap_or_default();
        let connected = self.connect(&folder, &secret).await?;
        let mut control = connected.ok_or_else(|| Error::NotRunning { node: node.clone() })?;
        self.take_over(&self.hands(&folder, generation), &mut control, false).await?;
        purge::purge(&mut control, node, replicas.len(), timeout).await
    }

    async fn port_is_free(&self, address: IpAddr, port: u16) -> bool {
        ports::is_free(address, port).await
    }

    fn engines(&self) -> &[Engine] {
        &self.engines
    }

    async fn list(&self) -> Result<Vec<NodeRef>, Error> {
        self.fence.tidy(|node| self.folder(node).is_ok_and(|folder| folder.exists()));
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
