//! Short ways to ask.

use policy::{Decision, Facts, Policy, Purpose, Query, Resource, decide};
use serde_json::{Value, json};

pub(crate) const HERE: Resource<'static> =
    Resource { service: "redis", region: "ap-guangzhou", account: "100", path: "instance/crs-a" };

pub(crate) fn policy(document: &Value) -> Policy {
    Policy::parse(&document.to_string(), Purpose::Identity).unwrap()
}

pub(crate) fn statement(effect: &str, action: &Value, resource: &Value) -> Value {
    json!({"version": "2.0", "statement": [{"effect": effect, "action": action, "resource": resource}]})
}

pub(crate) fn facts() -> Facts<'static> {
    Facts { ip: None, now_ms: 0, uin: "200", resource_tags: &[], request_tags: &[] }
}

pub(crate) fn ask(policies: &[&Policy], action: &str, resource: Resource<'_>, facts: &Facts<'_>) -> Decision {
    let query = Query { service: "redis", action, resource, facts, principal: None };
    decide(policies.iter().copied(), &query)
}

/// Whether a policy that allows this action on this resource allows `DescribeTaskInfo` on `HERE` but for its path.
pub(crate) fn allows(action: &Value, resource: &Value, path: &str) -> bool {
    let policy = policy(&statement("allow", action, resource));
    ask(&[&policy], "DescribeTaskInfo", Resource { path, ..HERE }, &facts()) == Decision::Allowed
}
