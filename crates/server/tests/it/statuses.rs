//! All five statuses through DescribeTaskInfo, each from a real cause.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::harness::{Cinnabar, processes_in, signal};
use crate::stories::{PASSWORD, address, connect, create, instance, wait_for_status};

async fn task(client: &Client, id: &Value) -> Value {
    client.ok("DescribeTaskInfo", json!({ "TaskId": id })).await
}

async fn wait_for(client: &Client, id: &Value, status: &str) -> Value {
    for _ in 0..2000 {
        let seen = task(client, id).await;
        if seen["Status"] == status {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the task never got status {status}: {}", task(client, id).await);
}

/// Freezes or thaws the replica of an instance: a real process that no longer answers.
fn replica(server: &Cinnabar, id: &str, what: rustix::process::Signal) {
    let folder = server.folder.path().join("instances").join(id).join("s1n1");
    let pids = processes_in(&folder);
    assert_eq!(pids.len(), 1, "the replica of {id} is not one process");
    pids.into_iter().for_each(|pid| signal(pid, what));
}

const FREEZE: rustix::process::Signal = rustix::process::Signal::STOP;
const THAW: rustix::process::Signal = rustix::process::Signal::CONT;

#[tokio::test(flavor = "multi_thread")]
async fn queued_running_and_finished() {
    let server = Cinnabar::start_with(|config| config.tasks.workers = 1).await;
    let client = &server.client;
    let (busy, waiting) = (create(client).await, create(client).await);
    replica(&server, &busy, FREEZE);
    let clear = |id: &str| json!({"InstanceId": id, "Password": PASSWORD});
    let running = client.ok("ClearInstance", clear(&busy)).await["TaskId"].clone();
    wait_for(client, &running, "running").await;
    let queued = client.ok("ClearInstance", clear(&waiting)).await["TaskId"].clone();
    let seen = task(client, &queued).await;
    assert_eq!((&seen["Status"], &seen["TaskMessage"]), (&json!("preparing"), &json!("")));
    let seen = task(client, &running).await;
    assert_eq!((&seen["Status"], &seen["TaskMessage"]), (&json!("running"), &json!("")));
    assert_eq!(instance(client, &busy).await["Status"], 1);
    // The instance is locked meanwhile, with a code that clients retry.
    assert_eq!(client.refused("ClearInstance", clear(&busy)).await.0, "ResourceUnavailable.InstanceLockedError");
    replica(&server, &busy, THAW);
    for id in [running, queued] {
        assert_eq!(wait_for(client, &id, "succeed").await["TaskMessage"], "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_and_the_instance_is_usable_after_it() {
    let server = Cinnabar::start_with(|config| config.tasks.deadline = 2).await;
    let client = &server.client;
    let id = create(client).await;
    replica(&server, &id, FREEZE);
    let cleared = client.ok("ClearInstance", json!({"InstanceId": id, "Password": PASSWORD})).await;
    let seen = wait_for(client, &cleared["TaskId"], "failed").await;
    assert!(seen["TaskMessage"].as_str().is_some_and(|message| !message.is_empty()), "{seen}");
    replica(&server, &id, THAW);
    let seen = wait_for_status(client, &id, 2).await;
    let (ip, port) = address(&seen);
    connect(ip, port, PASSWORD).unwrap();
    let again = client.ok("ClearInstance", json!({"InstanceId": id, "Password": PASSWORD})).await;
    wait_for(client, &again["TaskId"], "succeed").await;
}

/// An engine that says its version and then never comes up.
fn broken_engine(folder: &Path) -> String {
    let path = folder.join("broken-server");
    let script = "#!/bin/sh\ncase \"$1\" in --version|-v) echo 'Redis server v=7.0.15 sha=00000000:0 malloc=libc bits=64 build=0';; *) echo 'no luck today' >&2; exit 1;; esac\n";
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_creation_leaves_nothing() {
    let tools = tempfile::tempdir().unwrap();
    let engine = broken_engine(tools.path());
    let server = Cinnabar::start_with(|config| config.engines.candidates = vec![engine]).await;
    let client = &server.client;
    let bought =
        client.ok("CreateInstances", json!({"TypeId": 17, "MemSize": 1024, "GoodsNum": 1, "Password": PASSWORD})).await;
    let id = bought["InstanceIds"][0].as_str().unwrap();
    let listed = client.ok("DescribeTaskList", json!({ "InstanceId": id })).await;
    let seen = wait_for(client, &listed["Tasks"][0]["TaskId"], "failed").await;
    assert!(seen["TaskMessage"].as_str().unwrap().contains("start"), "{seen}");
    assert_eq!(client.ok("DescribeInstances", json!({ "InstanceId": id })).await["TotalCount"], 0);
    assert_eq!(processes_in(&server.folder.path().join("instances")), Vec::<u32>::new());
    assert!(!server.folder.path().join("instances").join(id).exists());
    let app = &server.service().app;
    let places = app.db.read(|tx| server::store::node::places(tx, &app.hosting.process.host)).unwrap();
    assert!(places.is_empty(), "{places:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn error_when_the_undo_cannot_finish() {
    let server = Cinnabar::start_with(|config| (config.tasks.deadline, config.tasks.undo_deadline) = (2, 2)).await;
    let client = &server.client;
    let id = create(client).await;
    replica(&server, &id, FREEZE);
    // The new password cannot reach the frozen replica, and neither can the old one again.
    let reset = client.ok("ResetPassword", json!({"InstanceId": id, "Password": "N3wpassword"})).await;
    let seen = wait_for(client, &reset["TaskId"], "error").await;
    let message = seen["TaskMessage"].as_str().unwrap();
    assert!(message.contains("undo"), "{message}");
    // The instance stays locked until an operator has looked.
    let (code, _) = client.refused("ClearInstance", json!({"InstanceId": id, "Password": PASSWORD})).await;
    assert_eq!(code, "ResourceUnavailable.InstanceLockedError");
    replica(&server, &id, THAW);
}
