//! What was decided for one task, when it was enqueued.

use serde::{Deserialize, Serialize};

use super::pace::Pace;
use super::plan::{Fail, KindSteps, Polls, TaskPlan, When};

/// A task's script; stored with its use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Script {
    /// How often DescribeTaskInfo answers the early statuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) polls: Option<Polls>,
    /// No step begins before this steady time, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) not_before: Option<i64>,
    /// The step that begins late, and by how many milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) delay: Option<(String, i64)>,
    /// The step that fails, and how; its own `step` is not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fail: Option<(String, Fail)>,
}

impl Script {
    /// What a plan and a pace make of a task of this kind that is enqueued at the steady time `now`. A plan's polls go
    /// before the pace's; `None` when there is nothing to do.
    #[must_use]
    pub(super) fn of(plan: Option<&TaskPlan>, pace: Option<&Pace>, (_, steps): &KindSteps, now: i64) -> Option<Self> {
        let (first, last) = (steps.first().copied()?, steps.last().copied()?);
        let named = |step: Option<&String>, otherwise: &str| step.cloned().unwrap_or_else(|| otherwise.to_owned());
        let delay = plan.and_then(|plan| plan.delay.as_ref());
        let fail = plan.and_then(|plan| plan.fail.as_ref());
        let at_least = pace.and_then(|pace| pace.at_least_ms);
        let script = Self {
            polls: plan.and_then(|plan| plan.polls).or_else(|| pace.and_then(|pace| pace.polls)),
            not_before: at_least.map(|ms| now.saturating_add(ms)),
            delay: delay.map(|delay| (named(delay.step.as_ref(), first), delay.ms)),
            fail: fail.map(|fail| (named(fail.step.as_ref(), last), fail.clone())),
        };
        (script != Self::default()).then_some(script)
    }

    /// What DescribeTaskInfo is to answer the `poll`-th time, counted from 1; after `poll` questions that is how far the
    /// task may go.
    #[must_use]
    pub(super) fn shown(&self, poll: i64) -> Shown {
        let Some(Polls { preparing, running }) = self.polls else { return Shown::End };
        if poll <= preparing {
            Shown::Preparing
        } else if poll <= preparing + running {
            Shown::Running
        } else {
            Shown::End
        }
    }

    /// How `step` fails at this moment, if it is to.
    #[must_use]
    pub(super) fn fails(&self, step: &str, when: When) -> Option<&Fail> {
        self.fail.as_ref().filter(|(name, fail)| name == step && fail.when == when).map(|(_, fail)| fail)
    }

    /// Whether the undo of `step` is to give up.
    #[must_use]
    pub(super) fn undo_fails(&self, step: &str) -> bool {
        self.fail.as_ref().is_some_and(|(name, fail)| name == step && fail.undo_fails)
    }
}

/// The statuses that a poll may be meant to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Not claimed yet.
    Preparing,
    /// Claimed; no step has begun its work.
    Running,
    /// Whichever it is.
    End,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind() -> KindSteps {
        ("CreateInstances", vec!["reserve_ports", "start_nodes", "follow_master"])
    }

    #[test]
    fn a_step_that_is_not_named_is_the_last_to_fail_and_the_first_to_be_late() {
        let plan: TaskPlan = serde_json::from_value(json!({"fail": {"message": "M"}, "delay": {"ms": 5}})).unwrap();
        let script = Script::of(Some(&plan), None, &kind(), 0).unwrap();
        assert_eq!(script.delay, Some(("reserve_ports".to_owned(), 5)));
        assert_eq!(script.fails("follow_master", When::Before).unwrap().message, "M");
        assert!(
            script.fails("follow_master", When::After).is_none() && script.fails("start_nodes", When::Before).is_none()
        );
        assert!(!script.undo_fails("follow_master"));
    }

    #[test]
    fn polls_are_counted_through_the_statuses_and_a_plan_goes_before_a_pace() {
        let plan: TaskPlan = serde_json::from_value(json!({"polls": {"preparing": 1, "running": 2}})).unwrap();
        let pace = Pace { at_least_ms: Some(100), polls: Some(Polls { preparing: 9, running: 9 }) };
        let script = Script::of(Some(&plan), Some(&pace), &kind(), 1_000).unwrap();
        let shown: Vec<_> = (1..=5).map(|poll| script.shown(poll)).collect();
        assert_eq!(shown, [Shown::Preparing, Shown::Running, Shown::Running, Shown::End, Shown::End]);
        assert_eq!(script.not_before, Some(1_100));
        assert_eq!(Script::of(None, Some(&pace), &kind(), 0).unwrap().shown(10), Shown::Running);
    }

    #[test]
    fn nothing_planned_is_no_script() {
        assert_eq!(Script::of(None, None, &kind(), 0), None);
        assert_eq!((Script::default().shown(0), Script::default().shown(1)), (Shown::End, Shown::End));
    }
}
