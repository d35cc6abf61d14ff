//! What a step may reach: the store to read intent from, the data plane to make it so, and the settings of both.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dataplane::{DataPlane, NodeRef, NodeSpec, Role};
use db::Db;
use engine::{Clock, Failure};

use super::ports::Ports;
use super::trouble::Trouble;
use crate::model::instance::{Access, Instance, Node, Place};
use crate::store;

/// Shared by all steps and by the background.
pub struct World {
    /// The store.
    pub db: Db,
    /// The host that this is.
    pub host: String,
    /// Its machines.
    pub plane: Arc<dyn DataPlane>,
    /// The ports that can be handed out.
    pub ports: Ports,
    /// The engine's clock.
    pub clock: Clock,
    /// How long a task may take before it is undone.
    pub deadline: Duration,
}

/// The cloud's smallest client limit, which all sizes have.
pub const CLIENT_LIMIT: u32 = 10_000;

impl World {
    /// An instance with its nodes, as the store has them now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn load(&self, id: &str) -> Result<(Instance, Vec<Node>), Trouble> {
        let loaded =
            self.db.read(|tx| Ok::<_, db::Error>((store::instance::get(tx, id)?, store::node::of_instance(tx, id)?)));
        loaded.map_err(|error| Trouble::of_store(&error))
    }

    /// The places that nodes of this host have.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn taken_places(&self) -> Result<HashSet<Place>, Trouble> {
        self.db.read(|tx| store::node::places(tx, &self.host)).map_err(|error| Trouble::of_store(&error))
    }
}

/// A node's name in the data plane.
#[must_use]
pub fn node_ref(instance: &Instance, node: &Node) -> NodeRef {
    NodeRef { instance: instance.id.clone(), node: node.name.clone() }
}

/// What all nodes of an instance should be, masters first.
///
/// # Errors
/// When a node has no place yet.
pub fn specs(instance: &Instance, nodes: &[Node], generation: u64) -> Result<Vec<NodeSpec>, Failure> {
    let mut specs = nodes.iter().map(|node| spec(instance, nodes, node, generation)).collect::<Result<Vec<_>, _>>()?;
    specs.sort_by_key(|spec| spec.role != Role::Master);
    Ok(specs)
}

/// What one node of an instance should be.
///
/// # Errors
/// When it or its master has no place yet.
pub fn spec(instance: &Instance, nodes: &[Node], node: &Node, generation: u64) -> Result<NodeSpec, Failure> {
    let place = place(node)?;
    let role =
        if node.ordinal == 0 { Role::Master } else { Role::Replica { of: self::place(master_of(nodes, node)?)? } };
    Ok(NodeSpec {
        node: node_ref(instance, node),
        generation,
        engine: PathBuf::from(&instance.engine),
        address: place.ip(),
        port: place.port(),
        max_memory: u64::try_from(instance.mem_mb).unwrap_or_default() << 20,
        max_clients: CLIENT_LIMIT,
        access: access(&instance.password),
        role,
        secret: instance.secret.expose().to_owned(),
    })
}

fn access(access: &Access) -> dataplane::Access {
    match access {
        Access::Free => dataplane::Access::NoAuth,
        Access::Sha256(hash) => dataplane::Access::PasswordSha256(hash.clone()),
    }
}

fn master_of<'n>(nodes: &'n [Node], node: &Node) -> Result<&'n Node, Failure> {
    let master = nodes.iter().find(|other| other.shard == node.shard && other.ordinal == 0);
    master.ok_or_else(|| {
        Failure::new("the instance has no master", format!("node {} has no master in its shard", node.name))
    })
}

fn place(node: &Node) -> Result<SocketAddr, Failure> {
    let placed =
        node.place.as_ref().and_then(|(address, port)| Some(SocketAddr::new(address.parse::<IpAddr>().ok()?, *port)));
    placed
        .ok_or_else(|| Failure::new("a node has no port", format!("node {} has no place: {:?}", node.name, node.place)))
}
