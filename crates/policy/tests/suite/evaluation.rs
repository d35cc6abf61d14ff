//! Actions, resources, the order of evaluation, trust and the presets.

use crate::common::{HERE, allows, ask, facts, policy, statement};
use policy::{Decision, PRESETS, Policy, Purpose, Query, Resource, decide};
use serde_json::json;

#[test]
fn actions_in_every_spelling() {
    for (action, expected) in [
        ("*", true),
        ("name/*", true),
        ("redis:*", true),
        ("name/redis:*", true),
        ("redis:DescribeTaskInfo", true),
        ("name/redis:DescribeTaskInfo", true),
        ("redis:describetaskinfo", true),
        ("redis:Describe*", true),
        ("*:*TaskInfo", true),
        ("redis:DescribeTask", false),
        ("redis:DescribeTaskInfos", false),
        ("cam:*", false),
        ("redis:Clear*", false),
    ] {
        assert_eq!(allows(&json!(action), &json!("*"), "*"), expected, "{action}");
        assert_eq!(allows(&json!(["tag:GetTags", action]), &json!(["*"]), "*"), expected, "[{action}]");
    }
}

#[test]
fn resources_in_six_parts() {
    for (resource, expected) in [
        ("*", true),
        ("qcs::redis:ap-guangzhou:uin/100:instance/crs-a", true),
        ("qcs::redis:ap-guangzhou:uin/100:instance/*", true),
        ("qcs::redis:ap-guangzhou:uin/100:instanceId/crs-a", true),
        ("qcs::redis:ap-guangzhou::instance/*", true),
        ("qcs::redis:::instance/crs-a", true),
        ("qcs::redis:*:*:*", true),
        ("qcs:*:redis:gz:uin/100:instance/crs-*", true),
        ("qcs::*:ap-*:uin/*:*", true),
        ("qcs::redis:ap-shanghai:uin/100:instance/crs-a", false),
        ("qcs::redis:bj:uin/100:instance/crs-a", false),
        ("qcs::redis:ap-guangzhou:uin/101:instance/crs-a", false),
        ("qcs::redis:ap-guangzhou:uin/100:instance/crs-b", false),
        ("qcs::redis:ap-guangzhou:uin/100:instance", false),
        ("qcs::cvm:ap-guangzhou:uin/100:instance/crs-a", false),
    ] {
        assert_eq!(allows(&json!("redis:*"), &json!(resource), "instance/crs-a"), expected, "{resource}");
    }
    assert!(!allows(&json!("*"), &json!("qcs::redis:::instance/*"), "*"), "an action without a resource needs `*`");
    assert!(allows(&json!("*"), &json!("qcs::redis:::*"), "*"));
}

#[test]
fn any_deny_before_any_allow_before_silence() {
    let allow = policy(&statement("allow", &json!("redis:*"), &json!("*")));
    let deny = policy(&statement("deny", &json!("redis:clearInstance"), &json!("qcs::redis:::instance/crs-a")));
    for policies in [[&allow, &deny], [&deny, &allow]] {
        assert_eq!(ask(&policies, "ClearInstance", HERE, &facts()), Decision::Denied);
        assert_eq!(ask(&policies, "DescribeInstances", HERE, &facts()), Decision::Allowed);
        let other = Resource { path: "instance/crs-b", ..HERE };
        assert_eq!(ask(&policies, "ClearInstance", other, &facts()), Decision::Allowed);
    }
    assert_eq!(ask(&[&deny], "DescribeInstances", HERE, &facts()), Decision::Silent);
    assert_eq!(ask(&[], "DescribeInstances", HERE, &facts()), Decision::Silent);
}

#[test]
fn a_role_trusts_whom_it_names() {
    let asks = |principal: &str, who: Option<&'static str>| {
        let document = json!({"version": "2.0", "statement": {"effect": "allow", "action": "name/sts:AssumeRole",
            "principal": {"qcs": [principal], "service": "cvm.qcloud.com"}}});
        let policy = Policy::parse(&document.to_string(), Purpose::Trust).unwrap();
        let resource = Resource { service: "cam", region: "", account: "100", path: "role/1" };
        let query = Query { service: "sts", action: "AssumeRole", resource, facts: &facts(), principal: who };
        decide([&policy], &query)
    };
    let user = Some("qcs::cam::uin/100:uin/200");
    assert_eq!(asks("qcs::cam::uin/100:root", user), Decision::Allowed);
    assert_eq!(asks("qcs::cam::uin/100:uin/200", user), Decision::Allowed);
    assert_eq!(asks("qcs::cam::uin/100:uin/*", user), Decision::Allowed);
    assert_eq!(asks("qcs::cam::uin/100:uin/20", user), Decision::Silent);
    assert_eq!(asks("qcs::cam::uin/10:root", user), Decision::Silent);
    assert_eq!(asks("qcs::cam::uin/100:root", None), Decision::Silent);
    assert_eq!(asks("qcs::cam::uin/9:root", Some("cvm.qcloud.com")), Decision::Allowed);
}

#[test]
fn presets_do_what_their_names_say() {
    let decision = |name: &str, service: &str, action: &str| {
        let preset = PRESETS.iter().find(|preset| preset.name == name).unwrap();
        let policy = Policy::parse(preset.document, Purpose::Identity).unwrap();
        let query =
            Query { service, action, resource: Resource { path: "*", ..HERE }, facts: &facts(), principal: None };
        decide([&policy], &query) == Decision::Allowed
    };
    for (name, cam, clear, describe, token) in [
        ("AdministratorAccess", true, true, true, true),
        ("QcloudResourceFullAccess", false, true, true, false),
        ("ReadOnlyAccess", false, false, true, false),
        ("QcloudRedisFullAccess", false, true, true, false),
        ("QcloudRedisReadOnlyAccess", false, false, true, false),
    ] {
        assert_eq!(decision(name, "cam", "AddUser"), cam, "{name}");
        assert_eq!(decision(name, "redis", "ClearInstance"), clear, "{name}");
        assert_eq!(decision(name, "redis", "DescribeTaskInfo"), describe, "{name}");
        assert_eq!(decision(name, "sts", "GetFederationToken"), token, "{name}");
    }
    assert!(decision("ReadOnlyAccess", "cam", "ListUsers"));
}
