//! Start, stop, removal, and what can be in the way.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dataplane::{DataPlane, Error, NodeSpec, NodeState, Observed};
use redis::RedisResult;

use crate::harness::{Client, World, kill_9, working_under};

#[tokio::test]
async fn memory_is_limited() {
    let world = World::new().await;
    let spec = NodeSpec { max_memory: 4 << 20, ..world.spec(0) };
    world.plane.ensure(&spec).await.unwrap();
    let mut client = Client::login(&spec).await;
    let full: RedisResult<u32> = client.run("SETRANGE big 8000000 x").await;
    full.unwrap();
    let answer: RedisResult<String> = client.run("SET another x").await;
    assert_eq!(answer.unwrap_err().code(), Some("OOM"));
    world.finish().await;
}

#[tokio::test]
async fn stop_keeps_the_data_and_refuses_clients() {
    let world = World::new().await;
    let spec = world.spec(0);
    let first = world.plane.ensure(&spec).await.unwrap();
    Client::login(&spec).await.fill(1000).await;
    world.plane.stop(&spec.node, 1).await.unwrap();
    assert!(working_under(&world.root).is_empty());
    assert!(Client::connect(&spec, None).await.is_err());
    let second = world.plane.ensure(&spec).await.unwrap();
    assert_ne!(second.run_id, first.run_id);
    assert_eq!(second.keys, 1000);
    assert_eq!(Client::login(&spec).await.size().await, 1000);
    world.finish().await;
}

#[tokio::test]
async fn absent_leaves_nothing() {
    let world = World::new().await;
    let (one, other) = (world.spec(0), world.spec(1));
    world.plane.ensure(&one).await.unwrap();
    world.plane.ensure(&other).await.unwrap();
    world.plane.absent(&one.node, 1).await.unwrap();
    assert!(!world.folder(&one.node).exists());
    assert_eq!(working_under(&world.root).len(), 1, "the other node is not disturbed");
    assert!(world.plane.observe(&other.node).await.unwrap().is_running());
    world.plane.absent(&other.node, 1).await.unwrap();
    assert!(!world.root.join(&other.node.instance).exists());
    assert!(working_under(&world.root).is_empty());
    world.finish().await;
}

#[tokio::test]
async fn folders_and_files_are_private() {
    let world = World::new().await;
    let spec = world.spec(0);
    world.plane.ensure(&spec).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = world.folder(&spec.node);
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(folder.parent().unwrap()), 0o700);
    for name in ["redis.conf", "users.acl", "secret", "generation", "redis.sock"] {
        assert_eq!(mode(&folder.join(name)) & 0o077, 0, "{name}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_taken_port_is_said_and_leaves_no_process() {
    let world = World::new().await;
    let spec = world.spec(0);
    let listener = std::net::TcpListener::bind((spec.address, spec.port)).unwrap();
    assert!(!world.plane.port_is_free(spec.address, spec.port).await);
    let error = world.plane.ensure(&spec).await.unwrap_err();
    assert!(matches!(error, Error::PortInUse { port, .. } if port == spec.port), "{error}");
    assert!(working_under(&world.root).is_empty());
    drop(listener);
    assert!(world.plane.ensure(&spec).await.unwrap().is_running());
    world.finish().await;
}

/// The file that takes the writes: one of several since 7.0, the only one before.
fn aof(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder.join("appendonlydir")).into_iter().flatten().flatten();
    let increment = files.map(|file| file.path()).find(|path| path.to_string_lossy().contains(".incr."));
    increment.unwrap_or_else(|| folder.join("appendonly.aof"))
}

#[tokio::test]
async fn the_log_explains_a_failed_start() {
    let world = World::new().await;
    let spec = NodeSpec { address: [192, 0, 2, 1].into(), ..world.spec(0) };
    let error = world.plane.ensure(&spec).await.unwrap_err().to_string();
    assert!(error.contains("Cannot assign requested address") || error.contains("requested address"), "{error}");
    let spec = world.spec(0);
    world.plane.ensure(&spec).await.unwrap();
    Client::login(&spec).await.fill(10).await;
    world.plane.stop(&spec.node, 1).await.unwrap();
    fs::write(aof(&world.folder(&spec.node)), "garbage that is no command\r\n").unwrap();
    let error = world.plane.ensure(&spec).await.unwrap_err().to_string();
    assert!(error.contains("Bad file format"), "{error}");
    world.finish().await;
}

#[tokio::test]
async fn deep_folders_work() {
    let deep = ["a-rather-long-folder-name-of-forty-bytes"; 5].join("/");
    let world = World::within(&deep).await;
    let spec = world.spec(0);
    assert!(world.folder(&spec.node).as_os_str().len() > 200);
    world.plane.ensure(&spec).await.unwrap();
    assert_eq!(world.plane.observe(&spec.node).await.unwrap().state, NodeState::Running);
    Client::login(&spec).await.fill(10).await;
    world.plane.stop(&spec.node, 1).await.unwrap();
    assert_eq!(world.plane.ensure(&spec).await.unwrap().keys, 10);
    world.finish().await;
}

#[tokio::test]
async fn a_node_is_no_child_of_ours() {
    let world = World::new().await;
    let spec = world.spec(0);
    let pid = world.plane.ensure(&spec).await.unwrap().pid.unwrap();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let (parent, group, session) = (fields[1], fields[2], fields[3]);
    assert_ne!(parent, std::process::id().to_string());
    assert_eq!((group, session), (pid.to_string().as_str(), pid.to_string().as_str()));
    world.finish().await;
}

#[tokio::test]
async fn a_deleted_folder_is_made_anew() {
    let world = World::new().await;
    let spec = world.spec(0);
    let first = world.plane.ensure(&spec).await.unwrap();
    fs::remove_dir_all(world.folder(&spec.node)).unwrap();
    assert_eq!(world.plane.list().await.unwrap(), std::slice::from_ref(&spec.node), "its process still counts");
    let second = world.plane.ensure(&spec).await.unwrap();
    assert_ne!(second.pid, first.pid);
    assert_eq!(working_under(&world.root).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_frozen_node_is_unresponsive_and_can_still_be_removed() {
    let mut world = World::new().await;
    let spec = world.spec(0);
    let pid = world.plane.ensure(&spec).await.unwrap().pid.unwrap();
    let config = dataplane::ProcessConfig {
        call_timeout: Duration::from_millis(50),
        stop_grace: Duration::from_millis(50),
        ..dataplane::ProcessConfig::new(&world.root)
    };
    world.plane = dataplane::ProcessPlane::open(config).await.unwrap();
    let raw = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    rustix::process::kill_process(raw, rustix::process::Signal::STOP).unwrap();
    assert!(matches!(world.plane.observe(&spec.node).await, Err(Error::Unresponsive { .. })));
    assert!(matches!(world.plane.ensure(&spec).await, Err(Error::Unresponsive { .. })));
    world.plane.stop(&spec.node, 1).await.unwrap();
    assert_eq!(world.plane.observe(&spec.node).await.unwrap(), Observed::stopped());
    world.finish().await;
}

#[tokio::test]
async fn a_killed_node_comes_back_with_its_data() {
    let world = World::new().await;
    let spec = world.spec(0);
    let first = world.plane.ensure(&spec).await.unwrap();
    let mut client = Client::login(&spec).await;
    client.fill(1000).await;
    client.written().await;
    kill_9(first.pid.unwrap());
    let second = world.plane.ensure(&spec).await.unwrap();
    assert_ne!(second.pid, first.pid);
    assert_eq!(second.keys, 1000);
    world.finish().await;
}
