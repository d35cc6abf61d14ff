//! Makes redis nodes exist or not exist; knows nothing of tenants or tasks.
//!
//! A **node** is a folder (`ROOT/<instance>/<node>/`: configuration, ACL file, data, log, pid) and at most one
//! redis-server or valkey-server process that works in it. The caller says what should be ([`NodeSpec`]) and the plane
//! makes it so: [`DataPlane::ensure`], [`DataPlane::stop`], [`DataPlane::absent`]. Each is idempotent and may be
//! repeated after a crash at any point; none remembers anything that the folder and the process table do not show.
//!
//! * Processes outlive the control plane (they fork into a session of their own) and are adopted afterwards: by their
//!   socket, or by the pid file and `/proc`, so that a recycled pid is never taken for a node.
//! * Every changing call carries a **generation**; the root keeps the highest one that each node has seen and an older one
//!   is refused ([`Error::Stale`]), so that a worker that lost its lease cannot undo what its successor did. Several
//!   processes may share a root; the design note of this is the header of `process/fence.rs`.
//! * Data is kept by an append-only file, synced once a second: a power cut takes the last second of writes, the death
//!   of the process at most two; a graceful end and a finished purge lose nothing.
//! * The plane speaks to a node as the ACL user `cinnabar` over a unix socket. The customer is the `default` user, who
//!   may do all but [`FORBIDDEN_COMMANDS`] and their like.
//!
//! Two planes exist: [`ProcessPlane`] with real processes, and [`fake::FakePlane`], a world in memory for unit tests.

mod control;
mod difference;
mod engine;
mod error;
pub mod fake;
mod observed;
mod probe;
mod process;
mod reconfigure;
mod redis_conf;
mod spec;

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;

pub use difference::Difference;
pub use engine::{Engine, EngineKind, ParseVersionError, Version};
pub use error::Error;
pub use observed::{NodeState, Observed, Purged};
pub use process::{ProcessConfig, ProcessPlane};
pub use redis_conf::{CLUSTER_READS, FORBIDDEN_COMMANDS, FORBIDDEN_SUBCOMMANDS};
pub use spec::{Access, NodePlace, NodeRef, NodeSpec, Role, Topology, password_sha256};

/// A generation for whoever acts outside of all tasks: it is never refused and never remembered.
pub const REGARDLESS: u64 = u64::MAX;

/// What the control plane can ask of the machines that run the nodes.
#[async_trait]
pub trait DataPlane: Send + Sync {
    /// Makes the node run as the spec says: starts it when it is not running, adopts it when it is, and changes it live
    /// where it differs (access, maxmemory, maxclients, role). It is restarted only for another port, address or engine.
    /// A changed access cuts the customer's open connections. A replica's first sync is not waited for: look at
    /// [`Observed::master_link_up`].
    ///
    /// # Errors
    /// [`Error::InvalidSpec`], [`Error::Stale`], [`Error::PortInUse`], [`Error::Start`] with the cause from the node's
    /// log, [`Error::Loading`] while a big data set is being read, [`Error::Unresponsive`], [`Error::Control`], [`Error::Io`].
    async fn ensure(&self, spec: &NodeSpec) -> Result<Observed, Error>;

    /// The process is gone, its data saved; the folder stays. Happy when there is none.
    ///
    /// # Errors
    /// [`Error::InvalidSpec`] for a bad name, [`Error::Stale`], [`Error::Io`], [`Error::Unresponsive`] when even SIGKILL did not end it.
    async fn stop(&self, node: &NodeRef, generation: u64) -> Result<(), Error>;

    /// No process and no folder, and no instance folder when it was the last node. Happy when nothing is there.
    ///
    /// # Errors
    /// As [`DataPlane::stop`].
    async fn absent(&self, node: &NodeRef, generation: u64) -> Result<(), Error>;

    /// What is there. Changes nothing.
    ///
    /// # Errors
    /// [`Error::Unresponsive`] or [`Error::Control`] when a process is there but does not answer as it should.
    async fn observe(&self, node: &NodeRef) -> Result<Observed, Error>;

    /// The node as it is, and in what a running one is not what the spec says. Changes nothing.
    ///
    /// # Errors
    /// As [`DataPlane::observe`].
    async fn compare(&self, spec: &NodeSpec) -> Result<(Observed, Vec<Difference>), Error> {
        let observed = self.observe(&spec.node).await?;
        let running = observed.is_running();
        Ok((observed.clone(), if running { difference::of_observed(spec, &observed) } else { Vec::new() }))
    }

    /// Empties a master and waits until all of `replicas` have acknowledged it and the master's file says so too: the
    /// keys stay gone when the process dies right after.
    ///
    /// # Errors
    /// [`Error::NotRunning`], [`Error::Stale`], [`Error::NotMaster`], [`Error::Loading`], [`Error::ReplicasLag`] when
    /// `timeout` passed before all had acknowledged (the master is empty then), [`Error::Unresponsive`], [`Error::Control`].
    async fn purge(
        &self,
        node: &NodeRef,
        generation: u64,
        replicas: &[NodeRef],
        timeout: Duration,
    ) -> Result<Purged, Error>;

    /// Whether the TCP port can be bound on that address right now.
    async fn port_is_free(&self, address: IpAddr, port: u16) -> bool;

    /// The engines found and probed when the plane was opened, in the configured order; never empty.
    fn engines(&self) -> &[Engine];

    /// Every node of which a folder or a process exists, sorted.
    ///
    /// # Errors
    /// [`Error::Io`] when the root cannot be read.
    async fn list(&self) -> Result<Vec<NodeRef>, Error>;
}
