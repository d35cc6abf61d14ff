//! A master and its replica.

use std::time::Duration;

use dataplane::{DataPlane, NodeSpec, Role};
use redis::RedisResult;

use crate::harness::{Client, World, endpoint, eventually, kill_9};

const TIMEOUT: Duration = Duration::from_secs(20);

async fn pair(world: &World) -> (NodeSpec, NodeSpec) {
    let master = world.spec(0);
    let replica = world.replica_of(&master, 1);
    world.plane.ensure(&master).await.unwrap();
    world.plane.ensure(&replica).await.unwrap();
    synced(world, &replica).await;
    (master, replica)
}

async fn synced(world: &World, replica: &NodeSpec) {
    eventually("the replica is in sync", || async { world.plane.observe(&replica.node).await.unwrap().master_link_up })
        .await;
}

#[tokio::test]
async fn a_replica_gets_the_data_and_refuses_writes() {
    let world = World::new().await;
    let (master, replica) = pair(&world).await;
    Client::login(&master).await.fill(1000).await;
    let mut reader = Client::login(&replica).await;
    eventually("the keys arrive", || {
        let mut reader = reader.clone();
        async move { reader.size().await == 1000 }
    })
    .await;
    let write: RedisResult<String> = reader.run("SET k v").await;
    assert_eq!(write.unwrap_err().code(), Some("READONLY"));
    world.finish().await;
}

#[tokio::test]
async fn a_purge_empties_both() {
    let world = World::new().await;
    let (master, replica) = pair(&world).await;
    let mut writer = Client::login(&master).await;
    writer.fill(10_000).await;
    let purged = world.plane.purge(&master.node, 1, std::slice::from_ref(&replica.node), TIMEOUT).await.unwrap();
    assert_eq!((purged.keys, purged.replicas), (10_000, 1));
    assert_eq!(writer.size().await, 0);
    assert_eq!(Client::login(&replica).await.size().await, 0);
    world.finish().await;
}

/// Big writes keep the disk busy, so that a node holds the purge itself back in memory now and then.
#[tokio::test]
async fn a_purge_outlives_the_process() {
    let world = World::new().await;
    let master = NodeSpec { max_memory: 256 << 20, ..world.spec(0) };
    for _ in 0..4 {
        let before = world.plane.ensure(&master).await.unwrap();
        assert_eq!(before.keys, 0, "keys came back after a purge");
        let mut writer = Client::login(&master).await;
        for number in 0..40 {
            writer.run::<u32>(&format!("SETRANGE big:{number} 1000000 x")).await.unwrap();
            writer.run::<String>(&format!("SET filler:{number} {}", "x".repeat(1 << 20))).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(1000)).await;
        writer.run::<String>(&format!("SET filler {}", "x".repeat(8 << 20))).await.unwrap();
        world.plane.purge(&master.node, 1, &[], TIMEOUT).await.unwrap();
        kill_9(before.pid.unwrap());
    }
    world.finish().await;
}

#[tokio::test]
async fn a_replica_becomes_a_master_and_back() {
    let world = World::new().await;
    let (master, replica) = pair(&world).await;
    Client::login(&master).await.fill(10).await;
    eventually("the keys arrive", || async { world.plane.observe(&replica.node).await.unwrap().keys == 10 }).await;
    let run = world.plane.observe(&replica.node).await.unwrap().run_id;
    let promoted = NodeSpec { role: Role::Master, ..replica.clone() };
    let seen = world.plane.ensure(&promoted).await.unwrap();
    assert_eq!((seen.role, seen.keys, seen.run_id), (Some(Role::Master), 10, run));
    let demoted = NodeSpec { role: Role::Replica { of: endpoint(&promoted) }, ..master.clone() };
    world.plane.ensure(&demoted).await.unwrap();
    synced(&world, &demoted).await;
    assert!(Client::login(&promoted).await.run::<String>("SET k v").await.is_ok());
    world.finish().await;
}

#[tokio::test]
async fn a_new_password_leaves_replication_alone() {
    let world = World::new().await;
    let (master, replica) = pair(&world).await;
    let open = |spec: &NodeSpec| NodeSpec { access: dataplane::Access::NoAuth, ..spec.clone() };
    world.plane.ensure(&open(&master)).await.unwrap();
    assert_eq!(world.plane.observe(&master.node).await.unwrap().connected_replicas, 1);
    world.plane.ensure(&open(&replica)).await.unwrap();
    assert!(world.plane.observe(&replica.node).await.unwrap().master_link_up);
    world.finish().await;
}

/// A replica that has just synced writes its first AOF and refuses to end meanwhile.
#[tokio::test]
async fn a_replica_can_be_stopped_at_once() {
    let world = World::new().await;
    let (_, replica) = pair(&world).await;
    world.plane.stop(&replica.node, 1).await.unwrap();
    let seen = world.plane.ensure(&replica).await.unwrap();
    assert_eq!(seen.role, Some(replica.role));
    synced(&world, &replica).await;
    world.finish().await;
}
