//! What a look at a node shows.

use crate::{Role, Version};

/// Whether a node is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeState {
    /// Its process runs and answers.
    Running,
    /// Its folder is there, its process is not.
    Stopped,
    /// Neither folder nor process.
    Absent,
}

/// A node as it is now. All but `state` is empty unless it is [`NodeState::Running`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Whether it is there.
    pub state: NodeState,
    /// Process id.
    pub pid: Option<u32>,
    /// The engine's random id of this run; another one means that it was restarted.
    pub run_id: Option<String>,
    /// The engine's version.
    pub version: Option<Version>,
    /// Master, or replica of whom.
    pub role: Option<Role>,
    /// For a replica: its link to the master is up and the first sync is done. False for a master.
    pub master_link_up: bool,
    /// For a master: how many replicas are connected.
    pub connected_replicas: u32,
    /// The TCP port.
    pub port: Option<u16>,
    /// Memory in use, bytes.
    pub used_memory: u64,
    /// The limit in force, bytes; 0 is none.
    pub max_memory: u64,
    /// The limit of client connections in force, when the engine says it.
    pub max_clients: Option<u32>,
    /// Keys in all databases.
    pub keys: u64,
    /// Client connections, without the one that asked.
    pub connected_clients: u32,
    /// It still reads its data from disk and refuses customers meanwhile.
    pub loading: bool,
}

impl Observed {
    /// Nothing is there.
    #[must_use]
    pub fn absent() -> Self {
        Self::without_process(NodeState::Absent)
    }

    /// The folder without a process.
    #[must_use]
    pub fn stopped() -> Self {
        Self::without_process(NodeState::Stopped)
    }

    fn without_process(state: NodeState) -> Self {
        Self {
            state,
            pid: None,
            run_id: None,
            version: None,
            role: None,
            master_link_up: false,
            connected_replicas: 0,
            port: None,
            used_memory: 0,
            max_memory: 0,
            max_clients: None,
            keys: 0,
            connected_clients: 0,
            loading: false,
        }
    }

    /// Whether the process runs and answers.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state == NodeState::Running
    }
}

/// What a purge did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purged {
    /// Keys that were there before.
    pub keys: u64,
    /// Replicas that acknowledged.
    pub replicas: usize,
}
