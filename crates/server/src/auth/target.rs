//! What a request works on, as policies name it: found in its parameters.

use api::ActionInfo;
use serde_json::Value;

/// What a request works on.
#[derive(Debug, PartialEq, Eq)]
pub enum Target<'p> {
    /// These instances.
    Instances(Vec<&'p str>),
    /// The instance of this task.
    Task(u64),
    /// A list, which shows no more than what may be seen.
    List,
    /// Nothing that a policy could name but `*`.
    Whole,
    /// What tells nothing of any account: only a deny keeps a caller from it.
    Public,
    /// The caller itself, or what the action's handler looks up and decides.
    Own,
}

/// The lists that are filtered.
const LISTS: &[(&str, &str)] = &[
    ("redis", "DescribeInstances"),
    ("redis", "DescribeTaskList"),
    ("tag", "DescribeResourceTags"),
    ("tag", "DescribeResourceTagsByResourceIds"),
];

/// The services, and actions of others, that tell what the server is and nothing of an account.
const PUBLIC: &[(&str, &str)] = &[("api", ""), ("region", ""), ("cvm", "DescribeRegions"), ("cvm", "DescribeZones")];

/// Who asks may ask this; `AssumeRole` asks the role.
const OWN: &[(&str, &str)] = &[("sts", "GetCallerIdentity"), ("sts", "AssumeRole"), ("cam", "GetUserAppId")];

/// Finds it. `params` have passed the shape check.
#[must_use]
pub fn of<'p>(info: &ActionInfo, params: &'p Value) -> Target<'p> {
    let among = |list: &[(&str, &str)]| {
        list.iter().any(|(service, name)| *service == info.service && (name.is_empty() || *name == info.name))
    };
    match (info.service, info.name) {
        ("redis", "DescribeTaskInfo") => Target::Task(params["TaskId"].as_u64().unwrap_or_default()),
        ("tag", "ModifyResourceTags") => tagged(params["Resource"].as_str().unwrap_or_default()),
        _ if among(LISTS) => Target::List,
        _ if among(PUBLIC) => Target::Public,
        _ if among(OWN) => Target::Own,
        ("redis", _) => instances(params),
        _ => Target::Whole,
    }
}

/// All that `InstanceId` and `InstanceIds` name.
fn instances(params: &Value) -> Target<'_> {
    let one = params["InstanceId"].as_str();
    let many = params["InstanceIds"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let ids: Vec<_> = one.into_iter().chain(many).filter(|id| !id.is_empty()).collect();
    if ids.is_empty() { Target::Whole } else { Target::Instances(ids) }
}

/// The instance of `qcs::redis:REGION:uin/UIN:instance/ID`; of what is none the handler says what is wrong.
fn tagged(resource: &str) -> Target<'_> {
    let id = resource.rsplit_once(":instance/").map(|(_, id)| id);
    Target::Instances(id.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(service: &str, name: &str, params: Value, expected: &Target<'_>) {
        let info = api::actions().iter().find(|info| (info.service, info.name) == (service, name)).unwrap();
        assert_eq!(&of(info, &params), expected, "{service}:{name}");
    }

    #[test]
    fn each_action_works_on_what_its_parameters_name() {
        let two = Target::Instances(vec!["crs-a", "crs-b"]);
        check("redis", "ModifyInstance", json!({"InstanceId": "crs-a", "InstanceIds": ["crs-b"]}), &two);
        check("redis", "ClearInstance", json!({"InstanceId": "crs-a"}), &Target::Instances(vec!["crs-a"]));
        check("redis", "DescribeTaskInfo", json!({"TaskId": 7}), &Target::Task(7));
        check("redis", "CreateInstances", json!({}), &Target::Whole);
        check("redis", "DescribeInstances", json!({"InstanceId": "crs-a"}), &Target::List);
        let resource = json!({"Resource": "qcs::redis:ap-guangzhou:uin/1:instance/crs-a"});
        check("tag", "ModifyResourceTags", resource, &Target::Instances(vec!["crs-a"]));
        check("region", "DescribeZones", json!({}), &Target::Public);
        check("cam", "AddUser", json!({"InstanceId": "x"}), &Target::Whole);
    }
}
