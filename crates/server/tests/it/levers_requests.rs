//! Requests that are refused by plan, and what is there of the levers when they are off: nothing.

use serde_json::json;

use crate::harness::Cinnabar;
use crate::levers::{levers, overview, plan, with_levers};
use crate::levers_reset::is_refused;
use crate::stories::{PASSWORD, create, instance};

#[tokio::test(flavor = "multi_thread")]
async fn an_action_is_refused_as_often_as_planned_and_before_it_does_anything() {
    let server = with_levers().await;
    let client = &server.client;
    let (id, other) = (create(client).await, create(client).await);
    let number = plan(
        &server,
        json!({"instance": id, "uses": 2, "action": {"name": "ClearInstance", "code": "FailedOperation.MadeUp", "message": "try later"}}),
    )
    .await;
    let params = json!({"InstanceId": id, "Password": PASSWORD});
    let refusal = ("FailedOperation.MadeUp".to_owned(), "try later".to_owned());
    assert_eq!(client.refused("ClearInstance", params.clone()).await, refusal);
    // Not the other instance, not another action, not a request that is not signed or not of the right shape.
    client.ok("ClearInstance", json!({"InstanceId": other, "Password": PASSWORD})).await;
    assert_eq!(client.refused("ClearInstance", json!({"InstanceId": 5})).await.0, "InvalidParameter");
    let mut stranger = client.clone();
    stranger.secret_key = "wrong".to_owned();
    assert_eq!(stranger.refused("ClearInstance", params.clone()).await.0, "AuthFailure.SignatureFailure");
    assert_eq!(client.refused("ClearInstance", params.clone()).await, refusal);
    assert_eq!(instance(client, &id).await["Status"], 2, "no task was made");
    client.ok("ClearInstance", params).await;
    let overview = overview(&server);
    assert_eq!(overview.plans[0].uses_left, 0);
    let uses: Vec<_> = overview.uses.iter().filter(|used| used.plan == Some(number)).collect();
    assert_eq!(uses.len(), 2);
    assert!(uses.iter().all(|used| used.request_id.len() == 36 && used.task.is_none() && used.instance == id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_cancelled_does_nothing_more() {
    let server = with_levers().await;
    let number = plan(
        &server,
        json!({"uses": 9, "action": {"name": "DescribeInstances", "code": "InternalError", "message": "M"}}),
    )
    .await;
    assert_eq!(server.client.refused("DescribeInstances", json!({})).await.0, "InternalError");
    assert!(levers(&server).cancel(number).await.unwrap());
    assert!(!levers(&server).cancel(number + 1).await.unwrap());
    server.client.ok("DescribeInstances", json!({})).await;
}

/// Everything that levers can have left in the state, and a server without them on it.
#[tokio::test(flavor = "multi_thread")]
async fn without_levers_nothing_that_was_planned_has_an_effect() {
    let mut server = with_levers().await;
    let id = create(&server.client).await;
    let held = plan(&server, json!({"task": {"kind": "ClearInstance", "polls": {"preparing": 1000}}})).await;
    let cleared = server.client.ok("ClearInstance", json!({"InstanceId": id, "Password": PASSWORD})).await;
    plan(&server, json!({"uses": 9, "task": {"fail": {"message": "M"}}})).await;
    plan(&server, json!({"uses": 9, "action": {"name": "DescribeInstances", "code": "InternalError", "message": "M"}}))
        .await;
    let pace = json!({"at_least_ms": 86_400_000});
    levers(&server).set_pace(serde_json::from_value(pace).unwrap()).await.unwrap();
    if !is_refused(&server).await {
        levers(&server).leap(&server.service().app, 86_400_000).await.unwrap();
    }
    assert!(held > 0);
    server.reconfigure(|config| config.levers.enabled = false);
    server.restart().await;
    let (app, client) = (&server.service().app, &server.client);
    assert!(app.levers.is_none() && server.service().reset.is_none());
    assert_eq!(app.clock.leapt_ms(), 0);
    assert_eq!(client.wait_for_task(&cleared["TaskId"]).await["Status"], "succeed", "what was held goes on");
    let destroyed = client.ok("DestroyPostpaidInstance", json!({ "InstanceId": id })).await;
    assert_eq!(client.wait_for_task(&destroyed["TaskId"]).await["Status"], "succeed");
    client.ok("DescribeInstances", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_levers_are_off_unless_they_are_switched_on() {
    let server = Cinnabar::start().await;
    assert!(server.service().app.levers.is_none() && server.service().reset.is_none());
}
