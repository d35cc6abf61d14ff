//! A running node follows its spec without a restart.

use dataplane::{Access, DataPlane, NodeSpec, password_sha256};
use redis::RedisResult;

use crate::harness::{Client, PASSWORD, World, kill_9};

#[tokio::test]
async fn a_new_password_counts_at_once_and_cuts_open_connections() {
    let world = World::new().await;
    let old = world.spec(0);
    let first = world.plane.ensure(&old).await.unwrap();
    let mut before = Client::login(&old).await;
    before.fill(10).await;
    let new = NodeSpec { access: Access::PasswordSha256(password_sha256("An0ther!")), ..old.clone() };
    let second = world.plane.ensure(&new).await.unwrap();
    assert_eq!(second.run_id, first.run_id);
    let answer: RedisResult<u64> = before.run("DBSIZE").await;
    assert!(answer.is_err(), "a connection of the old password is still open");
    assert!(Client::connect(&new, Some(PASSWORD)).await.is_err());
    assert_eq!(Client::connect(&new, Some("An0ther!")).await.unwrap().size().await, 10);
    kill_9(second.pid.unwrap());
    world.plane.ensure(&new).await.unwrap();
    assert!(Client::connect(&new, Some("An0ther!")).await.is_ok(), "the new password outlives the process");
    world.finish().await;
}

#[tokio::test]
async fn no_auth_to_password_and_back() {
    let world = World::new().await;
    let closed = world.spec(0);
    let open = NodeSpec { access: Access::NoAuth, ..closed.clone() };
    world.plane.ensure(&open).await.unwrap();
    let mut early = Client::connect(&open, None).await.unwrap();
    world.plane.ensure(&closed).await.unwrap();
    assert!(early.run::<u64>("DBSIZE").await.is_err());
    assert!(Client::connect(&closed, None).await.unwrap().run::<u64>("DBSIZE").await.is_err());
    world.plane.ensure(&open).await.unwrap();
    assert_eq!(Client::connect(&open, None).await.unwrap().size().await, 0);
    world.finish().await;
}

#[tokio::test]
async fn an_unchanged_spec_cuts_nobody() {
    let world = World::new().await;
    let spec = world.spec(0);
    world.plane.ensure(&spec).await.unwrap();
    let mut client = Client::login(&spec).await;
    let more = NodeSpec { max_memory: 128 << 20, max_clients: 200, generation: 2, ..spec.clone() };
    let seen = world.plane.ensure(&more).await.unwrap();
    assert_eq!((seen.max_memory, seen.max_clients, seen.connected_clients), (128 << 20, Some(200), 1));
    assert_eq!(client.size().await, 0);
    world.finish().await;
}

/// The files say so already, since the control plane crashed between them and the process.
#[tokio::test]
async fn a_half_made_change_is_completed() {
    let world = World::new().await;
    let spec = world.spec(0);
    world.plane.ensure(&spec).await.unwrap();
    let acl = world.folder(&spec.node).join("users.acl");
    let new = NodeSpec { access: Access::PasswordSha256(password_sha256("An0ther!")), ..spec.clone() };
    let text = std::fs::read_to_string(&acl).unwrap();
    std::fs::write(&acl, text.replace(&password_sha256(PASSWORD), &password_sha256("An0ther!"))).unwrap();
    world.plane.ensure(&new).await.unwrap();
    assert!(Client::connect(&new, Some(PASSWORD)).await.is_err());
    assert!(Client::connect(&new, Some("An0ther!")).await.is_ok());
    world.finish().await;
}

#[tokio::test]
async fn another_port_needs_a_restart_and_keeps_the_data() {
    let world = World::new().await;
    let spec = world.spec(0);
    let first = world.plane.ensure(&spec).await.unwrap();
    Client::login(&spec).await.fill(10).await;
    let moved = NodeSpec { port: 7100, ..spec.clone() };
    let second = world.plane.ensure(&moved).await.unwrap();
    assert_ne!(second.run_id, first.run_id);
    assert_eq!((second.port, second.keys), (Some(7100), 10));
    assert!(world.plane.port_is_free(spec.address, spec.port).await);
    world.finish().await;
}
