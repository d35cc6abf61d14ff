//! The rules of ModifyInstance: from what was asked to one change for each instance, or which parameter is wrong and why.

use std::fmt::Display;

use api::redis::ModifyInstanceRequest;

use super::name;
use crate::error::{Error, gateway};

/// One field of an instance and its new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Its name.
    Name(String),
    /// Its project.
    Project(i64),
    /// Whether a subscription is renewed at its end.
    AutoRenew(i64),
    /// Whether it is protected from being destroyed.
    DeleteProtection(bool),
    /// From when to when it may be maintained, `HH:mm` each.
    Window(String, String),
}

/// What is asked for one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The instance.
    pub id: String,
    /// The parameter that the new value came in, for complaints.
    pub path: String,
    /// The change.
    pub change: Change,
}

/// So many instances can be changed at once.
const MOST: usize = 10;

/// A parameter that may be a list beside the instances' list, or the older single one.
struct Values<T> {
    path: String,
    value: T,
}

/// Reads a ModifyInstance request.
///
/// # Errors
/// The first parameter that is wrong, by name, with what would be right.
pub fn check(request: &ModifyInstanceRequest) -> Result<Vec<Item>, Error> {
    let operation = operation(request)?;
    let ids = ids(request)?;
    let one = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let changes: Vec<Values<Change>> = match operation {
        "rename" => {
            let names = listed(
                ("InstanceNames", "InstanceName"),
                request.instance_names.as_deref(),
                one(&request.instance_name),
            )?;
            each(names, |path, name| name::check(path, &name).map(|()| Change::Name(name)))?
        }
        "modifyAutoRenew" => {
            let renews = listed(("AutoRenews", "AutoRenew"), request.auto_renews.as_deref(), request.auto_renew)?;
            each(renews, |path, value| in_range(path, value, 2).map(Change::AutoRenew))?
        }
        "modifyDeleteProtectionSwitch" => {
            let list = request.delete_protection_switches.as_deref();
            let switches = listed(("DeleteProtectionSwitches", "DeleteProtectionSwitch"), list, None)?;
            each(switches, |path, value| in_range(path, value, 1).map(|on| Change::DeleteProtection(on == 1)))?
        }
        // One project for all.
        _ => {
            let project = project(request.project_id)?;
            ids.iter().map(|_| Values { path: "ProjectId".to_owned(), value: Change::Project(project) }).collect()
        }
    };
    pair(ids, changes, list_of(operation))
}

/// The operations, each with the parameter that has its values.
const OPERATIONS: &[(&str, &str)] = &[
    ("rename", "InstanceNames"),
    ("modifyProject", "ProjectId"),
    ("modifyAutoRenew", "AutoRenews"),
    ("modifyDeleteProtectionSwitch", "DeleteProtectionSwitches"),
];

fn list_of(operation: &str) -> &'static str {
    OPERATIONS.iter().find(|(name, _)| *name == operation).map_or("", |(_, list)| list)
}

/// The operation, which some clients leave out when they rename. Values of another operation are refused: they would be
/// ignored.
fn operation(request: &ModifyInstanceRequest) -> Result<&'static str, Error> {
    let given = given(request);
    let asked = match request.operation.as_str() {
        "" if given.iter().any(|(_, operation)| *operation == "rename") => "rename",
        "" => return Err(gateway::missing_parameter("Operation")),
        asked => asked,
    };
    let names = || OPERATIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let known = OPERATIONS.iter().find(|(name, _)| *name == asked).map(|(name, _)| *name).ok_or_else(|| {
        let (en, zh) = (format!("it must be one of {}", names()), format!("应为 {} 之一", names()));
        gateway::invalid_value("Operation", asked.escape_debug(), &en, &zh)
    })?;
    match given.into_iter().find(|(_, operation)| *operation != known) {
        Some((path, other)) => Err(gateway::invalid_value(
            "Operation",
            known,
            &format!("`{path}` is given, which is for `{other}`; change one thing at a time"),
            &format!("`{path}` 仅用于 `{other}`，一次只能修改一项"),
        )),
        None => Ok(known),
    }
}

/// The parameters with values that were given, each with its operation.
fn given(request: &ModifyInstanceRequest) -> Vec<(&'static str, &'static str)> {
    fn filled<T>(list: Option<&Vec<T>>) -> bool {
        list.is_some_and(|list| !list.is_empty())
    }
    let all = [
        ("InstanceNames", filled(request.instance_names.as_ref()), "rename"),
        ("InstanceName", request.instance_name.as_ref().is_some_and(|name| !name.is_empty()), "rename"),
        ("ProjectId", request.project_id.is_some(), "modifyProject"),
        ("AutoRenews", filled(request.auto_renews.as_ref()), "modifyAutoRenew"),
        ("AutoRenew", request.auto_renew.is_some(), "modifyAutoRenew"),
        (
            "DeleteProtectionSwitches",
            filled(request.delete_protection_switches.as_ref()),
            "modifyDeleteProtectionSwitch",
        ),
    ];
    all.into_iter().filter(|(_, given, _)| *given).map(|(path, _, operation)| (path, operation)).collect()
}

fn ids(request: &ModifyInstanceRequest) -> Result<Vec<String>, Error> {
    let single = request.instance_id.clone().filter(|id| !id.is_empty());
    let ids = listed(("InstanceIds", "InstanceId"), request.instance_ids.as_deref(), single)?;
    if ids.is_empty() {
        return Err(gateway::missing_parameter("InstanceIds"));
    }
    if ids.len() > MOST {
        let count = format!("{} instances", ids.len());
        return Err(gateway::invalid_value("InstanceIds", count, "it must have at most 10", "最多 10 个"));
    }
    for (index, id) in ids.iter().enumerate() {
        if ids.iter().take(index).any(|other| other.value == id.value) {
            return Err(gateway::duplicate_parameter(&id.path));
        }
    }
    Ok(ids.into_iter().map(|id| id.value).collect())
}

/// The values of a list parameter or of the single one that it replaced; nothing when neither was given.
fn listed<T: Clone + PartialEq + Display>(
    (list_path, single_path): (&str, &str),
    list: Option<&[T]>,
    single: Option<T>,
) -> Result<Vec<Values<T>>, Error> {
    let list = list.unwrap_or_default();
    match single {
        Some(value) if list.is_empty() => Ok(vec![Values { path: single_path.to_owned(), value }]),
        Some(value) if list != [value.clone()] => Err(gateway::invalid_value(
            single_path,
            value,
            &format!("`{list_path}` says otherwise; give one of the two"),
            &format!("与 `{list_path}` 不一致，二者只能选一"),
        )),
        _ => {
            let values = list.iter().cloned().enumerate();
            Ok(values.map(|(index, value)| Values { path: format!("{list_path}.{index}"), value }).collect())
        }
    }
}

fn each<T>(
    values: Vec<Values<T>>,
    read: impl Fn(&str, T) -> Result<Change, Error>,
) -> Result<Vec<Values<Change>>, Error> {
    let read = |Values { path, value }| {
        let value = read(&path, value)?;
        Ok(Values { path, value })
    };
    values.into_iter().map(read).collect()
}

fn pair(ids: Vec<String>, changes: Vec<Values<Change>>, list: &str) -> Result<Vec<Item>, Error> {
    if changes.is_empty() {
        return Err(gateway::missing_parameter(list));
    }
    if changes.len() != ids.len() {
        return Err(gateway::invalid_value(
            list,
            format!("{} values", changes.len()),
            &format!("it must have one for each of the {} instances", ids.len()),
            &format!("应与 {} 个实例一一对应", ids.len()),
        ));
    }
    let pairs = ids.into_iter().zip(changes);
    Ok(pairs.map(|(id, Values { path, value })| Item { id, path, change: value }).collect())
}

fn in_range(path: &str, value: i64, most: i64) -> Result<i64, Error> {
    if (0..=most).contains(&value) {
        return Ok(value);
    }
    Err(gateway::invalid_value(path, value, &format!("it must be from 0 to {most}"), &format!("应为 0 至 {most}")))
}

fn project(asked: Option<i64>) -> Result<i64, Error> {
    let project = asked.ok_or_else(|| gateway::missing_parameter("ProjectId"))?;
    if project >= 0 {
        return Ok(project);
    }
    Err(gateway::invalid_value("ProjectId", project, "it must be at least 0", "不能小于 0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(json: serde_json::Value) -> Result<Vec<Item>, Error> {
        check(&serde_json::from_value(json).unwrap())
    }

    fn refused(json: serde_json::Value) -> (&'static str, String) {
        let error = checked(json).unwrap_err();
        (error.code, error.message.en.into_owned())
    }

    #[test]
    fn values_are_paired_with_instances_by_index() {
        let request = serde_json::json!({
            "Operation": "rename", "InstanceIds": ["crs-a", "crs-b"], "InstanceNames": ["one", "two"]
        });
        let items = checked(request).unwrap();
        assert_eq!(items[1].id, "crs-b");
        assert_eq!((items[1].path.as_str(), &items[1].change), ("InstanceNames.1", &Change::Name("two".to_owned())));
        let request = serde_json::json!({
            "Operation": "modifyProject", "InstanceIds": ["crs-a", "crs-b"], "ProjectId": 7
        });
        assert!(checked(request).unwrap().iter().all(|item| item.change == Change::Project(7)));
    }

    #[test]
    fn older_clients_name_one_instance_and_may_leave_the_operation_out() {
        let rename = serde_json::json!({"Operation": "", "InstanceId": "crs-a", "InstanceName": "one"});
        assert_eq!(checked(rename).unwrap()[0].change, Change::Name("one".to_owned()));
        let renew = serde_json::json!({"Operation": "modifyAutoRenew", "InstanceId": "crs-a", "AutoRenew": 1});
        assert_eq!(checked(renew).unwrap()[0].path, "AutoRenew");
    }

    #[test]
    fn each_fault_is_named() {
        let ids = serde_json::json!(["crs-a", "crs-b"]);
        for (request, code, word) in [
            (serde_json::json!({"Operation": "", "InstanceIds": ids}), "MissingParameter", "`Operation`"),
            (serde_json::json!({"Operation": "paint", "InstanceIds": ids}), "InvalidParameterValue", "rename"),
            (serde_json::json!({"Operation": "rename", "InstanceNames": ["x"]}), "MissingParameter", "`InstanceIds`"),
            (serde_json::json!({"Operation": "rename", "InstanceIds": ids}), "MissingParameter", "`InstanceNames`"),
            (
                serde_json::json!({"Operation": "rename", "InstanceIds": ids, "InstanceNames": ["x"]}),
                "InvalidParameterValue",
                "each of the 2",
            ),
            (
                serde_json::json!({"Operation": "rename", "InstanceIds": ids, "InstanceNames": ["x", "a b"]}),
                "InvalidParameterValue",
                "`InstanceNames.1`",
            ),
            (
                serde_json::json!({"Operation": "rename", "InstanceIds": ["a", "a"], "InstanceNames": ["x", "y"]}),
                "InvalidParameter",
                "`InstanceIds.1`",
            ),
            (
                serde_json::json!({"Operation": "modifyAutoRenew", "InstanceIds": ids, "AutoRenews": [0, 3]}),
                "InvalidParameterValue",
                "`AutoRenews.1`",
            ),
            (
                serde_json::json!({"Operation": "modifyDeleteProtectionSwitch", "InstanceId": "a", "DeleteProtectionSwitches": [2]}),
                "InvalidParameterValue",
                "`DeleteProtectionSwitches.0`",
            ),
            (
                serde_json::json!({"Operation": "modifyProject", "InstanceId": "a", "ProjectId": -1}),
                "InvalidParameterValue",
                "`ProjectId`",
            ),
            (
                serde_json::json!({"Operation": "rename", "InstanceId": "a", "InstanceName": "x", "ProjectId": 1}),
                "InvalidParameterValue",
                "`ProjectId` is given",
            ),
            (
                serde_json::json!({"Operation": "rename", "InstanceId": "a", "InstanceIds": ["b"], "InstanceName": "x"}),
                "InvalidParameterValue",
                "`InstanceId`",
            ),
        ] {
            let (got, message) = refused(request);
            assert!(got == code && message.contains(word), "{got}: {message}");
        }
        let many: Vec<_> = (0..11).map(|number| number.to_string()).collect();
        let request = serde_json::json!({"Operation": "rename", "InstanceIds": many, "InstanceNames": many});
        assert!(refused(request).1.contains("at most 10"));
    }
}
