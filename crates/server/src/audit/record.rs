//! What is kept of a request: who asked for what, from where, and how it ended. No secret, and of the parameters only those that name
//! things.

use api::ActionInfo;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The code of a request that was answered.
pub const ANSWERED: &str = "ok";

/// The parameters that name what a request works on.
const NAMING: &[&str] = &[
    "InstanceId",
    "InstanceIds",
    "TaskId",
    "DealIds",
    "Resource",
    "Name",
    "TargetUin",
    "PolicyId",
    "RoleName",
    "RoleId",
    "AttachUin",
    "AccessKeyId",
    "RoleArn",
];

/// So many names of one request are kept, each of so many characters.
const NAMES: usize = 100;
const LENGTH: usize = 256;

/// One request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Record {
    /// When it was answered: RFC 3339, UTC, to the millisecond.
    pub time: String,
    /// The answer's RequestId.
    pub request_id: String,
    /// The main account; empty when nobody was believed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// The uin of the user, `ROLEID:SESSION`, or `UIN:NAME` of a federated user; empty when nobody was believed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// The key that the request names, whether it was believed or not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub secret_id: String,
    /// Where it came from: the other end of the connection, or whom a trusted proxy names.
    pub client: String,
    /// The service; empty when the request names no action that there is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub service: String,
    /// The action.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
    /// The region.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// What the parameters, or the answer of what made them, name: instances, tasks, users, policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// `ok`, or the code of the refusal.
    pub code: String,
    /// The task that it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<i64>,
    /// How long it took, microseconds.
    pub micros: u64,
}

/// Whether an action can change nothing. To be given a key is a change.
#[must_use]
pub fn is_read(info: &ActionInfo) -> bool {
    let reads = ["Describe", "Inquiry", "List", "Query", "Get"];
    reads.iter().any(|read| info.name.starts_with(read)) && (info.service != "sts" || info.name == "GetCallerIdentity")
}

/// What these parameters name.
#[must_use]
pub fn names(params: &Value) -> Vec<String> {
    let named = NAMING.iter().filter_map(|name| params.get(name));
    let each = named.flat_map(|value| match value {
        Value::Array(many) => many.as_slice(),
        one => std::slice::from_ref(one),
    });
    let texts = each.filter_map(|value| match value {
        Value::String(text) => Some(text.chars().take(LENGTH).collect()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    texts.take(NAMES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_names_things_is_kept() {
        let params = json!({"InstanceId": "crs-a", "InstanceIds": ["crs-b", 7], "Password": "secret", "TaskId": 9});
        assert_eq!(names(&params), ["crs-a", "crs-b", "7", "9"]);
        let many = json!({"InstanceIds": vec!["x".repeat(1000); 1000]});
        assert_eq!((names(&many).len(), names(&many)[0].len()), (NAMES, LENGTH));
    }

    #[test]
    fn what_gives_out_keys_is_a_change() {
        let is_read = |service: &str, name: &str| {
            is_read(api::actions().iter().find(|info| (info.service, info.name) == (service, name)).unwrap())
        };
        assert!(
            is_read("redis", "DescribeTaskInfo") && is_read("sts", "GetCallerIdentity") && is_read("cam", "ListUsers")
        );
        assert!(!is_read("redis", "ClearInstance") && !is_read("sts", "GetFederationToken"));
    }
}
