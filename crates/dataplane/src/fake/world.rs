//! The nodes of a [`super::FakePlane`] and how they behave.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;

use crate::{Error, NodeRef, NodeSpec, NodeState, Observed, Purged, REGARDLESS, Role, Version};

#[derive(Debug, Default)]
pub(super) struct World {
    nodes: BTreeMap<NodeRef, Node>,
    /// The highest generation that was on each node, also on those that are gone.
    seen: BTreeMap<NodeRef, u64>,
    foreign: HashSet<SocketAddr>,
    starts: u32,
}

#[derive(Debug)]
struct Node {
    spec: NodeSpec,
    version: Version,
    /// The number of its start; `None` while it does not run.
    run: Option<u32>,
    keys: u64,
}

impl Node {
    fn listens_on(&self) -> SocketAddr {
        SocketAddr::new(self.spec.address, self.spec.port)
    }
}

impl World {
    /// Refuses an older generation and remembers a newer one.
    fn check(&mut self, node: &NodeRef, given: u64) -> Result<(), Error> {
        let seen = self.seen.entry(node.clone()).or_default();
        if given < *seen {
            return Err(Error::Stale { node: node.clone(), given, current: *seen });
        }
        if given != REGARDLESS {
            *seen = given;
        }
        Ok(())
    }

    pub(super) fn ensure(&mut self, spec: &NodeSpec, version: Version) -> Result<Observed, Error> {
        self.check(&spec.node, spec.generation)?;
        let listens_on = SocketAddr::new(spec.address, spec.port);
        let before = self.nodes.remove(&spec.node);
        let keys = before.as_ref().map_or(0, |node| node.keys);
        let same = before.filter(|node| node.listens_on() == listens_on && node.spec.engine == spec.engine);
        let mut node = Node { spec: spec.clone(), version, run: same.and_then(|node| node.run), keys };
        let taken = node.run.is_none() && self.is_taken(listens_on);
        if node.run.is_none() && !taken {
            self.starts += 1;
            node.run = Some(self.starts);
        }
        self.nodes.insert(spec.node.clone(), node);
        if taken {
            return Err(Error::PortInUse { address: spec.address, port: spec.port });
        }
        Ok(self.observe(&spec.node))
    }

    pub(super) fn stop(&mut self, node: &NodeRef, generation: u64) -> Result<(), Error> {
        let seen = self.generation(node);
        self.check(node, generation)?;
        if !self.nodes.contains_key(node) {
            self.seen.insert(node.clone(), seen);
        }
        if let Some(known) = self.nodes.get_mut(node) {
            known.spec.generation = generation;
            known.run = None;
        }
        Ok(())
    }

    pub(super) fn absent(&mut self, node: &NodeRef, generation: u64) -> Result<(), Error> {
        self.check(node, generation)?;
        self.nodes.remove(node);
        Ok(())
    }

    pub(super) fn observe(&self, node: &NodeRef) -> Observed {
        let Some(known) = self.nodes.get(node) else { return Observed::absent() };
        let Some(run) = known.run else { return Observed::stopped() };
        let master = self.master_of(known);
        Observed {
            state: NodeState::Running,
            pid: Some(run),
            run_id: Some(format!("{run:040x}")),
            version: Some(known.version),
            role: Some(known.spec.role),
            master_link_up: master.is_some(),
            connected_replicas: self.replicas_of(known),
            port: Some(known.spec.port),
            used_memory: 0,
            max_memory: known.spec.max_memory,
            max_clients: Some(known.spec.max_clients),
            keys: master.unwrap_or(known).keys,
            connected_clients: 0,
            loading: false,
        }
    }

    fn master_of(&self, node: &Node) -> Option<&Node> {
        let Role::Replica { of } = node.spec.role else { return None };
        self.nodes.values().find(|other| other.run.is_some() && other.listens_on() == of)
    }

    fn replicas_of(&self, master: &Node) -> u32 {
        let follows = Role::Replica { of: master.listens_on() };
        self.nodes.values().filter(|node| node.run.is_some() && node.spec.role == follows).fold(0, |count, _| count + 1)
    }

    pub(super) fn purge(&mut self, node: &NodeRef, generation: u64, replicas: &[NodeRef]) -> Result<Purged, Error> {
        let is_up = self.nodes.get(node).is_some_and(|known| known.run.is_some());
        if is_up {
            self.check(node, generation)?;
        }
        let known =
            self.nodes.get_mut(node).filter(|_| is_up).ok_or_else(|| Error::NotRunning { node: node.clone() })?;
        if known.spec.role != Role::Master {
            return Err(Error::NotMaster { node: node.clone() });
        }
        let keys = std::mem::take(&mut known.keys);
        let follows = Role::Replica { of: known.listens_on() };
        let up = |replica: &&NodeRef| {
            self.nodes.get(replica).is_some_and(|other| other.run.is_some() && other.spec.role == follows)
        };
        let (acknowledged, wanted) = (replicas.iter().filter(up).count(), replicas.len());
        if acknowledged < wanted {
            return Err(Error::ReplicasLag { node: node.clone(), acknowledged, wanted });
        }
        Ok(Purged { keys, replicas: acknowledged })
    }

    pub(super) fn kill(&mut self, node: &NodeRef) {
        if let Some(known) = self.nodes.get_mut(node) {
            known.run = None;
        }
    }

    pub(super) fn set_keys(&mut self, node: &NodeRef, keys: u64) {
        if let Some(known) = self.nodes.get_mut(node) {
            known.keys = keys;
        }
    }

    pub(super) fn occupy(&mut self, at: SocketAddr) {
        self.foreign.insert(at);
    }

    pub(super) fn is_taken(&self, at: SocketAddr) -> bool {
        self.foreign.contains(&at) || self.nodes.values().any(|node| node.run.is_some() && node.listens_on() == at)
    }

    pub(super) fn spec(&self, node: &NodeRef) -> Option<NodeSpec> {
        self.nodes.get(node).map(|known| known.spec.clone())
    }

    pub(super) fn generation(&self, node: &NodeRef) -> u64 {
        self.seen.get(node).copied().unwrap_or(0)
    }

    pub(super) fn list(&self) -> Vec<NodeRef> {
        self.nodes.keys().cloned().collect()
    }
}
