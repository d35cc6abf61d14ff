//! How fast the tasks of a kind go: at once, unless a pace is set.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::plan::{Invalid, KindSteps, Polls, check_kind, range};

/// A pace. Without anything in it tasks go as fast as they can.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// From the enqueue to the first step at least so many milliseconds, which do not count towards the deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least_ms: Option<i64>,
    /// How often DescribeTaskInfo answers the early statuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polls: Option<Polls>,
}

/// A pace and the tasks that it is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPace {
    /// The kind of task; absent: all kinds that have no pace of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// From the enqueue to the first step at least so many milliseconds, which do not count towards the deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least_ms: Option<i64>,
    /// How often DescribeTaskInfo answers the early statuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polls: Option<Polls>,
}

/// A day.
const LONGEST_MS: i64 = 86_400_000;

impl NewPace {
    /// The pace alone.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self, kinds: &[KindSteps]) -> Result<Pace, Invalid> {
        if let Some(kind) = &self.kind {
            check_kind("kind", kind, kinds)?;
        }
        range("at_least_ms", self.at_least_ms.unwrap_or(0), 0, LONGEST_MS)?;
        if let Some(polls) = self.polls {
            polls.check("polls")?;
        }
        Ok(Pace { at_least_ms: self.at_least_ms.filter(|ms| *ms > 0), polls: self.polls })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pace_is_checked_by_field() {
        let kinds = [("ClearInstance", vec!["purge"])];
        let check = |pace| serde_json::from_value::<NewPace>(pace).unwrap().check(&kinds);
        assert_eq!(check(json!({"at_least_ms": 0})), Ok(Pace::default()));
        assert_eq!(check(json!({"kind": "ClearInstance", "at_least_ms": 5})).unwrap().at_least_ms, Some(5));
        assert_eq!(check(json!({"kind": "Clear"})).unwrap_err().field, "kind");
        assert_eq!(check(json!({"at_least_ms": -1})).unwrap_err().field, "at_least_ms");
        assert_eq!(check(json!({"polls": {"running": 10_001}})).unwrap_err().field, "polls.running");
    }
}
