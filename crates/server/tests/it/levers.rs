//! What testers can bring about, seen by clients: real servers, real nodes.

use std::time::Duration;

use serde_json::{Value, json};
use server::levers::Levers;
use server::levers::plan::NewPlan;
use server::levers::view::{Overview, Use};

use crate::client::Client;
use crate::harness::Cinnabar;
use crate::stories::{PASSWORD, address, connect, create, dbsize, fill, instance, wait_for_status};

pub(crate) async fn with_levers() -> Cinnabar {
    Cinnabar::start_with(|config| config.levers.enabled = true).await
}

pub(crate) fn levers(server: &Cinnabar) -> &Levers {
    server.service().app.levers.as_deref().unwrap()
}

pub(crate) fn overview(server: &Cinnabar) -> Overview {
    levers(server).overview(&server.service().app).unwrap()
}

pub(crate) async fn plan(server: &Cinnabar, plan: Value) -> i64 {
    let plan: NewPlan = serde_json::from_value(plan).unwrap();
    levers(server).plan(plan).await.unwrap()
}

async fn clear(client: &Client, id: &str) -> Value {
    client.ok("ClearInstance", json!({"InstanceId": id, "Password": PASSWORD})).await["TaskId"].clone()
}

/// The statuses that a client sees that asks until the end, and the last message.
async fn statuses(client: &Client, task: &Value) -> (Vec<String>, String) {
    let mut seen = Vec::new();
    loop {
        let info = client.ok("DescribeTaskInfo", json!({ "TaskId": task })).await;
        let status = info["Status"].as_str().unwrap().to_owned();
        let last = !matches!(status.as_str(), "preparing" | "running");
        seen.push(status);
        if last {
            return (seen, info["TaskMessage"].as_str().unwrap().to_owned());
        }
    }
}

fn use_of(server: &Cinnabar, task: &Value) -> Use {
    let uses = overview(server).uses;
    uses.into_iter().find(|used| used.task == task.as_i64()).unwrap()
}

fn notes(used: &Use) -> Vec<&str> {
    used.notes.iter().map(|note| note.text.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_seen_poll_by_poll_and_the_world_is_as_before() {
    let server = with_levers().await;
    let client = &server.client;
    let id = create(client).await;
    let (ip, port) = address(&instance(client, &id).await);
    let mut master = connect(ip, port, PASSWORD).unwrap();
    fill(&mut master, 100);
    let number = plan(
        &server,
        json!({"instance": id, "task": {"kind": "ClearInstance", "polls": {"preparing": 1, "running": 2},
               "fail": {"message": "the disk is full"}}}),
    )
    .await;
    let task = clear(client, &id).await;
    let seen = statuses(client, &task).await;
    let expected = ["preparing", "running", "running", "failed"].map(str::to_owned);
    assert_eq!(seen, (expected.to_vec(), "the disk is full".to_owned()));
    assert_eq!(dbsize(&mut master), 100, "it failed before its work");
    assert_eq!(instance(client, &id).await["Status"], 2);
    let used = use_of(&server, &task);
    assert_eq!((used.plan, used.polls, used.status.as_deref()), (Some(number), 4, Some("failed")));
    assert_eq!(
        notes(&used),
        [
            &format!("taken by plan {number}"),
            "held until it has been asked for",
            "step `purge` was made to fail before its work"
        ]
    );
    let steps =
        server.service().app.db.read(|tx| server.service().app.engine.steps(tx, engine::TaskId(used.task.unwrap())));
    let failed = steps.unwrap().into_iter().find(|event| event.kind == engine::EventKind::Failed).unwrap();
    assert_eq!(failed.data["detail"], format!("planned by lever plan {number}: before its work"));
    let (seen, _) = statuses(client, &clear(client, &id).await).await;
    assert_eq!(seen.last().map(String::as_str), Some("succeed"), "the plan was for one task");
    assert_eq!(dbsize(&mut master), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_after_its_work_is_really_undone() {
    let server = with_levers().await;
    let client = &server.client;
    let id = create(client).await;
    let (ip, port) = address(&instance(client, &id).await);
    fill(&mut connect(ip, port, PASSWORD).unwrap(), 100);
    plan(&server, json!({"task": {"kind": "DestroyInstance", "fail": {"when": "after", "message": "no"}}})).await;
    let task = client.ok("DestroyPostpaidInstance", json!({ "InstanceId": id })).await["TaskId"].clone();
    assert_eq!(statuses(client, &task).await.1, "no");
    assert_eq!(instance(client, &id).await["Status"], 2);
    assert_eq!(dbsize(&mut connect(ip, port, PASSWORD).unwrap()), 100, "the nodes were stopped and run again");
    // A purge cannot be undone, and is not shown as if it had been.
    plan(&server, json!({"task": {"fail": {"step": "purge", "when": "after", "message": "M"}}})).await;
    let (seen, message) = statuses(client, &clear(client, &id).await).await;
    assert_eq!((seen.last().map(String::as_str), message.as_str()), (Some("failed"), "M"));
    assert_eq!(dbsize(&mut connect(ip, port, PASSWORD).unwrap()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_that_fails_leaves_nothing_and_the_next_one_works() {
    let server = with_levers().await;
    let client = &server.client;
    plan(
        &server,
        json!({"task": {"kind": "CreateInstances", "fail": {"step": "follow_master", "message": "no host"}}}),
    )
    .await;
    let order =
        json!({"TypeId": 17, "MemSize": 1024, "GoodsNum": 1, "Period": 1, "BillingMode": 0, "Password": PASSWORD});
    let bought = client.ok("CreateInstances", order).await;
    let id = bought["InstanceIds"][0].as_str().unwrap().to_owned();
    for _ in 0..1000 {
        if client.ok("DescribeInstances", json!({})).await["TotalCount"] == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(crate::harness::processes_in(server.folder.path()), Vec::<u32>::new());
    assert!(!server.folder.path().join("instances").join(&id).exists());
    create(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_is_planned_to_fail_ends_in_error_and_a_retry_undoes_it() {
    let mut server = with_levers().await;
    let id = create(&server.client).await;
    plan(
        &server,
        json!({"task": {"kind": "DestroyInstance", "fail": {"when": "after", "message": "no", "undo_fails": true}}}),
    )
    .await;
    // What is stored of a plan goes on after a restart.
    server.restart().await;
    let client = &server.client;
    let task = client.ok("DestroyPostpaidInstance", json!({ "InstanceId": id })).await["TaskId"].clone();
    let (seen, message) = statuses(client, &task).await;
    assert_eq!(seen.last().map(String::as_str), Some("error"));
    assert!(message.starts_with("no; step `stop_nodes` could not be undone: planned by lever plan"), "{message}");
    assert_eq!(
        client.refused("ClearInstance", json!({"InstanceId": id, "Password": PASSWORD})).await.0,
        "ResourceUnavailable.InstanceLockedError"
    );
    let (engine, number) = (server.service().app.engine.clone(), task.as_i64().unwrap());
    let me = engine::Operator { name: "me".to_owned(), reason: "the host is back".to_owned() };
    let retried: Result<_, db::Error> =
        server.service().app.db.write(move |tx| engine.retry(tx, engine::TaskId(number), &me)).await;
    assert!(retried.unwrap());
    assert_eq!(statuses(client, &task).await.0.last().map(String::as_str), Some("failed"));
    wait_for_status(client, &id, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_and_a_pace_hold_a_task_in_running() {
    let server = with_levers().await;
    let client = &server.client;
    let id = create(client).await;
    plan(&server, json!({"task": {"kind": "ClearInstance", "delay": {"ms": 300}}})).await;
    let task = clear(client, &id).await;
    assert_eq!(statuses(client, &task).await.0.last().map(String::as_str), Some("succeed"));
    let used = use_of(&server, &task);
    assert!(notes(&used).contains(&"step `purge` is delayed by 300 ms"), "{used:?}");
    let ended = |task: &Value| {
        let app = &server.service().app;
        let task =
            app.db.read(|tx| app.engine.get(tx, server::service::ROOT_UIN, task.as_i64().unwrap())).unwrap().unwrap();
        task.ended_at.unwrap() - task.created_at
    };
    assert!(ended(&task) >= 300);
    let pace = json!({"kind": "ClearInstance", "at_least_ms": 400});
    levers(&server).set_pace(serde_json::from_value(pace).unwrap()).await.unwrap();
    let task = clear(client, &id).await;
    assert_eq!(statuses(client, &task).await.0.last().map(String::as_str), Some("succeed"));
    assert!(ended(&task) >= 400);
    let pace = json!({"polls": {"running": 2}});
    levers(&server).set_pace(serde_json::from_value(pace).unwrap()).await.unwrap();
    let destroyed = client.ok("DestroyPostpaidInstance", json!({ "InstanceId": id })).await["TaskId"].clone();
    assert_eq!(statuses(client, &destroyed).await.0, ["running", "running", "succeed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_polls_hold_is_released_by_hand_and_strangers_do_not_count() {
    let server = with_levers().await;
    let client = &server.client;
    let id = create(client).await;
    plan(&server, json!({"task": {"polls": {"preparing": 1000}}})).await;
    let task = clear(client, &id).await;
    assert_eq!(client.ok("DescribeTaskInfo", json!({ "TaskId": task })).await["Status"], "preparing");
    let app = &server.service().app;
    let number = task.as_i64().unwrap();
    assert!(levers(&server).release(app, number).await.unwrap());
    assert!(!levers(&server).release(app, number).await.unwrap() && !levers(&server).release(app, 1).await.unwrap());
    assert_eq!(client.wait_for_task(&task).await["Status"], "succeed");
}
