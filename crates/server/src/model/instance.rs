//! An instance: what a customer bought and what should be so.

/// Where an instance is in its life. The wire status follows from it, from the live task and from the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its creation has not ended.
    Creating,
    /// It serves.
    Running,
    /// Destroyed, but its data is kept and it can be started up again.
    Isolated,
    /// Its data is gone.
    Cleaned,
    /// Its creation failed and was undone.
    Failed,
}

impl State {
    /// As it stands in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Running => "running",
            Self::Isolated => "isolated",
            Self::Cleaned => "cleaned",
            Self::Failed => "failed",
        }
    }

    /// Reads what stands in the store.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Creating, Self::Running, Self::Isolated, Self::Cleaned, Self::Failed]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// The wire's `Status`.
pub mod status {
    /// To be initialised.
    pub const INITIAL: i64 = 0;
    /// In a flow.
    pub const IN_FLOW: i64 = 1;
    /// Running.
    pub const RUNNING: i64 = 2;
    /// Isolated.
    pub const ISOLATED: i64 = -2;
    /// To be deleted.
    pub const TO_DELETE: i64 = -3;
}

/// How an instance is paid for.
pub mod billing {
    /// Pay-as-you-go.
    pub const POSTPAID: i64 = 0;
    /// Monthly subscription.
    pub const PREPAID: i64 = 1;
}

/// One instance as the store has it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "migrations/0002_server.sql describes the columns")]
pub struct Instance {
    pub id: String,
    /// The host that its nodes are on.
    pub host: String,
    pub account: String,
    pub region: String,
    pub zone_id: i64,
    pub name: String,
    pub type_id: i64,
    pub mem_mb: i64,
    pub shards: i64,
    pub replicas: i64,
    pub replicas_readonly: bool,
    pub state: State,
    pub billing_mode: i64,
    pub period: i64,
    pub auto_renew: i64,
    pub project_id: i64,
    pub vpc_id: String,
    pub subnet_id: String,
    pub vport: u16,
    pub address: String,
    pub port: u16,
    pub password: Access,
    pub secret: api::Secret,
    pub security_groups: Vec<String>,
    pub template_id: String,
    pub product_version: String,
    pub delete_protection: bool,
    pub window: (String, String),
    pub deal_name: String,
    pub engine: String,
    pub generation: i64,
    pub created_at: i64,
    pub deadline_at: Option<i64>,
    pub isolated_at: Option<i64>,
    pub cleaned_at: Option<i64>,
    /// The wire status at the time of the query; not stored.
    pub status: i64,
}

/// How a customer gets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Without a password.
    Free,
    /// With the password that has this SHA-256 (hexadecimal); the password itself is nowhere kept.
    Sha256(String),
}

/// An address and a port.
pub type Place = (String, u16);

/// A redis process that should exist.
#[derive(Debug, Clone)]
pub struct Node {
    /// The short name, also its folder's.
    pub name: String,
    /// Counted from 0.
    pub shard: i64,
    /// 0 is the master of a new instance, 1… its replicas.
    pub ordinal: i64,
    /// 40 hexadecimal digits.
    pub node_id: String,
    /// Where it listens, once that is reserved.
    pub place: Option<Place>,
    /// What was last seen of it.
    pub seen: Seen,
}

/// A task that touched the node has failed and may have left it as it should not be: what cannot be seen, such as who may
/// come in, must be made so again.
pub const DOUBTFUL: &str = "doubtful";

/// What the observer saw of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// `running`, `stopped`, `absent`, or empty when it was never looked at; [`DOUBTFUL`] when it is to be set up anew.
    pub state: String,
    /// `master` or `replica`.
    pub role: String,
    /// Bytes.
    pub memory: i64,
    /// Keys in all databases.
    pub keys: i64,
    /// The server's version.
    pub version: String,
    /// When, milliseconds since 1970.
    pub at: Option<i64>,
}
