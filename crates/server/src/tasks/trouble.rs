//! A node that is not as it should be: in words that a customer understands, and whether waiting may help.

use std::time::Duration;

use dataplane::{Error, NodeRef};
use engine::{Failure, Outcome, StepContext, Undone};

use super::world::World;

/// When a step that gave its worker back asks again.
pub const AGAIN: Duration = Duration::from_millis(500);

/// A step that gave its worker back may get it later than it asked: with less than this before the deadline it does not.
const SPARE: Duration = Duration::from_millis(1500);

/// Why a node is not as it should be, and whether waiting may help.
#[derive(Debug)]
pub struct Trouble {
    failure: Failure,
    /// The same may well work later without anyone changing anything.
    pub waiting_helps: bool,
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self { failure, waiting_helps: false }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.failure.message)
    }
}

impl Trouble {
    /// What the data plane said of a node when it was to do `what` (as in "could not be started").
    #[must_use]
    pub fn of(node: &NodeRef, what: &str, error: &Error) -> Self {
        let failure =
            Failure::new(format!("the node {} {what}: {}", node.node, words(error)), format!("{node}: {error:?}"));
        Self { failure, waiting_helps: error.is_transient() }
    }

    /// What the store said, in words that say nothing of it. It may be away for a moment, or be held up by another process:
    /// that is no reason to undo anything.
    #[must_use]
    pub fn of_store(error: &db::Error) -> Self {
        let waiting_helps = matches!(error, db::Error::Unavailable(_) | db::Error::InDoubt);
        Self { failure: Failure::new("the state could not be read or written", error.to_string()), waiting_helps }
    }

    /// The cause, for operators.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.failure.detail
    }

    /// Something that passes by itself.
    pub fn passing(message: impl Into<String>) -> Self {
        Self { failure: Failure::new(message, ""), waiting_helps: true }
    }

    /// As the answer of a step: tried again for as long as the task's deadline allows, so that what fails in the end is
    /// the cause and not the deadline.
    #[must_use]
    pub fn outcome(self, world: &World, cx: &StepContext) -> Outcome {
        let last = cx.deadline_ms.saturating_sub(i64::try_from(SPARE.as_millis()).unwrap_or(0));
        if self.waiting_helps && world.clock.steady_ms() < last {
            Outcome::Retry(AGAIN)
        } else {
            Outcome::Fail(self.failure)
        }
    }

    /// As the answer of an undo, which never gives up before its deadline.
    #[must_use]
    pub fn undone(self) -> Undone {
        tracing::warn!(message = self.failure.message, detail = self.failure.detail, "an undo will be tried again");
        Undone::Retry(AGAIN, self.failure.message)
    }
}

/// The cause without names of folders and functions, which stand in the detail.
fn words(error: &Error) -> String {
    match error {
        Error::PortInUse { address, port } => {
            format!("port {port} on {address} is in use by another process; free it and try again")
        }
        Error::Start { reason, .. } => format!("its server did not come up: {reason}"),
        Error::Loading { .. } => "it is still loading its data".to_owned(),
        Error::Unresponsive { .. } => "it does not answer".to_owned(),
        Error::Held { .. } => "another process of the service has stopped in the middle of work on it".to_owned(),
        Error::NotRunning { .. } => "it is not running".to_owned(),
        Error::NotMaster { .. } => "it is a replica just now".to_owned(),
        Error::ReplicasLag { acknowledged, wanted, .. } => {
            format!("only {acknowledged} of its {wanted} replicas have followed")
        }
        Error::Control { command, reason, .. } => format!("its server refused {command}: {reason}"),
        Error::Io { action, source, .. } => format!("the host cannot {action}: {source}"),
        Error::Stale { .. } => "a newer task has taken over".to_owned(),
        Error::InvalidSpec { field, reason } => format!("its {field} is not valid: {reason}"),
        Error::NoEngine { .. } => "its engine is no longer installed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_reads_the_cause_and_no_path() {
        let node = NodeRef::new("crs-a", "s1n0");
        let source = std::sync::Arc::new(std::io::Error::other("no space left on device"));
        let error = Error::Io { action: "write", path: "/var/lib/secret-place".into(), source };
        let trouble = Trouble::of(&node, "could not be started", &error);
        assert_eq!(
            trouble.to_string(),
            "the node s1n0 could not be started: the host cannot write: no space left on device"
        );
        assert!(trouble.failure.detail.contains("secret-place"));
        assert!(!trouble.waiting_helps);
    }

    #[test]
    fn a_store_that_is_away_for_a_moment_fails_nothing() {
        assert!(Trouble::of_store(&db::Error::Unavailable("its turn did not come".to_owned())).waiting_helps);
        let broken = Trouble::of_store(&db::Error::Database("no such table: node".to_owned()));
        assert!(!broken.waiting_helps);
        assert_eq!(broken.to_string(), "the state could not be read or written");
    }
}
