//! Temporary keys: they can do what they were narrowed down to, until they expire.

use serde_json::json;
use server::auth::target::{self, Target};
use sign::V1Algorithm::HmacSha256;

use super::street::{Street, params};
use super::{code, of, there};
use crate::client::Client;
use crate::stories::create;

/// Allows this action on this instance and nothing else.
pub(super) fn only(action: &str, instance: &str) -> String {
    let resource = format!("qcs::redis:ap-guangzhou:uin/{}:instance/{instance}", server::service::ROOT_UIN);
    json!({"version": "2.0", "statement": [{"effect": "allow", "action": [action], "resource": [resource]}]})
        .to_string()
}

/// That this caller can ask for the task of the instance, and can do nothing else of all that there is.
pub(super) async fn exactly_that(street: &Street, client: &Client, other_task: i64) {
    let before = street.dump();
    let (mut let_through, mut refused) = (Vec::new(), 0);
    for info in there() {
        let params = params(info, &street.here);
        match target::of(info, &params) {
            Target::Public | Target::Own => continue,
            _ => match of(client, info).call(info.name, params).await {
                Ok(_) => let_through.push(info.name),
                Err(refusal) => {
                    assert!(refusal.message.contains("not authorized"), "{}: {refusal:?}", info.name);
                    refused += 1;
                }
            },
        }
    }
    assert_eq!(let_through, ["DescribeTaskInfo"]);
    let (code, message) = client.refused("DescribeTaskInfo", json!({"TaskId": other_task})).await;
    assert_eq!(code, "InvalidParameter.PermissionDenied");
    assert!(message.contains("operation (redis:DescribeTaskInfo)") && message.contains(":instance/crs-"), "{message}");
    let (unknown, _) = client.refused("DescribeTaskInfo", json!({"TaskId": street.nowhere.task})).await;
    assert_eq!(unknown, "InvalidParameter.InvalidParameter", "what never was is not found, not denied");
    assert_eq!(street.dump(), before);
    println!("DescribeTaskInfo of one instance was let through, {} others were refused", refused + 1);
}

/// The task of a second instance.
pub(super) async fn another_task(street: &Street) -> i64 {
    let second = create(&street.mine).await;
    let tasks = street.mine.ok("DescribeTaskList", json!({ "InstanceId": second })).await;
    tasks["Tasks"][0]["TaskId"].as_i64().unwrap()
}

#[tokio::test]
async fn a_federated_user_can_do_exactly_what_its_policy_allows() {
    let street = Street::new().await;
    let other_task = another_task(&street).await;
    let policy = only("redis:DescribeTaskInfo", &street.here.instance);
    let encoded: String = policy.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let guest = street.federated(&encoded).await;
    exactly_that(&street, &guest, other_task).await;
    let task = street.here.task.to_string();
    let pairs = guest.v1_pairs("GET", "DescribeTaskInfo", HmacSha256, &[("TaskId", &task)]);
    assert_eq!(guest.v1_get(&pairs).send(guest.address).await.result().unwrap()["Status"], "succeed");
    let identity = guest.for_service("sts", "2018-08-13").ok("GetCallerIdentity", json!({})).await;
    assert_eq!((&identity["UserId"], &identity["Type"]), (&json!("100000000001:guest"), &json!("FederatedUser")));
}

#[tokio::test]
async fn a_list_shows_what_may_be_seen_and_counts_no_more() {
    let street = Street::new().await;
    create(&street.mine).await;
    let id = street.here.instance.clone();
    let lists = json!({"version": "2.0", "statement": [
        {"effect": "allow", "action": ["redis:Describe*", "tag:*"], "resource": [format!("qcs::redis:::instance/{id}")]},
    ]});
    let guest = street.federated(&lists.to_string()).await;
    let tag =
        json!({"Resource": format!("qcs::redis:::instance/{id}"), "ReplaceTags": [{"TagKey": "k", "TagValue": "v"}]});
    guest.for_service("tag", "2018-08-13").ok("ModifyResourceTags", tag).await;
    assert_eq!(street.mine.ok("DescribeInstances", json!({})).await["TotalCount"], 2);
    let seen = guest.ok("DescribeInstances", json!({})).await;
    assert_eq!((&seen["TotalCount"], &seen["InstanceSet"][0]["InstanceId"]), (&json!(1), &json!(id)));
    let tasks = guest.ok("DescribeTaskList", json!({})).await;
    assert_eq!((&tasks["TotalCount"], &tasks["Tasks"][0]["InstanceId"]), (&json!(1), &json!(id)));
    let tags = guest.for_service("tag", "2018-08-13").ok("DescribeResourceTags", json!({})).await;
    assert_eq!((&tags["TotalCount"], &tags["Rows"][0]["ResourceId"]), (&json!(1), &json!(id)));
    // By its tag alone, and not once that has gone.
    let tagged = json!({"version": "2.0", "statement": [{"effect": "allow", "action": "redis:DescribeInstances",
        "resource": "*", "condition": {"for_any_value:string_equal": {"qcs:resource_tag": ["k&v"]}}}]});
    let by_tag = street.federated(&tagged.to_string()).await;
    assert_eq!(by_tag.ok("DescribeInstances", json!({})).await["TotalCount"], 1);
    let untag = json!({"Resource": format!("qcs::redis:::instance/{id}"), "DeleteTags": [{"TagKey": "k"}]});
    guest.for_service("tag", "2018-08-13").ok("ModifyResourceTags", untag).await;
    assert_eq!(by_tag.refused("DescribeInstances", json!({})).await.0, "UnauthorizedOperation.NoCAMAuthed");
}

#[tokio::test]
async fn a_session_of_the_account_can_do_all_and_ask_for_no_other_key() {
    let street = Street::new().await;
    let sts = street.mine.for_service("sts", "2018-08-13");
    let device = format!("qcs::cam:uin/{}::mfa/softToken", server::service::ROOT_UIN);
    let ask = json!({"SerialNumber": device, "TokenCode": "123456", "DurationSeconds": 7200});
    let session = street.with_credentials(&sts.ok("GetSessionToken", ask.clone()).await);
    session.ok("DescribeTaskInfo", json!({"TaskId": street.here.task})).await;
    let refused = session.for_service("sts", "2018-08-13").refused("GetSessionToken", ask.clone()).await;
    assert_eq!(refused.0, "FailedOperation.TempKeyNotAllowed");
    for (name, value, code) in [
        ("DurationSeconds", json!(7201), "InvalidParameter.OverTimeError"),
        ("DurationSeconds", json!(-1), "InvalidParameter.OverTimeError"),
        ("SerialNumber", json!("qcs::cam:uin/1::mfa/softToken"), "FailedOperation.MFATypeNotSupported"),
        ("TokenCode", json!("12345"), "FailedOperation.CheckMFAError"),
    ] {
        let mut wrong = ask.clone();
        wrong[name] = value;
        let (got, message) = sts.refused("GetSessionToken", wrong).await;
        assert!(got == code && message.contains(name), "{got}: {message}");
    }
}

#[tokio::test]
async fn what_is_asked_of_a_federation_token_is_checked_by_name() {
    let street = Street::new().await;
    let sts = street.mine.for_service("sts", "2018-08-13");
    for (name, policy, code) in [
        ("a b", "{}", "InvalidParameter.ParamError"),
        ("ab", "nonsense", "InvalidParameter.StrategyFormatError"),
        ("ab", "{}", "InvalidParameter.StrategyInvalid"),
    ] {
        let (got, message) = sts.refused("GetFederationToken", json!({"Name": name, "Policy": policy})).await;
        assert!(got == code && (message.contains("`Name`") || message.contains("`Policy`")), "{got}: {message}");
    }
}

#[tokio::test]
async fn a_key_that_has_expired_reaches_nothing() {
    let street = Street::new().await;
    let sts = street.mine.for_service("sts", "2018-08-13");
    let policy = only("redis:*", &street.here.instance);
    let issued = sts.ok("GetFederationToken", json!({"Name": "ab", "Policy": policy, "DurationSeconds": 1})).await;
    let guest = street.with_credentials(&issued);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    for info in there() {
        assert_eq!(code(&guest, info, &params(info, &street.here)).await, "AuthFailure.TokenFailure", "{}", info.name);
    }
}
