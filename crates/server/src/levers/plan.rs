//! What can be planned, and the rules of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A plan as it is asked for: for the next tasks, or for the next requests, that fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlan {
    /// Only tasks on, or requests about, this instance; any when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// For how many tasks or requests; one when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<i64>,
    /// What happens to a task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskPlan>,
    /// How a request is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionPlan>,
}

/// What happens to a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskPlan {
    /// The kind of task, which is the action's name; any when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// How often DescribeTaskInfo answers the early statuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polls: Option<Polls>,
    /// A step that begins late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// A step that fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail: Option<Fail>,
}

/// So many answers of DescribeTaskInfo show each early status; the next one shows the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Polls {
    /// So many show `preparing`.
    #[serde(default)]
    pub preparing: i64,
    /// The next so many show `running`.
    #[serde(default)]
    pub running: i64,
}

/// A step that begins late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    /// The step; the first when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// By so many milliseconds, which do not count towards the task's deadline.
    pub ms: i64,
}

/// A step that fails; it and the steps before it are undone, and the task ends in `failed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    /// The step; the last when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Before or after it has done its work.
    #[serde(default)]
    pub when: When,
    /// The task's message.
    pub message: String,
    /// The step's undo gives up once, too: the task ends in `error`. An operator's retry undoes it.
    #[serde(default)]
    pub undo_fails: bool,
}

/// When a step fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// It does nothing.
    #[default]
    Before,
    /// It has done all of its work.
    After,
}

/// How a request is refused, after its signature was checked and before anything is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionPlan {
    /// The action.
    pub name: String,
    /// The error code.
    pub code: String,
    /// The error message.
    pub message: String,
}

/// A field that is wrong, and what would be right; `Display` is one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {problem}")]
pub struct Invalid {
    /// The field's path.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

/// The complaint about a field.
pub(super) fn invalid(field: &str, problem: impl Into<String>) -> Invalid {
    Invalid { field: field.to_owned(), problem: problem.into() }
}

/// A kind of task and the names of its steps.
pub type KindSteps = (&'static str, Vec<&'static str>);

const MOST_USES: i64 = 1_000_000;
const MOST_POLLS: i64 = 10_000;
/// A day.
const LONGEST_MS: i64 = 86_400_000;
const LONGEST_MESSAGE: usize = 1_000;

impl NewPlan {
    /// Checks everything that can be known now.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self, kinds: &[KindSteps]) -> Result<(), Invalid> {
        range("uses", self.uses.unwrap_or(1), 1, MOST_USES)?;
        if self.instance.as_deref() == Some("") {
            return Err(invalid("instance", "is empty; name an instance such as crs-…, or leave it out for any"));
        }
        match (&self.task, &self.action) {
            (Some(task), None) => task.check(kinds),
            (None, Some(action)) => action.check(),
            (None, None) => Err(invalid("task", "and `action` are both absent; give one of them")),
            (Some(_), Some(_)) => Err(invalid("action", "stands beside `task`; make two plans of it")),
        }
    }
}

impl TaskPlan {
    fn check(&self, kinds: &[KindSteps]) -> Result<(), Invalid> {
        if let Some(kind) = &self.kind {
            check_kind("task.kind", kind, kinds)?;
        }
        if self.polls.is_none() && self.delay.is_none() && self.fail.is_none() {
            return Err(invalid("task", "plans nothing; give polls, delay or fail"));
        }
        if let Some(polls) = self.polls {
            polls.check("task.polls")?;
        }
        if let Some(Delay { step, ms }) = &self.delay {
            range("task.delay.ms", *ms, 1, LONGEST_MS)?;
            self.check_step("task.delay.step", step.as_deref(), kinds)?;
        }
        if let Some(Fail { step, message, .. }) = &self.fail {
            check_message("task.fail.message", message)?;
            self.check_step("task.fail.step", step.as_deref(), kinds)?;
        }
        Ok(())
    }

    fn check_step(&self, field: &str, step: Option<&str>, kinds: &[KindSteps]) -> Result<(), Invalid> {
        let Some(step) = step else { return Ok(()) };
        let meant = || kinds.iter().filter(|(kind, _)| self.kind.as_deref().is_none_or(|wanted| wanted == *kind));
        if meant().any(|(_, steps)| steps.contains(&step)) {
            return Ok(());
        }
        let have = meant().map(|(kind, steps)| format!("{kind} has {}", steps.join(", ")));
        Err(invalid(field, format!("is no step: `{step}`; {}", have.collect::<Vec<_>>().join("; "))))
    }

    /// Whether a kind with these steps has all steps that are named here.
    pub(super) fn fits(&self, steps: &[&'static str]) -> bool {
        let named = [
            self.delay.as_ref().and_then(|delay| delay.step.as_deref()),
            self.fail.as_ref().and_then(|fail| fail.step.as_deref()),
        ];
        named.into_iter().flatten().all(|step| steps.contains(&step))
    }
}

impl Polls {
    /// # Errors
    /// A count that is out of range, or no count at all.
    pub(super) fn check(self, field: &str) -> Result<(), Invalid> {
        range(&format!("{field}.preparing"), self.preparing, 0, MOST_POLLS)?;
        range(&format!("{field}.running"), self.running, 0, MOST_POLLS)?;
        if self.preparing + self.running == 0 {
            return Err(invalid(field, "counts nothing; give preparing or running at least 1"));
        }
        Ok(())
    }
}

impl ActionPlan {
    fn check(&self) -> Result<(), Invalid> {
        if !api::actions().iter().any(|info| info.name == self.name) {
            let text = format!("is no action: `{}`; the contract's names are meant, such as ClearInstance", self.name);
            return Err(invalid("action.name", text));
        }
        let is_code = self.code.len() <= 128
            && self.code.starts_with(|first: char| first.is_ascii_uppercase())
            && self.code.split('.').all(|part| {
                !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            });
        if !is_code {
            let text = format!("is no error code: `{}`; it looks like FailedOperation.SystemError", self.code);
            return Err(invalid("action.code", text));
        }
        check_message("action.message", &self.message)
    }
}

/// # Errors
/// When there is no such kind.
pub(super) fn check_kind(field: &str, kind: &str, kinds: &[KindSteps]) -> Result<(), Invalid> {
    if kinds.iter().any(|(known, _)| *known == kind) {
        return Ok(());
    }
    let known = kinds.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
    Err(invalid(field, format!("is no task kind: `{kind}`; there are {known}")))
}

fn check_message(field: &str, message: &str) -> Result<(), Invalid> {
    match message.chars().count() {
        0 => Err(invalid(field, "is empty; clients are to read something")),
        1..=LONGEST_MESSAGE => Ok(()),
        length => Err(invalid(field, format!("has {length} letters; at most {LONGEST_MESSAGE} are taken"))),
    }
}

/// # Errors
/// When the value is outside.
pub(super) fn range(field: &str, value: i64, low: i64, high: i64) -> Result<(), Invalid> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(invalid(field, format!("is {value}; it must be from {low} to {high}")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn kinds() -> Vec<KindSteps> {
        vec![("ClearInstance", vec!["purge"]), ("CreateInstances", vec!["reserve_ports", "start_nodes"])]
    }

    fn complaint(plan: Value) -> String {
        let plan: NewPlan = serde_json::from_value(plan).unwrap();
        plan.check(&kinds()).unwrap_err().to_string()
    }

    #[test]
    fn a_plan_that_is_wrong_learns_which_field_and_what_would_be_right() {
        let fail = json!({"message": "M"});
        let action =
            |name: &str, code: &str, message: &str| json!({"action": {"name": name, "code": code, "message": message}});
        let cases = [
            (json!({}), "`task` and `action` are both absent"),
            (json!({"task": {"fail": fail}, "uses": 0}), "`uses` is 0; it must be from 1 to"),
            (json!({"task": {"fail": fail}, "instance": ""}), "`instance` is empty"),
            (json!({"task": {}}), "`task` plans nothing"),
            (json!({"task": {"kind": "Clear", "fail": fail}}), "there are ClearInstance, CreateInstances"),
            (
                json!({"task": {"kind": "ClearInstance", "fail": {"step": "start_nodes", "message": "M"}}}),
                "ClearInstance has purge",
            ),
            (
                json!({"task": {"fail": {"step": "x", "message": "M"}}}),
                "has purge; CreateInstances has reserve_ports, start_nodes",
            ),
            (json!({"task": {"fail": {"message": ""}}}), "`task.fail.message` is empty"),
            (json!({"task": {"fail": {"message": "M".repeat(1001)}}}), "has 1001 letters"),
            (json!({"task": {"polls": {}}}), "`task.polls` counts nothing"),
            (json!({"task": {"polls": {"running": -1}}}), "`task.polls.running` is -1"),
            (json!({"task": {"delay": {"ms": 0}}}), "`task.delay.ms` is 0"),
            (json!({"task": {"delay": {"step": "y", "ms": 1}}}), "`task.delay.step` is no step: `y`"),
            (action("Clear", "A", "M"), "`action.name` is no action"),
            (action("ClearInstance", "no code", "M"), "`action.code` is no error code"),
            (action("ClearInstance", "A..B", "M"), "`action.code` is no error code"),
            (action("ClearInstance", "A", ""), "`action.message` is empty"),
            (json!({"task": {"fail": fail}, "action": {"name": "a", "code": "A", "message": "M"}}), "make two plans"),
        ];
        for (plan, expected) in cases {
            let told = complaint(plan.clone());
            assert!(told.contains(expected) && !told.contains('\n'), "{plan}: {told}");
        }
    }

    #[test]
    fn a_sound_plan_is_taken_and_comes_back_as_it_was() {
        let sound = [
            json!({"task": {"fail": {"message": "M", "when": "after", "undo_fails": true}}, "uses": 3, "instance": "crs-a"}),
            json!({"task": {"kind": "CreateInstances", "delay": {"step": "start_nodes", "ms": 100}}}),
            json!({"task": {"polls": {"preparing": 1, "running": 0}}}),
            json!({"action": {"name": "ClearInstance", "code": "FailedOperation.SystemError", "message": "M"}}),
        ];
        for plan in sound {
            let read: NewPlan = serde_json::from_value(plan.clone()).unwrap();
            read.check(&kinds()).unwrap();
            let back = serde_json::to_value(&read).unwrap();
            assert_eq!(serde_json::from_value::<NewPlan>(back).unwrap(), read);
        }
        let unknown = serde_json::from_value::<NewPlan>(json!({"task": {"fial": {}}})).unwrap_err().to_string();
        assert!(unknown.contains("fial"), "{unknown}");
    }

    #[test]
    fn a_plan_for_any_kind_fits_those_that_have_its_steps() {
        let plan: TaskPlan = serde_json::from_value(json!({"fail": {"step": "purge", "message": "M"}})).unwrap();
        assert!(plan.fits(&["purge"]) && !plan.fits(&["reserve_ports", "start_nodes"]));
        assert!(TaskPlan::default().fits(&["anything"]));
    }
}
