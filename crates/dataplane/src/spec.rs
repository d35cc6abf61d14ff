//! What a node should be.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::Error;

/// The name of a node: its instance and its place in it. Both are names of folders, see [`NodeRef::validate`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeRef {
    /// The instance, such as `crs-1a2b3c4d`.
    pub instance: String,
    /// The node within it, such as `s1n0`.
    pub node: String,
}

impl NodeRef {
    /// Names a node; the names are checked by every call that uses them.
    pub fn new(instance: impl Into<String>, node: impl Into<String>) -> Self {
        Self { instance: instance.into(), node: node.into() }
    }

    /// Both names consist of 1 to 64 lower-case letters, digits and inner dashes, so that neither can leave its folder.
    ///
    /// # Errors
    /// [`Error::InvalidSpec`] naming the field.
    pub fn validate(&self) -> Result<(), Error> {
        validate_name("instance", &self.instance)?;
        validate_name("node", &self.node)
    }
}

impl fmt::Display for NodeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.instance, self.node)
    }
}

fn validate_name(field: &'static str, name: &str) -> Result<(), Error> {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if plain && (1..=64).contains(&name.len()) && !name.starts_with('-') && !name.ends_with('-') {
        return Ok(());
    }
    let reason = format!("{name:?} must be 1 to 64 lower-case letters, digits and inner dashes");
    Err(Error::InvalidSpec { field, reason })
}

/// All that [`crate::DataPlane::ensure`] needs to know of a node.
#[derive(Clone, PartialEq, Eq)]
pub struct NodeSpec {
    /// Which node.
    pub node: NodeRef,
    /// Grows with every change of intent; an older one than the node has seen is refused.
    pub generation: u64,
    /// The path of one of [`crate::DataPlane::engines`].
    pub engine: PathBuf,
    /// The address that the node listens on.
    pub address: IpAddr,
    /// The TCP port that the node listens on.
    pub port: u16,
    /// maxmemory in bytes, at least 1 MiB.
    pub max_memory: u64,
    /// maxclients.
    pub max_clients: u32,
    /// How the customer gets in.
    pub access: Access,
    /// Master or replica.
    pub role: Role,
    /// The instance's random control secret, 16 to 128 letters, digits, `-` or `_`; the same for all its nodes. Never logged.
    pub secret: String,
}

impl NodeSpec {
    /// Checks all that can be known without looking at the machine.
    ///
    /// # Errors
    /// [`Error::InvalidSpec`] naming the field and what would be right.
    pub fn validate(&self) -> Result<(), Error> {
        self.node.validate()?;
        check(self.port > 0, "port", || "must be 1 to 65535".to_owned())?;
        check(self.max_memory >= MIN_MEMORY, "max_memory", || {
            format!("{} is less than {MIN_MEMORY} bytes", self.max_memory)
        })?;
        check(self.max_clients > 0, "max_clients", || "must be at least 1".to_owned())?;
        self.access.validate()?;
        self.role.validate(SocketAddr::new(self.address, self.port))?;
        let plain = self.secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        check(plain && (16..=128).contains(&self.secret.len()), "secret", || {
            "must be 16 to 128 letters, digits, - or _".to_owned()
        })
    }
}

const MIN_MEMORY: u64 = 1 << 20;

fn check(holds: bool, field: &'static str, reason: impl FnOnce() -> String) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::InvalidSpec { field, reason: reason() }) }
}

impl fmt::Debug for NodeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeSpec")
            .field("node", &self.node)
            .field("generation", &self.generation)
            .field("engine", &self.engine)
            .field("address", &self.address)
            .field("port", &self.port)
            .field("max_memory", &self.max_memory)
            .field("max_clients", &self.max_clients)
            .field("access", &self.access)
            .field("role", &self.role)
            .field("secret", &"(redacted)")
            .finish()
    }
}

/// How the customer's `default` user gets in.
#[derive(Clone, PartialEq, Eq)]
pub enum Access {
    /// Without a password.
    NoAuth,
    /// With the password of which this is the SHA-256, 64 lower-case hex digits; see [`password_sha256`].
    PasswordSha256(String),
}

impl Access {
    fn validate(&self) -> Result<(), Error> {
        let Self::PasswordSha256(hash) = self else { return Ok(()) };
        let hex = hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        check(hex && hash.len() == 64, "access", || {
            "the password's SHA-256 must be 64 lower-case hex digits".to_owned()
        })
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAuth => "NoAuth",
            Self::PasswordSha256(_) => "PasswordSha256(redacted)",
        })
    }
}

/// The SHA-256 of a password in the form that [`Access::PasswordSha256`] wants.
#[must_use]
pub fn password_sha256(password: &str) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, password.as_bytes()))
}

/// A node's part in replication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Takes writes.
    Master,
    /// Follows a master and refuses writes.
    Replica {
        /// Where the master listens.
        of: SocketAddr,
    },
}

impl Role {
    fn validate(&self, own: SocketAddr) -> Result<(), Error> {
        let Self::Replica { of } = self else { return Ok(()) };
        check(of.port() > 0, "role", || format!("the master's port must be 1 to 65535, not {}", of.port()))?;
        check(*of != own, "role", || format!("a node cannot be its own replica ({own})"))
    }
}

/// The shape of an instance: `shards` masters with `replicas` replicas each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topology {
    /// Shards; 1 for the standard architecture.
    pub shards: u16,
    /// Replicas of each shard.
    pub replicas: u16,
}

impl Topology {
    /// One shard: a master with its replicas.
    #[must_use]
    pub const fn standard(replicas: u16) -> Self {
        Self { shards: 1, replicas }
    }

    /// All places, shard by shard, the first master of each before its replicas.
    pub fn places(self) -> impl Iterator<Item = NodePlace> {
        (1..=self.shards).flat_map(move |shard| (0..=self.replicas).map(move |index| NodePlace { shard, index }))
    }

    /// How many nodes there are: shards × (1 + replicas).
    #[must_use]
    pub fn count(self) -> usize {
        usize::from(self.shards) * (1 + usize::from(self.replicas))
    }
}

/// Where a node stands in its instance. Displays as the node's short name: `s1n0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodePlace {
    /// The shard, from 1.
    pub shard: u16,
    /// The node within its shard, from 0.
    pub index: u16,
}

impl NodePlace {
    /// Whether the node starts as its shard's master.
    #[must_use]
    pub const fn starts_as_master(self) -> bool {
        self.index == 0
    }

    /// The node at this place of an instance.
    pub fn of(self, instance: impl Into<String>) -> NodeRef {
        NodeRef::new(instance, self.to_string())
    }
}

impl fmt::Display for NodePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}n{}", self.shard, self.index)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn example() -> NodeSpec {
        NodeSpec {
            node: NodeRef::new("crs-1a2b3c4d", "s1n0"),
            generation: 3,
            engine: PathBuf::from("/usr/bin/redis-server"),
            address: IpAddr::from([127, 0, 0, 1]),
            port: 6379,
            max_memory: 1 << 30,
            max_clients: 10_000,
            access: Access::PasswordSha256(password_sha256("s3cret!")),
            role: Role::Master,
            secret: "control-secret-of-the-instance".to_owned(),
        }
    }

    fn refused(change: impl FnOnce(&mut NodeSpec)) -> &'static str {
        let mut spec = example();
        change(&mut spec);
        match spec.validate() {
            Err(Error::InvalidSpec { field, .. }) => field,
            other => panic!("expected InvalidSpec, got {other:?}"),
        }
    }

    #[test]
    fn a_good_spec_passes() {
        example().validate().unwrap();
    }

    #[test]
    fn each_bad_field_is_named() {
        assert_eq!(refused(|s| s.port = 0), "port");
        assert_eq!(refused(|s| s.max_memory = 1000), "max_memory");
        assert_eq!(refused(|s| s.max_clients = 0), "max_clients");
        assert_eq!(refused(|s| s.access = Access::PasswordSha256("ABC".into())), "access");
        assert_eq!(refused(|s| s.access = Access::PasswordSha256("A".repeat(64))), "access");
        assert_eq!(refused(|s| s.secret = "short".into()), "secret");
        assert_eq!(refused(|s| s.secret = "with a blank and\nline".into()), "secret");
        assert_eq!(refused(|s| s.role = Role::Replica { of: "127.0.0.1:6379".parse().unwrap() }), "role");
        assert_eq!(refused(|s| s.role = Role::Replica { of: "127.0.0.2:0".parse().unwrap() }), "role");
    }

    #[test]
    fn names_cannot_leave_their_folder() {
        for bad in ["", ".", "..", "../x", "a/b", "/etc", "-rf", "a-", "A", "a b", "a\0", "ä", &"a".repeat(65)] {
            assert_eq!(refused(|s| s.node.instance = bad.to_owned()), "instance", "{bad:?}");
            assert_eq!(refused(|s| s.node.node = bad.to_owned()), "node", "{bad:?}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", example());
        assert!(!shown.contains("control-secret"), "{shown}");
        assert!(!shown.contains(&password_sha256("s3cret!")), "{shown}");
    }

    #[test]
    fn a_topology_names_its_nodes() {
        let topology = Topology { shards: 2, replicas: 1 };
        let names: Vec<_> = topology.places().map(|place| place.to_string()).collect();
        assert_eq!(names, ["s1n0", "s1n1", "s2n0", "s2n1"]);
        assert_eq!(topology.count(), 4);
        assert_eq!(Topology::standard(0).count(), 1);
        assert_eq!(topology.places().filter(|place| place.starts_as_master()).count(), 2);
    }
}
