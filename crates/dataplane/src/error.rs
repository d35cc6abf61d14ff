//! What can go wrong, said so that an operator knows what to do.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::NodeRef;

/// Why the data plane could not do what it was asked to.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A value of the request that can never work.
    #[error("{field} is not valid: {reason}")]
    InvalidSpec {
        /// The field, as it is named in [`crate::NodeSpec`] or [`crate::NodeRef`].
        field: &'static str,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A newer generation has been here; the caller lost its claim and must drop what it does.
    #[error("node {node} is at generation {current}; the request carries {given}, which is older")]
    Stale {
        /// The node.
        node: NodeRef,
        /// The generation of the request.
        given: u64,
        /// The generation that the node has seen.
        current: u64,
    },
    /// Another control plane on this machine is in the middle of an act on the node and does not go on.
    #[error("node {node} is held by {} for more than {after:?}; let it go on, or end it", holder(*by))]
    Held {
        /// The node.
        node: NodeRef,
        /// Who holds it, where the system shows it.
        by: Option<u32>,
        /// How long was waited.
        after: Duration,
    },
    /// Another process listens on the node's port.
    #[error("port {port} on {address} is in use by another process; choose another port or free it")]
    PortInUse {
        /// The address of the node.
        address: IpAddr,
        /// The port.
        port: u16,
    },
    /// The engine did not come up.
    #[error("node {node} did not start: {reason}")]
    Start {
        /// The node.
        node: NodeRef,
        /// The cause, from the engine's own log where it left one.
        reason: String,
    },
    /// The process is there and does not serve yet: it starts up, or reads its data from disk.
    #[error("node {node} is still starting or loading its data")]
    Loading {
        /// The node.
        node: NodeRef,
    },
    /// A process is there, but it does not answer, or does not end.
    #[error("node {node} did not answer within {after:?}")]
    Unresponsive {
        /// The node.
        node: NodeRef,
        /// How long was waited.
        after: Duration,
    },
    /// The call needs a running node.
    #[error("node {node} is not running")]
    NotRunning {
        /// The node.
        node: NodeRef,
    },
    /// The call needs a master and the node is a replica.
    #[error("node {node} is a replica; only a master can be emptied")]
    NotMaster {
        /// The node.
        node: NodeRef,
    },
    /// Fewer replicas than wanted acknowledged the purge in time.
    #[error("node {node} is empty, but only {acknowledged} of {wanted} replicas acknowledged it")]
    ReplicasLag {
        /// The master.
        node: NodeRef,
        /// Replicas that acknowledged.
        acknowledged: usize,
        /// Replicas that should have.
        wanted: usize,
    },
    /// The node refused a control command.
    #[error("node {node} refused {command}: {reason}")]
    Control {
        /// The node.
        node: NodeRef,
        /// The command, without its arguments.
        command: &'static str,
        /// What the node said.
        reason: String,
    },
    /// No usable engine is installed.
    #[error(
        "no usable redis-server or valkey-server found ({reason}); install one (for example `apt-get install redis-server`) or name its path in the list of engines"
    )]
    NoEngine {
        /// What was tried, and why each was not usable.
        reason: String,
    },
    /// A file or system operation failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb phrase.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// The system's answer.
        source: Arc<io::Error>,
    },
}

impl Error {
    /// Whether the same call may well succeed later without anyone changing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Loading { .. }
                | Self::Held { .. }
                | Self::Unresponsive { .. }
                | Self::NotRunning { .. }
                | Self::ReplicasLag { .. }
                | Self::Control { .. }
        )
    }

    /// For `map_err` on a file operation.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source: Arc::new(source) }
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}
