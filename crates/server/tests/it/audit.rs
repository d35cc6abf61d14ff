//! The audit log: each request that it is to hold stands there, with who, what and how it ended, and with no secret.

use serde_json::{Value, json};
use server::config::AuditRequests;

use crate::admin::Operators;
use crate::client::Client;
use crate::harness::Cinnabar;
use crate::stories::{PASSWORD, create};

async fn found(operators: &Operators, query: &str) -> Vec<Value> {
    let (status, answer) = operators.get(&format!("/audit?{query}")).await;
    assert_eq!(status, 200, "{answer}");
    answer["records"].as_array().unwrap().clone()
}

#[tokio::test]
async fn changes_and_refusals_are_written_down_without_secrets() {
    let server = Cinnabar::start().await;
    let (client, operators) = (&server.client, Operators::of(&server));
    let id = create(client).await;
    let cleared = client.ok("ClearInstance", json!({"InstanceId": id, "Password": PASSWORD})).await;
    client.ok("DescribeInstances", json!({})).await;
    client.refused("DescribeTaskInfo", json!({"TaskId": 987_654_321})).await;
    let forger = Client { secret_key: "guessed".to_owned(), ..client.clone() };
    forger.refused("ClearInstance", json!({"InstanceId": id})).await;
    let newline = Client { secret_id: "AKID\\n{}".to_owned(), ..client.clone() };
    newline.refused("ClearInstance", json!({"InstanceId": id})).await;

    let all = found(&operators, "limit=100").await;
    let ended: Vec<_> =
        all.iter().rev().map(|one| (one["action"].as_str().unwrap(), one["code"].as_str().unwrap())).collect();
    let expected = [
        ("CreateInstances", "ok"),
        ("ClearInstance", "ok"),
        ("DescribeTaskInfo", "InvalidParameter.InvalidParameter"),
        ("ClearInstance", "AuthFailure.SignatureFailure"),
        ("ClearInstance", "AuthFailure.SecretIdNotFound"),
    ];
    assert_eq!(ended, expected, "and no answered read");
    let clear = found(&operators, &format!("action=ClearInstance&code=ok&resource={id}")).await.remove(0);
    assert_eq!(clear["request_id"], cleared["RequestId"]);
    assert_eq!(clear["task"], cleared["TaskId"]);
    assert_eq!((&clear["user"], &clear["region"]), (&json!("100000000001"), &json!("ap-guangzhou")));
    assert_eq!(clear["secret_id"], json!(client.secret_id));
    assert!(clear["client"].as_str().unwrap().starts_with("127.0.0.1:"), "{clear}");
    let made = found(&operators, "action=CreateInstances").await.remove(0);
    assert_eq!(made["resources"], json!([id]));
    let refused = found(&operators, "code=refused&client=127.0.0.1").await;
    assert_eq!(refused.len(), 3);
    assert!(refused[0].get("user").is_none() && refused[1]["secret_id"] == json!(client.secret_id), "{refused:?}");
    let text = std::fs::read_to_string(server.folder.path().join("audit/audit.log")).unwrap();
    assert_eq!(text.lines().count(), expected.len(), "a record is a line, whatever is in it");
    assert!(!text.contains(PASSWORD) && !text.contains(&client.secret_key));
    let (status, answer) = operators.get("/audit?limit=0").await;
    assert!(status == 400 && answer["error"]["message"].as_str().unwrap().contains("`limit`"), "{answer}");
}

#[tokio::test]
async fn all_or_none_are_written_down_as_the_settings_say() {
    let all = Cinnabar::start_with(|config| config.audit.requests = AuditRequests::All).await;
    all.client.ok("DescribeInstances", json!({})).await;
    assert_eq!(found(&Operators::of(&all), "action=DescribeInstances&code=ok").await.len(), 1);
    let none = Cinnabar::start_with(|config| config.audit.requests = AuditRequests::Off).await;
    none.client.refused("DescribeTaskInfo", json!({"TaskId": 1})).await;
    assert!(found(&Operators::of(&none), "").await.is_empty());
    assert!(!none.folder.path().join("audit").exists());
}

#[tokio::test]
async fn what_was_answered_before_a_stop_is_there_after_it() {
    let mut server = Cinnabar::start().await;
    for _ in 0..50 {
        server.client.refused("DescribeTaskInfo", json!({"TaskId": 1})).await;
    }
    server.restart().await;
    assert_eq!(found(&Operators::of(&server), "limit=1000").await.len(), 50);
}
