//! Roles that users take on: each session can do what role and session policy say, and nothing else.

use serde_json::{Value, json};
use server::service::ROOT_UIN;

use super::sessions::{another_task, exactly_that, only};
use super::street::{OTHER, Street, make_policy};
use crate::admin::Operators;
use crate::client::Client;

const ALL: &str = r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}"#;

/// Trusts every user of an account, under this condition.
fn trust(account: &str, condition: &Value) -> String {
    let principal = json!({"qcs": [format!("qcs::cam::uin/{account}:root")]});
    let mut statement = json!({"effect": "allow", "action": "name/sts:AssumeRole", "principal": principal});
    if !condition.is_null() {
        statement["condition"] = condition.clone();
    }
    json!({"version": "2.0", "statement": [statement]}).to_string()
}

/// Allows to take on this role, and nothing else.
fn may_assume(role: &str) -> String {
    let statement = json!({"effect": "allow", "action": "sts:AssumeRole", "resource": role});
    json!({"version": "2.0", "statement": [statement]}).to_string()
}

fn arn(name: &str) -> String {
    format!("qcs::cam::uin/{ROOT_UIN}:roleName/{name}")
}

/// A role of the account with the instance.
async fn role(street: &Street, name: &str, trust: &str, policy: &str) -> String {
    let cam = street.mine.for_service("cam", "2019-01-16");
    let made = cam.ok("CreateRole", json!({"RoleName": name, "PolicyDocument": trust})).await;
    let id = make_policy(&street.mine, name, policy).await;
    cam.ok("AttachRolePolicy", json!({"PolicyId": id, "AttachRoleName": name})).await;
    made["RoleId"].as_str().unwrap().to_owned()
}

fn sts(client: &Client) -> Client {
    client.for_service("sts", "2018-08-13")
}

fn asking(role: &str, more: &Value) -> Value {
    let mut ask = json!({"RoleArn": arn(role), "RoleSessionName": "night-shift"});
    for (name, value) in more.as_object().unwrap() {
        ask[name] = value.clone();
    }
    ask
}

#[tokio::test]
async fn a_role_session_can_do_exactly_what_its_role_allows_until_the_role_is_gone() {
    let street = Street::new().await;
    let other_task = another_task(&street).await;
    let policy = only("redis:DescribeTaskInfo", &street.here.instance);
    let id = role(&street, "reader", &trust(ROOT_UIN, &Value::Null), &policy).await;
    let (user, _) = street.sub_user("worker", &[&may_assume(&arn("reader"))]).await;
    let issued = sts(&user).ok("AssumeRole", asking("reader", &json!({}))).await;
    let session = street.with_credentials(&issued);
    exactly_that(&street, &session, other_task).await;
    let identity = sts(&session).ok("GetCallerIdentity", json!({})).await;
    assert_eq!(identity["UserId"], format!("{id}:night-shift"));
    assert_eq!(identity["Arn"], format!("qcs::sts:{ROOT_UIN}:assumed-role/{id}"));
    assert_eq!((&identity["Type"], &identity["AccountId"]), (&json!("CAMRole"), &json!(ROOT_UIN)));
    // A session takes on no further role, and makes no user's keys.
    assert_eq!(
        sts(&session).refused("AssumeRole", asking("reader", &json!({}))).await.0,
        "FailedOperation.TempKeyNotAllowed"
    );
    let cam = street.mine.for_service("cam", "2019-01-16");
    cam.ok("DeleteRole", json!({"RoleName": "reader"})).await;
    let task = json!({"TaskId": street.here.task});
    assert_eq!(session.refused("DescribeTaskInfo", task).await.0, "AuthFailure.TokenFailure");
}

#[tokio::test]
async fn a_session_policy_narrows_a_role_and_widens_nothing() {
    let street = Street::new().await;
    let task = json!({"TaskId": street.here.task});
    role(&street, "all", &trust(ROOT_UIN, &Value::Null), &only("redis:Describe*", &street.here.instance)).await;
    for (policy, works) in [(ALL.to_owned(), true), (only("redis:ClearInstance", &street.here.instance), false)] {
        let issued = sts(&street.mine).ok("AssumeRole", asking("all", &json!({"Policy": policy}))).await;
        let session = street.with_credentials(&issued);
        let answer = session.call("DescribeTaskInfo", task.clone()).await;
        assert_eq!(answer.is_ok(), works, "{answer:?}");
        let clear = json!({"InstanceId": street.here.instance, "Password": "x"});
        assert_eq!(session.refused("ClearInstance", clear).await.0, "UnauthorizedOperation.NoCAMAuthed");
    }
}

#[tokio::test]
async fn only_who_is_trusted_and_allowed_takes_on_a_role() {
    let street = Street::new().await;
    let (stranger, _) = street.user_of(&street.other, "stranger", &[&may_assume("*")]).await;
    let (idle, _) = street.sub_user("idle", &[]).await;
    let told = json!({"string_equal": {"sts:external_id": ["agreed"]}});
    role(&street, "own", &trust(ROOT_UIN, &Value::Null), ALL).await;
    role(&street, "lent", &trust(OTHER, &told), ALL).await;
    let ask =
        async |client: &Client, role: &str, more: Value| sts(client).call("AssumeRole", asking(role, &more)).await;
    let code = |answer: Result<Value, crate::client::Refusal>| answer.unwrap_err().code;
    // Trusted, but its own policies do not allow it.
    assert_eq!(code(ask(&idle, "own", json!({})).await), "UnauthorizedOperation");
    // The account's own role, which trusts others.
    assert_eq!(code(ask(&street.mine, "lent", json!({"ExternalId": "agreed"})).await), "UnauthorizedOperation");
    // Another account's role that does not trust, and one that never was.
    let words = async |role: &str| {
        let refused = ask(&stranger, role, json!({})).await.unwrap_err();
        (refused.code, refused.message.replace(role, "ROLE"))
    };
    assert_eq!(words("own").await, words("nowhere").await);
    assert_eq!(words("lent").await, words("nowhere").await, "what was agreed is missing");
    // Another account's role that does, which reaches what is that account's.
    let issued = ask(&stranger, "lent", json!({"ExternalId": "agreed"})).await.unwrap();
    let session = street.with_credentials(&issued);
    let seen = session.ok("DescribeInstances", json!({})).await;
    assert_eq!((&seen["TotalCount"], &seen["InstanceSet"][0]["InstanceId"]), (&json!(1), &json!(street.here.instance)));
}

#[tokio::test]
async fn what_is_asked_of_a_role_is_checked_by_name() {
    let street = Street::new().await;
    role(&street, "own", &trust(ROOT_UIN, &Value::Null), ALL).await;
    for (name, value, code) in [
        ("RoleArn", json!("own"), "InvalidParameter.ParamError"),
        ("RoleArn", json!(arn("nowhere")), "ResourceNotFound.RoleNotFound"),
        ("RoleSessionName", json!("x"), "InvalidParameter.ParamError"),
        ("RoleSessionName", json!("a b"), "InvalidParameter.ParamError"),
        ("DurationSeconds", json!(0), "InvalidParameter.OverTimeError"),
        ("DurationSeconds", json!(43_201), "InvalidParameter.OverTimeError"),
        ("ExternalId", json!("a b"), "InvalidParameter.ParamError"),
        ("Policy", json!("nonsense"), "InvalidParameter.StrategyFormatError"),
        ("Tags", json!([{"Key": "k", "Value": "v"}]), "UnsupportedOperation"),
        ("SourceIdentity", json!("me"), "UnsupportedOperation"),
        ("SerialNumber", json!("x"), "FailedOperation.MFATypeNotSupported"),
    ] {
        let (got, message) = sts(&street.mine).refused("AssumeRole", asking("own", &json!({ name: value }))).await;
        assert!(got == code && message.contains(name), "{name}: {got}: {message}");
    }
}

#[tokio::test]
async fn a_task_tells_operators_who_asked_for_it() {
    let street = Street::new().await;
    let id = role(&street, "all", &trust(ROOT_UIN, &Value::Null), ALL).await;
    let (user, uin) = street.sub_user("worker", &[ALL]).await;
    let session = street.with_credentials(&sts(&user).ok("AssumeRole", asking("all", &json!({}))).await);
    let guest = street.federated(ALL).await;
    let operators = Operators::of(&street.server);
    let expected =
        [(&user, uin.to_string()), (&session, format!("{id}:night-shift")), (&guest, format!("{ROOT_UIN}:guest"))];
    for (client, who) in expected {
        let clear = json!({"InstanceId": street.here.instance, "Password": crate::stories::PASSWORD});
        let task = client.ok("ClearInstance", clear).await["TaskId"].as_i64().unwrap();
        let shown = operators.get(&format!("/tasks/{task}")).await.1;
        assert_eq!((&shown["request"]["who"], &shown["account"]), (&json!(who), &json!(ROOT_UIN)));
        crate::stories::wait_for_status(&street.mine, &street.here.instance, 2).await;
    }
}
