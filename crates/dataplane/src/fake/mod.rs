//! A data plane in memory, with fault injection, for unit tests of those who use one. It keeps the same contract as
//! [`crate::ProcessPlane`]: one test runs against both.

mod world;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::{DataPlane, Engine, EngineKind, Error, NodeRef, NodeSpec, Observed, Purged, Version};
use world::World;

/// A call of the data plane, to inject faults into and to read the record of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// [`DataPlane::ensure`].
    Ensure,
    /// [`DataPlane::stop`].
    Stop,
    /// [`DataPlane::absent`].
    Absent,
    /// [`DataPlane::observe`].
    Observe,
    /// [`DataPlane::purge`].
    Purge,
}

/// When an injected fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// The call does nothing.
    Before,
    /// The call acts and its answer is lost.
    After,
}

#[derive(Debug)]
struct Fault {
    call: Call,
    strike: Strike,
    times: usize,
    error: Error,
}

/// The plane. Share it in an `Arc`; tests keep a second handle to turn its knobs.
#[derive(Debug)]
pub struct FakePlane {
    engines: Vec<Engine>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    world: World,
    faults: Vec<Fault>,
    delays: Vec<(Call, Duration)>,
    calls: Vec<(Call, NodeRef)>,
}

impl Default for FakePlane {
    fn default() -> Self {
        Self::new()
    }
}

impl FakePlane {
    /// An empty world with one engine, redis 7.0.15.
    #[must_use]
    pub fn new() -> Self {
        let path = PathBuf::from("/usr/bin/redis-server");
        Self::with_engines(vec![Engine { kind: EngineKind::Redis, version: Version::new(7, 0, 15), path }])
    }

    /// An empty world with these engines.
    #[must_use]
    pub fn with_engines(engines: Vec<Engine>) -> Self {
        Self { engines, state: Mutex::default() }
    }

    /// The next `times` calls of this kind fail with `error`, striking before or after they act. `usize::MAX`: until [`FakePlane::heal`].
    pub fn fail(&self, call: Call, strike: Strike, times: usize, error: Error) {
        self.with(|state| state.faults.push(Fault { call, strike, times, error }));
    }

    /// Calls of this kind take this long from now on.
    pub fn delay(&self, call: Call, delay: Duration) {
        self.with(|state| state.delays.push((call, delay)));
    }

    /// Every call waits for a moment, as real ones do.
    pub fn dawdle(&self) {
        for call in [Call::Ensure, Call::Stop, Call::Absent, Call::Observe, Call::Purge] {
            self.delay(call, Duration::from_micros(1));
        }
    }

    /// Takes all faults and delays away.
    pub fn heal(&self) {
        self.with(|state| {
            state.faults.clear();
            state.delays.clear();
        });
    }

    /// The node's process dies; its data stays.
    pub fn kill(&self, node: &NodeRef) {
        self.with(|state| state.world.kill(node));
    }

    /// As if customers had written: a master, and with it its replicas, has this many keys.
    pub fn set_keys(&self, node: &NodeRef, keys: u64) {
        self.with(|state| state.world.set_keys(node, keys));
    }

    /// A foreign process takes the port.
    pub fn occupy(&self, address: IpAddr, port: u16) {
        self.with(|state| state.world.occupy(SocketAddr::new(address, port)));
    }

    /// The spec that the node was last given.
    #[must_use]
    pub fn spec(&self, node: &NodeRef) -> Option<NodeSpec> {
        self.with(|state| state.world.spec(node))
    }

    /// The highest generation that the node has seen; 0 when it has seen none.
    #[must_use]
    pub fn generation(&self, node: &NodeRef) -> u64 {
        self.with(|state| state.world.generation(node))
    }

    /// All calls so far, in order, failed ones too.
    #[must_use]
    pub fn calls(&self) -> Vec<(Call, NodeRef)> {
        self.with(|state| state.calls.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A call: delay, fault before, act, fault after.
    async fn call<T>(
        &self,
        call: Call,
        node: &NodeRef,
        act: impl FnOnce(&mut World) -> Result<T, Error>,
    ) -> Result<T, Error> {
        node.validate()?;
        if let Some(delay) = self.with(|state| state.begin(call, node)) {
            tokio::time::sleep(delay).await;
        }
        self.with(|state| {
            state.strike(call, Strike::Before)?;
            let done = act(&mut state.world)?;
            state.strike(call, Strike::After)?;
            Ok(done)
        })
    }
}

impl State {
    fn begin(&mut self, call: Call, node: &NodeRef) -> Option<Duration> {
        self.calls.push((call, node.clone()));
        self.delays.iter().rev().find(|(delayed, _)| *delayed == call).map(|(_, delay)| *delay)
    }

    fn strike(&mut self, call: Call, strike: Strike) -> Result<(), Error> {
        let due = |fault: &&mut Fault| fault.call == call && fault.strike == strike && fault.times > 0;
        let Some(fault) = self.faults.iter_mut().find(due) else { return Ok(()) };
        fault.times -= 1;
        Err(fault.error.clone())
    }
}

#[async_trait]
impl DataPlane for FakePlane {
    async fn ensure(&self, spec: &NodeSpec) -> Result<Observed, Error> {
        spec.validate()?;
        let engine = self.engines.iter().find(|engine| engine.path == spec.engine);
        let version = engine.map(|engine| engine.version).ok_or_else(|| Error::InvalidSpec {
            field: "engine",
            reason: format!("{} is none of the engines found", spec.engine.display()),
        })?;
        self.call(Call::Ensure, &spec.node, |world| world.ensure(spec, version)).await
    }

    async fn stop(&self, node: &NodeRef, generation: u64) -> Result<(), Error> {
        self.call(Call::Stop, node, |world| world.stop(node, generation)).await
    }

    async fn absent(&self, node: &NodeRef, generation: u64) -> Result<(), Error> {
        self.call(Call::Absent, node, |world| world.absent(node, generation)).await
    }

    async fn observe(&self, node: &NodeRef) -> Result<Observed, Error> {
        self.call(Call::Observe, node, |world| Ok(world.observe(node))).await
    }

    async fn purge(
        &self,
        node: &NodeRef,
        generation: u64,
        replicas: &[NodeRef],
        _timeout: Duration,
    ) -> Result<Purged, Error> {
        self.call(Call::Purge, node, |world| world.purge(node, generation, replicas)).await
    }

    async fn port_is_free(&self, address: IpAddr, port: u16) -> bool {
        self.with(|state| !state.world.is_taken(SocketAddr::new(address, port)))
    }

    fn engines(&self) -> &[Engine] {
        &self.engines
    }

    async fn list(&self) -> Result<Vec<NodeRef>, Error> {
        Ok(self.with(|state| state.world.list()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tests::example;

    fn fault() -> Error {
        Error::Start { node: example().node, reason: "injected".to_owned() }
    }

    #[tokio::test]
    async fn a_fault_before_leaves_nothing_and_one_after_leaves_the_node() {
        let plane = FakePlane::new();
        let spec = example();
        plane.fail(Call::Ensure, Strike::Before, 1, fault());
        plane.ensure(&spec).await.unwrap_err();
        assert_eq!(plane.observe(&spec.node).await.unwrap(), Observed::absent());
        plane.fail(Call::Ensure, Strike::After, 1, fault());
        plane.ensure(&spec).await.unwrap_err();
        assert!(plane.observe(&spec.node).await.unwrap().is_running());
        plane.ensure(&spec).await.unwrap();
        assert_eq!(plane.calls().iter().filter(|(call, _)| *call == Call::Ensure).count(), 3);
    }

    #[tokio::test]
    async fn faults_last_until_healed() {
        let plane = FakePlane::new();
        plane.fail(Call::Absent, Strike::Before, usize::MAX, fault());
        for _ in 0..3 {
            plane.absent(&example().node, 3).await.unwrap_err();
        }
        plane.heal();
        plane.absent(&example().node, 3).await.unwrap();
    }

    #[tokio::test]
    async fn taken_ports_and_killed_nodes() {
        let plane = FakePlane::new();
        let spec = example();
        plane.occupy(spec.address, spec.port);
        assert!(!plane.port_is_free(spec.address, spec.port).await);
        assert!(matches!(plane.ensure(&spec).await, Err(Error::PortInUse { port: 6379, .. })));
        let free = NodeSpec { port: 6380, ..spec };
        let first = plane.ensure(&free).await.unwrap();
        plane.kill(&free.node);
        assert_eq!(plane.observe(&free.node).await.unwrap(), Observed::stopped());
        let second = plane.ensure(&free).await.unwrap();
        assert_ne!(first.run_id, second.run_id);
        assert_eq!(plane.spec(&free.node), Some(free));
    }
}
