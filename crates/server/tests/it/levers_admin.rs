//! The levers by the operator's side: every route, what it refuses, and that none is there without levers.

use serde_json::{Value, json};

use crate::admin::Operators;
use crate::client::Raw;
use crate::harness::Cinnabar;
use crate::levers::with_levers;
use crate::levers_reset::is_refused;
use crate::stories::{PASSWORD, create};

const ROUTES: [(&str, &str); 7] = [
    ("GET", "/levers"),
    ("POST", "/levers/clock"),
    ("POST", "/levers/pace"),
    ("POST", "/levers/plans"),
    ("POST", "/levers/plans/1/cancel"),
    ("POST", "/levers/reset"),
    ("POST", "/levers/tasks/1/release"),
];

async fn ask(operators: &Operators, (method, path): (&str, &str)) -> (u16, Value) {
    match method {
        "GET" => operators.get(path).await,
        _ => operators.post(path, json!({})).await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_is_there_without_levers_and_all_ask_for_the_token_with_them() {
    let without = Cinnabar::start().await;
    let operators = Operators::of(&without);
    let (_, document) = operators.get("/openapi.json").await;
    assert!(!document["paths"].as_object().unwrap().keys().any(|path| path.starts_with("/levers")), "{document}");
    for route in ROUTES {
        let (status, body) = ask(&operators, route).await;
        assert_eq!((status, &body["error"]["code"]), (404, &json!("no_such_route")), "{route:?}");
    }
    let with = with_levers().await;
    let stranger = Operators { token: "guessed".to_owned(), ..Operators::of(&with) };
    for route in ROUTES {
        assert_eq!(ask(&stranger, route).await.0, 401, "{route:?}");
    }
    let (_, document) = Operators::of(&with).get("/openapi.json").await;
    let mut listed: Vec<_> =
        document["paths"].as_object().unwrap().keys().filter(|path| path.contains("lever")).collect();
    listed.sort();
    assert_eq!(listed.len(), ROUTES.len(), "{listed:?}");
    // Not on the API's port either.
    let raw = Raw { method: "GET".to_owned(), target: "/levers".to_owned(), headers: Vec::new(), body: Vec::new() };
    let answer = raw.header("Host", "127.0.0.1").send(with.client.address).await;
    assert!(answer.result().is_err(), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_by_field_and_changes_nothing() {
    let server = with_levers().await;
    let operators = Operators::of(&server);
    let cases = [
        ("/levers/plans", json!({}), 400, "`task` and `action` are both absent"),
        ("/levers/plans", json!({"task": {"fial": 1}}), 400, "fial"),
        ("/levers/plans", json!({"task": {"kind": "X", "fail": {"message": "M"}}}), 400, "there are CreateInstances"),
        ("/levers/plans/7/cancel", json!({}), 404, "there is no plan 7"),
        ("/levers/plans/x/cancel", json!({}), 400, "x"),
        ("/levers/pace", json!({"kind": "X"}), 400, "`kind` is no task kind"),
        ("/levers/clock", json!({"forward_ms": -5}), 400, "forward only"),
        ("/levers/clock", json!({}), 400, "forward_ms"),
        ("/levers/tasks/1/release", json!({}), 409, "no polls hold task 1"),
    ];
    for (path, body, status, says) in cases {
        let (answered, problem) = operators.post(path, body).await;
        let message = problem["error"]["message"].as_str().unwrap_or_default();
        assert!(answered == status && message.contains(says), "{path}: {answered} {problem}");
    }
    let (_, all) = operators.get("/levers").await;
    assert_eq!(all, json!({"leapt_ms": 0, "paces": [], "plans": [], "uses": [], "seed": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_are_made_seen_and_cancelled_and_a_reset_answers_what_it_did() {
    let server = with_levers().await;
    let operators = Operators::of(&server);
    let id = create(&server.client).await;
    let plan =
        json!({"uses": 5, "task": {"kind": "ClearInstance", "polls": {"preparing": 1000}, "fail": {"message": "M"}}});
    let (_, planned) = operators.post("/levers/plans", plan).await;
    let cleared = server.client.ok("ClearInstance", json!({"InstanceId": id, "Password": PASSWORD})).await;
    let (_, all) = operators.get("/levers").await;
    assert_eq!((&all["plans"][0]["id"], &all["plans"][0]["uses_left"]), (&planned["plan"], &json!(4)));
    let used = &all["uses"][0];
    assert_eq!(
        (&used["task"], &used["status"], &used["kind"]),
        (&cleared["TaskId"], &json!("preparing"), &json!("ClearInstance"))
    );
    assert_eq!(used["notes"][0]["text"], format!("taken by plan {}", planned["plan"]));
    assert_eq!(operators.post(&format!("/levers/plans/{}/cancel", planned["plan"]), json!({})).await.0, 200);
    assert_eq!(operators.post(&format!("/levers/tasks/{}/release", cleared["TaskId"]), json!({})).await.0, 200);
    let task = server.client.wait_for_task(&cleared["TaskId"]).await;
    assert_eq!((&task["Status"], &task["TaskMessage"]), (&json!("failed"), &json!("M")));
    let (_, shown) = operators.get(&format!("/tasks/{}/steps", cleared["TaskId"])).await;
    assert!(shown.to_string().contains("planned by lever plan"), "an operator sees that it was planned: {shown}");
    let (_, paced) = operators.post("/levers/pace", json!({"at_least_ms": 100})).await;
    assert_eq!(paced["paces"], json!([{"at_least_ms": 100}]));
    if is_refused(&server).await {
        for (path, body) in [("/levers/clock", json!({"forward_ms": 60_000})), ("/levers/reset", json!({}))] {
            assert_eq!(operators.post(path, body).await.0, 409, "{path}");
        }
        return;
    }
    let (_, date) = operators.post("/levers/clock", json!({"forward_ms": 60_000})).await;
    assert_eq!(date["leapt_ms"], 60_000);
    let (status, done) = operators.post("/levers/reset", json!({})).await;
    assert_eq!((status, &done["nodes"], &done["seeded"]), (200, &json!(2), &json!(0)));
    let (_, all) = operators.get("/levers").await;
    assert_eq!(all, json!({"leapt_ms": 0, "paces": [], "plans": [], "uses": [], "seed": []}));
}
