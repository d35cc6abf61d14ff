//! What a customer lives through, with real servers behind it.

use std::net::IpAddr;
use std::time::Duration;

use redis::Commands;
use serde_json::{Value, json};

use crate::client::Client;
use crate::harness::{Cinnabar, processes_in};

pub(crate) const PASSWORD: &str = "Passw0rd";

/// Buys one instance with a replica and waits until it runs; answers its id.
pub(crate) async fn create(client: &Client) -> String {
    let order = json!({"TypeId": 17, "MemSize": 1024, "GoodsNum": 1, "Period": 1, "BillingMode": 0, "RedisReplicasNum": 1, "Password": PASSWORD});
    let bought = client.ok("CreateInstances", order).await;
    let id = bought["InstanceIds"][0].as_str().unwrap().to_owned();
    wait_for_status(client, &id, 2).await;
    id
}

pub(crate) async fn instance(client: &Client, id: &str) -> Value {
    let listed = client.ok("DescribeInstances", json!({ "InstanceId": id })).await;
    listed["InstanceSet"][0].clone()
}

pub(crate) async fn wait_for_status(client: &Client, id: &str, status: i64) -> Value {
    for _ in 0..2000 {
        let seen = instance(client, id).await;
        if seen["Status"] == json!(status) {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{id} never got status {status}: {}", instance(client, id).await);
}

/// The ports of an instance's nodes as their configuration has them, the master's first.
pub(crate) fn ports(server: &Cinnabar, id: &str) -> Vec<u16> {
    let nodes = server.folder.path().join("instances").join(id);
    let mut names: Vec<_> = std::fs::read_dir(nodes).unwrap().flatten().map(|entry| entry.path()).collect();
    names.sort();
    let port = |conf: String| conf.lines().find_map(|line| line.strip_prefix("port ")?.trim().parse().ok()).unwrap();
    names.iter().map(|node| port(std::fs::read_to_string(node.join("redis.conf")).unwrap())).collect()
}

pub(crate) fn connect(address: IpAddr, port: u16, password: &str) -> redis::RedisResult<redis::Connection> {
    let client = redis::Client::open(format!("redis://:{password}@{address}:{port}/"))?;
    client.get_connection_with_timeout(Duration::from_secs(5))
}

pub(crate) fn address(seen: &Value) -> (IpAddr, u16) {
    let port = seen["Port"].as_u64().and_then(|port| u16::try_from(port).ok());
    (seen["WanIp"].as_str().unwrap().parse().unwrap(), port.unwrap())
}

pub(crate) fn fill(connection: &mut redis::Connection, keys: usize) {
    let mut pipe = redis::pipe();
    for key in 0..keys {
        pipe.set(format!("key:{key}"), key).ignore();
    }
    pipe.query::<()>(connection).unwrap();
}

pub(crate) fn dbsize(connection: &mut redis::Connection) -> usize {
    redis::cmd("DBSIZE").query(connection).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn bought_filled_purged_destroyed_and_cleaned_up() {
    let server = Cinnabar::start().await;
    let client = &server.client;
    let id = create(client).await;
    let (ip, port) = address(&instance(client, &id).await);
    let mut nodes: Vec<_> = ports(&server, &id).into_iter().map(|port| connect(ip, port, PASSWORD).unwrap()).collect();
    assert_eq!((nodes.len(), port), (2, 6379));
    fill(&mut nodes[0], 10_000);
    let cleared = client.ok("ClearInstance", json!({"InstanceId": id, "Password": PASSWORD})).await;
    let task = client.wait_for_task(&cleared["TaskId"]).await;
    assert_eq!(task["Status"], "succeed");
    assert_eq!(task["TaskType"], "Redis cache purge process");
    assert_eq!((&task["InstanceId"], &task["TaskMessage"]), (&json!(id), &json!("")));
    assert_eq!(nodes.iter_mut().map(dbsize).collect::<Vec<_>>(), [0, 0]);
    let destroyed = client.ok("DestroyPostpaidInstance", json!({ "InstanceId": id })).await;
    assert_eq!(client.wait_for_task(&destroyed["TaskId"]).await["Status"], "succeed");
    assert_eq!(instance(client, &id).await["Status"], -2);
    assert!(connect(ip, port, PASSWORD).is_err(), "an isolated instance takes clients");
    let cleaned = client.ok("CleanUpInstance", json!({ "InstanceId": id })).await;
    assert_eq!(client.wait_for_task(&cleaned["TaskId"]).await["Status"], "succeed");
    assert_eq!(client.ok("DescribeInstances", json!({})).await["TotalCount"], 0);
    assert_eq!(instance(client, &id).await["Status"], -3);
    assert_eq!(processes_in(server.folder.path()), Vec::<u32>::new());
    assert!(!server.folder.path().join("instances").join(&id).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroyed_instance_starts_up_again_with_its_data() {
    let server = Cinnabar::start().await;
    let client = &server.client;
    let id = create(client).await;
    let (ip, port) = address(&instance(client, &id).await);
    fill(&mut connect(ip, port, PASSWORD).unwrap(), 100);
    let destroyed = client.ok("DestroyPostpaidInstance", json!({ "InstanceId": id })).await;
    client.wait_for_task(&destroyed["TaskId"]).await;
    let started = client.ok("StartupInstance", json!({ "InstanceId": id })).await;
    assert_eq!(client.wait_for_task(&started["TaskId"]).await["Status"], "succeed");
    assert_eq!(instance(client, &id).await["Status"], 2);
    assert_eq!(dbsize(&mut connect(ip, port, PASSWORD).unwrap()), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_opens_and_the_old_one_does_not() {
    let server = Cinnabar::start().await;
    let client = &server.client;
    let id = create(client).await;
    let (ip, port) = address(&instance(client, &id).await);
    let (code, _) = client
        .refused(
            "ModifyInstancePassword",
            json!({"InstanceId": id, "OldPassword": "Wr0ngwrong", "Password": "N3wpassword"}),
        )
        .await;
    assert_eq!(code, "InvalidParameterValue.PasswordError");
    let changed = client
        .ok("ModifyInstancePassword", json!({"InstanceId": id, "OldPassword": PASSWORD, "Password": "N3wpassword"}))
        .await;
    assert_eq!(client.wait_for_task(&changed["TaskId"]).await["Status"], "succeed");
    assert!(connect(ip, port, PASSWORD).is_err());
    connect(ip, port, "N3wpassword").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_process_comes_back_with_its_data() {
    let server = Cinnabar::start().await;
    let client = &server.client;
    let id = create(client).await;
    let (ip, port) = address(&instance(client, &id).await);
    let mut connection = connect(ip, port, PASSWORD).unwrap();
    fill(&mut connection, 100);
    // Answered writes reach the kernel within two seconds (docs/limits.md); wait for it.
    tokio::time::sleep(Duration::from_secs(3)).await;
    for pid in processes_in(server.folder.path()) {
        crate::harness::kill(pid);
    }
    for _ in 0..1000 {
        if let Ok(mut back) = connect(ip, port, PASSWORD)
            && back.get::<_, Option<u32>>("key:99").is_ok_and(|value| value == Some(99))
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the master did not come back");
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_outlive_the_server_and_are_adopted() {
    let mut server = Cinnabar::start().await;
    let id = create(&server.client).await;
    let mut before = processes_in(server.folder.path());
    server.restart().await;
    wait_for_status(&server.client, &id, 2).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut after = processes_in(server.folder.path());
    before.sort_unstable();
    after.sort_unstable();
    assert_eq!((before.len(), &before), (2, &after));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_the_state_does_not_know_is_stopped_and_its_data_kept() {
    let mut server = Cinnabar::start().await;
    let id = create(&server.client).await;
    let folder = server.folder.path().to_owned();
    // As if an older copy of the state had been put back.
    let emptied: Result<(), db::Error> = server.service().app.db.write(server::store::lever_seed::empty).await;
    emptied.unwrap();
    server.restart().await;
    for _ in 0..500 {
        if processes_in(&folder).is_empty() {
            assert!(folder.join("instances").join(&id).join("s1n0").exists());
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the unknown instance still runs");
}
