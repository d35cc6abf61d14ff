//! The date that leaps, the seed, and the way back to it.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use redis::Commands;
use serde_json::{Value, json};

use crate::admin::Operators;
use crate::client::Client;
use crate::harness::{Cinnabar, processes_in};
use crate::levers::{levers, overview, plan, with_levers};
use crate::stories::{PASSWORD, address, connect, create, instance};

const SEED: &str = r#"
    [[instances]]
    InstanceName = "cache"
    TypeId = 17
    MemSize = 1024
    RedisReplicasNum = 1
    Password = "Passw0rd"
    SecurityGroupIdList = ["sg-1"]
    tags = { team = "a" }
    keys = { "user:1" = "Ada" }
    fill = 10
    [[instances]]
    InstanceName = "queue"
    TypeId = 17
    MemSize = 2048
    RedisReplicasNum = 2
    VpcId = "vpc-1"
    NoAuth = true
    fill = 5
"#;

async fn seeded() -> Cinnabar {
    Cinnabar::start_with(|config| {
        let file = config.data.join("seed.toml");
        std::fs::write(&file, SEED).unwrap();
        config.levers.enabled = true;
        config.levers.seed = file.display().to_string();
    })
    .await
}

/// On a database that others may share, what they would not notice is refused: then there is nothing more to try.
pub(crate) async fn is_refused(server: &Cinnabar) -> bool {
    let app = &server.service().app;
    if app.engine.is_exclusive() {
        return false;
    }
    let told = server.service().reset.as_ref().unwrap().reset().await.unwrap_err().to_string();
    assert!(told.contains("shared with other nodes"), "{told}");
    let told = levers(server).leap(app, 1_000).await.unwrap_err().to_string();
    assert!(told.contains("shared with other nodes"), "{told}");
    true
}

async fn all(client: &Client) -> Vec<Value> {
    client.ok("DescribeInstances", json!({"Limit": 1000})).await["InstanceSet"].as_array().unwrap().clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// All that a client can tell of the instances but ids, ports and times; and their keys.
async fn picture(client: &Client) -> BTreeSet<String> {
    let mut picture = BTreeSet::new();
    for seen in all(client).await {
        let (ip, port) = address(&seen);
        let password = if seen["InstanceName"] == "queue" { "" } else { PASSWORD };
        let mut keys: Vec<String> = connect(ip, port, password).unwrap().keys("*").unwrap();
        keys.sort_unstable();
        let parts = ["InstanceName", "Status", "Size", "RedisReplicasNum", "InstanceTags", "UniqVpcId"];
        let parts: Vec<_> = parts.iter().map(|field| seen[field].to_string()).collect();
        picture.insert(format!("{parts:?} {keys:?}"));
    }
    picture
}

#[tokio::test(flavor = "multi_thread")]
async fn the_seed_is_there_before_the_first_request_and_is_made_once() {
    let mut server = seeded().await;
    let before = picture(&server.client).await;
    assert_eq!(before.len(), 2, "{before:?}");
    let cache = before.iter().find(|line| line.contains("cache")).unwrap();
    assert!(cache.contains("team") && cache.contains("user:1") && cache.contains("key:9"), "{cache}");
    let ids = |seen: Vec<Value>| seen.iter().map(|entry| text(&entry["InstanceId"])).collect::<BTreeSet<_>>();
    let first = ids(all(&server.client).await);
    server.restart().await;
    assert_eq!((ids(all(&server.client).await), picture(&server.client).await), (first, before));
    let groups = server.service().app.db.read(|tx| {
        let seed = overview(&server).seed;
        server::store::instance::get(tx, &seed[0].instance).map(|instance| instance.security_groups)
    });
    assert_eq!(groups.unwrap(), ["sg-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tester_destroyed_stays_destroyed_over_a_restart() {
    let mut server = seeded().await;
    let id = text(&all(&server.client).await[0]["InstanceId"]);
    for action in ["DestroyPostpaidInstance", "CleanUpInstance"] {
        let task = server.client.ok(action, json!({ "InstanceId": id })).await;
        server.client.wait_for_task(&task["TaskId"]).await;
    }
    server.restart().await;
    assert_eq!(all(&server.client).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_seed_file_keeps_the_server_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seed.toml");
    std::fs::write(&file, "[[instances]]\nInstanceName = \"a\"\nTypeId = 17\nMemSize = 1\nPassword = \"Passw0rd\"")
        .unwrap();
    let mut config = crate::harness::config(&folder.path().join("data"));
    config.levers.enabled = true;
    config.levers.seed = file.display().to_string();
    let refused = server::service::Service::start(config, None).await.err().unwrap().to_string();
    assert!(refused.contains("seed.toml: instances.0: (a)") && refused.contains("MemSize"), "{refused}");
    assert!(!refused.contains('\n'), "{refused}");
}

fn nodes(folder: &Path) -> usize {
    let is_instance = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with("crs-");
    std::fs::read_dir(folder.join("instances")).map_or(0, |entries| entries.flatten().filter(is_instance).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_reset_all_is_as_seeded() {
    let server = seeded().await;
    if is_refused(&server).await {
        return;
    }
    let client = &server.client;
    let before = picture(client).await;
    let extra = create(client).await;
    for seen in all(client).await {
        if seen["InstanceName"] == "cache" {
            client
                .ok(
                    "ModifyInstance",
                    json!({"Operation": "rename", "InstanceIds": [seen["InstanceId"]], "InstanceNames": ["x"]}),
                )
                .await;
        }
    }
    plan(&server, json!({"uses": 9, "task": {"fail": {"message": "M"}}})).await;
    levers(&server).leap(&server.service().app, 86_400_000).await.unwrap();
    let task = client.ok("DestroyPostpaidInstance", json!({ "InstanceId": extra })).await;
    client.wait_for_task(&task["TaskId"]).await;
    let done = server.service().reset.as_ref().unwrap().reset().await.unwrap();
    assert_eq!((done.nodes, done.seeded), (7, 2));
    assert!(done.tasks >= 4);
    assert_eq!(picture(client).await, before);
    let overview = overview(&server);
    assert!(overview.plans.is_empty() && overview.uses.is_empty() && overview.leapt_ms == 0, "{overview:?}");
    assert_eq!(server.service().app.clock.leapt_ms(), 0);
    assert_eq!((processes_in(server.folder.path()).len(), nodes(server.folder.path())), (5, 2));
    let (code, _) = client.refused("DescribeTaskInfo", json!({ "TaskId": task["TaskId"] })).await;
    assert_eq!(code, "InvalidParameter.InvalidParameter", "there is no such task any more");
    assert_eq!(client.ok("DescribeInstances", json!({ "InstanceId": extra })).await["TotalCount"], 0);
    // As `serve` makes it, and the tests' own temporary folder is not.
    std::fs::set_permissions(server.folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let (_, diagnosis) = Operators::of(&server).post("/doctor", json!({})).await;
    assert_eq!((&diagnosis["findings"], &diagnosis["nodes"]), (&json!([]), &json!(5)), "{diagnosis}");
    // The numbers go on, and work does.
    let again = create(client).await;
    assert_eq!(instance(client, &again).await["Status"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_in_the_midst_of_work_leaves_nothing_of_it() {
    let server = seeded().await;
    if is_refused(&server).await {
        return;
    }
    let client = server.client.clone();
    let before = picture(&client).await;
    for round in 0..4_u64 {
        // Creations, purges and destructions under way, and a client that waits for a task that is held.
        plan(&server, json!({"task": {"kind": "ClearInstance", "polls": {"running": 5}}})).await;
        let cache = all(&client).await.into_iter().find(|seen| seen["InstanceName"] == "cache").unwrap();
        let held = client.ok("ClearInstance", json!({"InstanceId": cache["InstanceId"], "Password": PASSWORD})).await;
        let order = json!({"TypeId": 17, "MemSize": 1024, "GoodsNum": 6, "Period": 1, "BillingMode": 0, "RedisReplicasNum": 1, "Password": PASSWORD});
        client.ok("CreateInstances", order).await;
        let asking = tokio::spawn({
            let client = client.clone();
            async move { client.call("DescribeTaskInfo", json!({ "TaskId": held["TaskId"] })).await.is_ok() }
        });
        tokio::time::sleep(Duration::from_millis(round * 17)).await;
        server.service().reset.as_ref().unwrap().reset().await.unwrap();
        asking.await.unwrap();
        // What was begun may not come back: several rounds of the background pass.
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(picture(&client).await, before, "round {round}");
        assert_eq!((processes_in(server.folder.path()).len(), nodes(server.folder.path())), (5, 2), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_isolation_ends_when_the_date_is_moved_on() {
    let server = with_levers().await;
    if is_refused(&server).await {
        return;
    }
    let client = &server.client;
    let id = create(client).await;
    let destroyed = client.ok("DestroyPostpaidInstance", json!({ "InstanceId": id })).await;
    client.wait_for_task(&destroyed["TaskId"]).await;
    let app = &server.service().app;
    assert_eq!(levers(&server).leap(app, 61_000).await.unwrap(), 61_000);
    assert_eq!(instance(client, &id).await["Status"], -3);
    assert!(server.folder.path().join("instances").join(&id).exists());
    assert_eq!(levers(&server).leap(app, 7_200_000).await.unwrap(), 7_261_000);
    for _ in 0..1000 {
        if !server.folder.path().join("instances").join(&id).exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(nodes(server.folder.path()), 0);
    for wrong in [0, -1, i64::MAX] {
        levers(&server).leap(app, wrong).await.unwrap_err();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_date_stays_ahead_over_a_restart_and_running_work_is_not_late() {
    let mut server = with_levers().await;
    if is_refused(&server).await {
        return;
    }
    let id = create(&server.client).await;
    plan(&server, json!({"task": {"kind": "ClearInstance", "polls": {"running": 1}}})).await;
    let task =
        server.client.ok("ClearInstance", json!({"InstanceId": id, "Password": PASSWORD})).await["TaskId"].clone();
    let month = 30 * 86_400_000;
    levers(&server).leap(&server.service().app, month).await.unwrap();
    server.restart().await;
    assert_eq!(server.service().app.clock.leapt_ms(), month);
    assert_eq!(server.client.wait_for_task(&task).await["Status"], "succeed");
}

/// A table that a reset forgets would keep something of the world that was.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_knows_every_table() {
    let server = with_levers().await;
    if is_refused(&server).await {
        return;
    }
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: Result<Vec<String>, db::Error> =
        server.service().app.db.read(|tx| tx.query(sql, &[], |row| row.text(0)));
    let engine = ["task", "task_event"];
    let identity = ["cam_user", "cam_policy", "cam_role", "cam_attachment", "identity", "token_seal"];
    let kept = ["format", "account", "access_key", "readiness", "deployment", "host", "process"];
    let known = |table: &&String| {
        let table = table.as_str();
        engine.contains(&table)
            || kept.contains(&table)
            || identity.contains(&table)
            || server::store::lever_seed::EMPTIED.contains(&table)
    };
    let unknown: Vec<_> = tables.unwrap().into_iter().filter(|table| !known(&table)).collect();
    assert!(unknown.is_empty(), "empty these in store/lever_seed.rs, or say here that they stay: {unknown:?}");
}
