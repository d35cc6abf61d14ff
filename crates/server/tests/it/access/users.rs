//! Sub-users: they can do what their policies allow, from the moment on that these say so, and nothing once they are gone.

use serde_json::{Value, json};

use super::sessions::{another_task, exactly_that, only};
use super::street::Street;
use crate::client::Client;

const ALL: &str = r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}"#;

fn cam(client: &Client) -> Client {
    client.for_service("cam", "2019-01-16")
}

async fn code(client: &Client, action: &str, params: Value) -> String {
    client.call(action, params).await.map_or_else(|refusal| refusal.code, |_| "done".to_owned())
}

#[tokio::test]
async fn a_sub_user_can_do_exactly_what_its_policy_allows() {
    let street = Street::new().await;
    let other_task = another_task(&street).await;
    let policy = only("redis:DescribeTaskInfo", &street.here.instance);
    let (user, _) = street.sub_user("watcher", &[&policy]).await;
    exactly_that(&street, &user, other_task).await;
}

#[tokio::test]
async fn a_change_of_policies_holds_for_the_next_request() {
    let street = Street::new().await;
    let mine = cam(&street.mine);
    let (user, uin) = street.sub_user("watcher", &[]).await;
    let may = async || code(&user, "DescribeInstances", json!({})).await;
    let refused = "UnauthorizedOperation.NoCAMAuthed";
    assert_eq!(may().await, refused);
    let new = json!({"PolicyName": "look", "PolicyDocument": ALL});
    let id = mine.ok("CreatePolicy", new).await["PolicyId"].clone();
    let attach = json!({"AttachUin": uin, "PolicyId": id});
    mine.ok("AttachUserPolicy", attach.clone()).await;
    assert_eq!(may().await, "done");
    let deny =
        json!({"version": "2.0", "statement": [{"effect": "deny", "action": "redis:Describe*", "resource": "*"}]});
    mine.ok("UpdatePolicy", json!({"PolicyId": id, "PolicyDocument": deny.to_string()})).await;
    assert_eq!(may().await, refused);
    mine.ok("UpdatePolicy", json!({"PolicyId": id, "PolicyDocument": ALL})).await;
    assert_eq!(may().await, "done");
    mine.ok("DetachUserPolicy", json!({"DetachUin": uin, "PolicyId": id})).await;
    assert_eq!(may().await, refused);
    mine.ok("AttachUserPolicy", attach).await;
    mine.ok("DeletePolicy", json!({"PolicyId": [id]})).await;
    assert_eq!(may().await, refused);
    // A preset is as good as any.
    mine.ok("AttachUserPolicy", json!({"AttachUin": uin, "PolicyId": 5})).await;
    assert_eq!(may().await, "done");
    let clear = json!({"InstanceId": street.here.instance, "Password": "x"});
    assert_eq!(code(&user, "ClearInstance", clear).await, refused);
}

#[tokio::test]
async fn a_key_that_is_disabled_or_deleted_is_nobody_s_from_then_on() {
    let street = Street::new().await;
    let mine = cam(&street.mine);
    let (user, uin) = street.sub_user("watcher", &[ALL]).await;
    let may = async || code(&user, "DescribeInstances", json!({})).await;
    let key = |status: &str| json!({"TargetUin": uin, "AccessKeyId": user.secret_id, "Status": status});
    assert_eq!(may().await, "done");
    for (status, expected) in [("Inactive", "AuthFailure.SecretIdNotFound"), ("Active", "done")] {
        mine.ok("UpdateAccessKey", key(status)).await;
        assert_eq!(may().await, expected);
    }
    mine.ok("DeleteAccessKey", json!({"TargetUin": uin, "AccessKeyId": user.secret_id})).await;
    assert_eq!(may().await, "AuthFailure.SecretIdNotFound");
}

#[tokio::test]
async fn a_user_that_is_deleted_takes_its_temporary_keys_along() {
    let street = Street::new().await;
    let (user, _) = street.sub_user("watcher", &[ALL]).await;
    let sts = user.for_service("sts", "2018-08-13");
    let issued = sts.ok("GetFederationToken", json!({"Name": "guest", "Policy": ALL})).await;
    let guest = street.with_credentials(&issued);
    assert_eq!(code(&guest, "DescribeInstances", json!({})).await, "done");
    cam(&street.mine).ok("DeleteUser", json!({"Name": "watcher", "Force": 1})).await;
    assert_eq!(code(&guest, "DescribeInstances", json!({})).await, "AuthFailure.TokenFailure");
    assert_eq!(code(&user, "DescribeInstances", json!({})).await, "AuthFailure.SecretIdNotFound");
}

#[tokio::test]
async fn nobody_gets_a_key_of_the_account_but_the_account() {
    let street = Street::new().await;
    let (user, _) = street.sub_user("admin", &[ALL]).await;
    let guest = street.federated(ALL).await;
    let root = json!({"TargetUin": server::service::ROOT_UIN.parse::<u64>().unwrap()});
    for client in [&user, &guest] {
        assert_eq!(code(&cam(client), "CreateAccessKey", root.clone()).await, "OperationDenied.SubUin");
    }
    assert_eq!(code(&cam(&guest), "CreateAccessKey", json!({})).await, "MissingParameter");
    assert_eq!(code(&cam(&user), "AddUser", json!({"Name": "another"})).await, "done", "who may do all adds users too");
}

#[tokio::test]
async fn what_is_another_account_s_cannot_be_attached_nor_be_attached_to() {
    let street = Street::new().await;
    let (here, other) = (&street.here, cam(&street.other));
    let user = other.ok("AddUser", json!({"Name": "theirs"})).await["Uin"].clone();
    let trust = json!({"version": "2.0", "statement": [{"effect": "allow", "action": "sts:AssumeRole",
        "principal": {"qcs": "qcs::cam::uin/100000000002:root"}}]});
    let new = json!({"RoleName": "theirs", "PolicyDocument": trust.to_string()});
    let role = other.ok("CreateRole", new).await["RoleId"].clone();
    let before = street.dump();
    let (unknown, nobody) = ("ResourceNotFound.PolicyIdNotFound", "ResourceNotFound.UserNotExist");
    for (action, params, expected) in [
        ("AttachUserPolicy", json!({"AttachUin": user, "PolicyId": here.policy}), unknown),
        ("AttachRolePolicy", json!({"AttachRoleId": role, "PolicyId": here.policy}), unknown),
        ("AttachRolePolicy", json!({"AttachRoleId": role, "PolicyName": "the-lease"}), unknown),
        ("AttachUserPolicy", json!({"AttachUin": here.user, "PolicyId": 1}), nobody),
        ("AttachRolePolicy", json!({"AttachRoleName": "the-keeper", "PolicyId": 1}), "InvalidParameter.RoleNotExist"),
        ("DeleteAccessKey", json!({"AccessKeyId": here.key}), "ResourceNotFound.SecretNotExist"),
    ] {
        assert_eq!(code(&other, action, params.clone()).await, expected, "{action} {params}");
    }
    assert_eq!(street.dump(), before);
    let roles = json!({"Page": 1, "Rp": 200});
    for (action, params) in [("ListUsers", json!({})), ("ListPolicies", json!({})), ("DescribeRoleList", roles)] {
        let text = other.ok(action, params).await.to_string();
        assert!(!here.hidden_in(&text).contains('…') && !text.contains("the-"), "{action}: {text}");
    }
}

#[tokio::test]
async fn a_used_key_is_noted_once_in_a_while() {
    let street = Street::new().await;
    let (user, _) = street.sub_user("watcher", &[ALL]).await;
    user.ok("DescribeInstances", json!({})).await;
    let app = &street.server.service().app;
    let used = || app.db.read(|tx| server::store::key::find(tx, server::service::ROOT_UIN, &user.secret_id)).unwrap();
    assert_eq!(used().unwrap().last_used_at, None);
    server::background::usage::round(std::sync::Arc::clone(app)).await;
    let at = used().unwrap().last_used_at.unwrap();
    assert!((app.clock.now_ms() - 60_000..=app.clock.now_ms()).contains(&at), "{at}");
}
