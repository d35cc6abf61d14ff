//! The contract of a data plane: one test, run against the real one and the fake.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use dataplane::fake::FakePlane;
use dataplane::{Access, DataPlane, Error, NodeRef, NodeSpec, NodeState, Observed, REGARDLESS, Role, password_sha256};

use crate::harness::{World, endpoint, eventually};

const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn the_real_plane_keeps_the_contract() {
    let world = World::new().await;
    contract(&world.plane, &world.spec(0)).await;
    world.finish().await;
}

#[tokio::test]
async fn the_fake_plane_keeps_the_contract() {
    let plane = FakePlane::new();
    let master = NodeSpec {
        node: NodeRef::new("crs-1a2b3c4d", "s1n0"),
        generation: 1,
        engine: plane.engines()[0].path.clone(),
        address: IpAddr::from([127, 0, 0, 1]),
        port: 7000,
        max_memory: 64 << 20,
        max_clients: 100,
        access: Access::PasswordSha256(password_sha256("Passw0rd!")),
        role: Role::Master,
        secret: "0123456789abcdef0123456789abcdef".to_owned(),
    };
    contract(&plane, &master).await;
}

async fn contract(plane: &dyn DataPlane, master: &NodeSpec) {
    bad_requests_are_named(plane, master).await;
    nothing_is_there(plane, &master.node).await;
    starting_is_idempotent(plane, master).await;
    changes_are_live(plane, master).await;
    let replica = NodeSpec {
        node: NodeRef::new(master.node.instance.clone(), "s1n1"),
        port: master.port + 1,
        role: Role::Replica { of: endpoint(master) },
        ..master.clone()
    };
    replicas_follow(plane, master, &replica).await;
    purging(plane, master, &replica).await;
    stopping_is_idempotent(plane, master).await;
    generations_are_fenced(plane, master).await;
    assert_eq!(plane.list().await.unwrap(), [master.node.clone(), replica.node.clone()]);
    for spec in [master, &replica] {
        plane.absent(&spec.node, 9).await.unwrap();
        plane.absent(&spec.node, 9).await.unwrap();
        nothing_is_there(plane, &spec.node).await;
        let stale = plane.ensure(spec).await;
        assert!(matches!(stale, Err(Error::Stale { given: 1, current: 9, .. })), "{stale:?}");
    }
    assert_eq!(plane.list().await.unwrap(), []);
}

async fn bad_requests_are_named(plane: &dyn DataPlane, spec: &NodeSpec) {
    let named = |result: Result<Observed, Error>, wanted: &str| match result {
        Err(Error::InvalidSpec { field, .. }) => assert_eq!(field, wanted),
        other => panic!("expected InvalidSpec, got {other:?}"),
    };
    named(plane.ensure(&NodeSpec { port: 0, ..spec.clone() }).await, "port");
    named(plane.ensure(&NodeSpec { engine: PathBuf::from("/bin/sh"), ..spec.clone() }).await, "engine");
    let outside = NodeRef::new("..", "s1n0");
    named(plane.ensure(&NodeSpec { node: outside.clone(), ..spec.clone() }).await, "instance");
    named(plane.observe(&outside).await, "instance");
    assert!(matches!(plane.absent(&outside, 1).await, Err(Error::InvalidSpec { .. })));
    assert!(matches!(plane.stop(&outside, 1).await, Err(Error::InvalidSpec { .. })));
    assert!(matches!(plane.purge(&outside, 1, &[], TIMEOUT).await, Err(Error::InvalidSpec { .. })));
}

async fn nothing_is_there(plane: &dyn DataPlane, node: &NodeRef) {
    assert_eq!(plane.observe(node).await.unwrap(), Observed::absent());
    plane.stop(node, 9).await.unwrap();
    assert!(matches!(plane.purge(node, 9, &[], TIMEOUT).await, Err(Error::NotRunning { .. })));
}

async fn starting_is_idempotent(plane: &dyn DataPlane, spec: &NodeSpec) {
    assert!(plane.port_is_free(spec.address, spec.port).await);
    let first = plane.ensure(spec).await.unwrap();
    assert!(!plane.port_is_free(spec.address, spec.port).await);
    assert_eq!((first.state, first.role, first.port), (NodeState::Running, Some(Role::Master), Some(spec.port)));
    assert_eq!((first.max_memory, first.max_clients), (spec.max_memory, Some(spec.max_clients)));
    assert_eq!(first.version, Some(plane.engines()[0].version));
    let second = plane.ensure(spec).await.unwrap();
    let seen = plane.observe(&spec.node).await.unwrap();
    assert!(first.pid.is_some() && first.run_id.is_some());
    assert_eq!((&second.pid, &second.run_id), (&first.pid, &first.run_id));
    assert_eq!((&seen.pid, &seen.run_id), (&first.pid, &first.run_id));
}

async fn changes_are_live(plane: &dyn DataPlane, spec: &NodeSpec) {
    let before = plane.observe(&spec.node).await.unwrap();
    let changed = NodeSpec { max_memory: 32 << 20, max_clients: 50, access: Access::NoAuth, ..spec.clone() };
    let after = plane.ensure(&changed).await.unwrap();
    assert_eq!((after.max_memory, after.max_clients), (32 << 20, Some(50)));
    assert_eq!(after.run_id, before.run_id);
    assert_eq!(plane.ensure(spec).await.unwrap().max_memory, spec.max_memory);
}

async fn replicas_follow(plane: &dyn DataPlane, master: &NodeSpec, replica: &NodeSpec) {
    plane.ensure(replica).await.unwrap();
    eventually("the replica is in sync", || async { plane.observe(&replica.node).await.unwrap().master_link_up }).await;
    let seen = plane.observe(&replica.node).await.unwrap();
    assert_eq!(seen.role, Some(replica.role));
    assert_eq!(plane.observe(&master.node).await.unwrap().connected_replicas, 1);
}

async fn purging(plane: &dyn DataPlane, master: &NodeSpec, replica: &NodeSpec) {
    let purged = plane.purge(&master.node, 1, std::slice::from_ref(&replica.node), TIMEOUT).await.unwrap();
    assert_eq!((purged.keys, purged.replicas), (0, 1));
    let refused = plane.purge(&replica.node, 1, &[], TIMEOUT).await;
    assert!(matches!(refused, Err(Error::NotMaster { .. })), "{refused:?}");
    plane.stop(&replica.node, 1).await.unwrap();
    let lag = plane.purge(&master.node, 1, std::slice::from_ref(&replica.node), Duration::from_millis(50)).await;
    assert!(matches!(lag, Err(Error::ReplicasLag { acknowledged: 0, wanted: 1, .. })), "{lag:?}");
}

async fn stopping_is_idempotent(plane: &dyn DataPlane, spec: &NodeSpec) {
    plane.stop(&spec.node, 1).await.unwrap();
    plane.stop(&spec.node, 1).await.unwrap();
    assert_eq!(plane.observe(&spec.node).await.unwrap(), Observed::stopped());
    assert!(plane.port_is_free(spec.address, spec.port).await);
}

async fn generations_are_fenced(plane: &dyn DataPlane, spec: &NodeSpec) {
    let newer = NodeSpec { generation: 5, ..spec.clone() };
    plane.ensure(&newer).await.unwrap();
    let stale = Error::Stale { node: spec.node.clone(), given: 4, current: 5 }.to_string();
    let older = NodeSpec { generation: 4, ..spec.clone() };
    assert_eq!(plane.ensure(&older).await.unwrap_err().to_string(), stale);
    assert_eq!(plane.stop(&spec.node, 4).await.unwrap_err().to_string(), stale);
    assert_eq!(plane.absent(&spec.node, 4).await.unwrap_err().to_string(), stale);
    assert_eq!(plane.purge(&spec.node, 4, &[], TIMEOUT).await.unwrap_err().to_string(), stale);
    plane.purge(&spec.node, REGARDLESS, &[], TIMEOUT).await.unwrap();
    plane.purge(&spec.node, 6, &[], TIMEOUT).await.unwrap();
    assert!(matches!(plane.stop(&spec.node, 5).await, Err(Error::Stale { given: 5, current: 6, .. })));
    assert!(plane.observe(&spec.node).await.unwrap().is_running());
}
