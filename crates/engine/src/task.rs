//! What a task is, seen from outside.

use std::fmt;

use serde_json::Value;

/// A task's number; all kinds of all tenants share one sequence, which starts at 10001.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(
    /// The number itself.
    pub i64,
);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Written, and waiting for a worker.
    Preparing,
    /// From the first claim to the end, in either direction.
    Running,
    /// All steps are done.
    Succeed,
    /// A step failed, and every step that had started was undone: the world is as before.
    Failed,
    /// An undo gave up, or the log cannot be read: a person must look. The subject stays locked.
    Error,
}

impl Status {
    /// Every status, in the order of a task's life.
    pub const ALL: [Self; 5] = [Self::Preparing, Self::Running, Self::Succeed, Self::Failed, Self::Error];

    /// The word that is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Running => "running",
            Self::Succeed => "succeed",
            Self::Failed => "failed",
            Self::Error => "error",
        }
    }

    /// The status that a word stands for; `None` for any other word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether the task has come to an end: `succeed`, `failed` or `error`.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeed | Self::Failed | Self::Error)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who asked for a task, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The request's id.
    pub request_id: String,
    /// The uin of the user who asked.
    pub operator: String,
    /// The address that the request came from.
    pub client: String,
}

/// The person who acts on a task from outside, and why; both are kept in its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Who, as they call themselves.
    pub name: String,
    /// Why, in their words.
    pub reason: String,
}

/// A task to be enqueued.
#[derive(Debug, Clone)]
pub struct NewTask {
    /// The name of a registered [`Kind`](crate::Kind).
    pub kind: &'static str,
    /// The account that the task belongs to.
    pub tenant: String,
    /// The region that it is listed in.
    pub region: String,
    /// What it works on, such as an instance id; a subject has at most one live task.
    pub subject: String,
    /// The host that its steps run on; empty: on any.
    pub host: String,
    /// What its steps need to know; stored as JSON.
    pub params: Value,
    /// Who asked for it.
    pub origin: Origin,
}

/// A task as it is stored. Times are milliseconds since 1970, UTC.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its number.
    pub id: TaskId,
    /// The name of its kind.
    pub kind: String,
    /// The account that it belongs to.
    pub tenant: String,
    /// The region that it is listed in.
    pub region: String,
    /// What it works on.
    pub subject: String,
    /// Where it stands.
    pub status: Status,
    /// The cause in words; empty unless the status is `failed` or `error`.
    pub message: String,
    /// When it was enqueued.
    pub created_at: i64,
    /// When a worker first claimed it.
    pub started_at: Option<i64>,
    /// When it came to its final status.
    pub ended_at: Option<i64>,
    /// How many steps have been done, and how many there are. Undoing does not count backwards.
    pub progress: (u32, u32),
    /// What was given at the enqueue.
    pub params: Value,
    /// Who asked for it.
    pub origin: Origin,
    /// How often it has been claimed.
    pub epoch: u64,
}

/// The few fields of a task that its status is told from; see [`Engine::brief`](crate::Engine::brief).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brief<'t> {
    /// Where it stands.
    pub status: Status,
    /// When it was enqueued, in milliseconds since 1970.
    pub created_at: i64,
    /// The name of its kind.
    pub kind: &'t str,
    /// What it works on.
    pub subject: &'t str,
    /// The cause in words; empty unless the status is `failed` or `error`.
    pub message: &'t str,
}

/// Which tasks a list shows; a field that is `None` lets all pass, an empty list none.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// The account.
    pub tenant: String,
    /// The region; `None`: all of them.
    pub region: Option<String>,
    /// Only tasks on these subjects.
    pub subjects: Option<Vec<String>>,
    /// Only tasks of these kinds.
    pub kinds: Option<Vec<String>>,
    /// Only tasks in these statuses.
    pub statuses: Option<Vec<Status>>,
    /// Only tasks asked for by these uins.
    pub operators: Option<Vec<String>>,
    /// Only tasks created then or later, in milliseconds.
    pub created_from: Option<i64>,
    /// Only tasks created then or earlier, in milliseconds.
    pub created_to: Option<i64>,
    /// How many of those that pass to leave out, newest first.
    pub offset: u32,
    /// How many to show at most.
    pub limit: u32,
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn every_word_is_read_back_and_no_other() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(Status::parse("Running"), None);
    }
}
