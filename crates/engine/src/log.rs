//! The step log and what follows from it: a pure function from what happened to what is next.

use serde_json::Value;

use crate::Status;

/// What can be written in a task's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The step is about to act.
    Started,
    /// The step is done; the data is its output.
    Done,
    /// The step failed, and the unwinding began; the data is `{"message", "detail"}`.
    Failed,
    /// The step was undone.
    Undone,
    /// The undo gave up; the data is the reason.
    UndoFailed,
    /// An operator had a task in `error` tried again; the data is `{"by", "reason"}`.
    Retried,
    /// An operator cancelled the task; the data is `{"by", "reason"}`.
    Cancelled,
    /// An operator gave up a task in `error`; the data is `{"by", "reason"}`.
    Abandoned,
}

impl EventKind {
    const ALL: [Self; 8] = [
        Self::Started,
        Self::Done,
        Self::Failed,
        Self::Undone,
        Self::UndoFailed,
        Self::Retried,
        Self::Cancelled,
        Self::Abandoned,
    ];

    /// The word that is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Undone => "undone",
            Self::UndoFailed => "undo_failed",
            Self::Retried => "retried",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
        }
    }

    /// The kind that a word stands for; `None` for any other word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One line of a task's log.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The step's name; for what an operator did, `#` and the epoch that it ended.
    pub step: String,
    /// What happened.
    pub kind: EventKind,
    /// More about it; see [`EventKind`].
    pub data: Value,
    /// Who worked on the task; empty for what an operator did.
    pub owner: String,
    /// How often the step, or its undo, had begun; 0 for what an operator did.
    pub attempt: u32,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

/// What is to be done next; steps are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Run this step.
    Run(usize),
    /// Undo this step.
    Undo(usize),
    /// Nothing is left: write the final status.
    Finish(Status),
}

/// The log says what cannot have happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the step log cannot be read: {0}")]
pub struct Unreadable(pub String);

/// What happened to one step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Seen {
    started: bool,
    done: bool,
    failed: bool,
    undone: bool,
}

/// Decides from the log what a task does next. `steps` are all its steps in their order; `unwinding` is its direction.
///
/// # Errors
/// [`Unreadable`] for a log that no run of the engine writes.
pub fn replay(
    steps: &[impl AsRef<str>],
    events: impl IntoIterator<Item = (impl AsRef<str>, EventKind)>,
    unwinding: bool,
) -> Result<Next, Unreadable> {
    let seen = collect(steps, events)?;
    check_order(steps, &seen, unwinding)?;
    Ok(if unwinding { next_undo(&seen) } else { next_run(&seen) })
}

fn collect(
    steps: &[impl AsRef<str>],
    events: impl IntoIterator<Item = (impl AsRef<str>, EventKind)>,
) -> Result<Vec<Seen>, Unreadable> {
    let mut seen = vec![Seen::default(); steps.len()];
    for (step, kind) in events {
        let step = step.as_ref();
        if matches!(kind, EventKind::Retried | EventKind::Cancelled | EventKind::Abandoned) {
            continue;
        }
        let index = steps.iter().position(|known| known.as_ref() == step);
        let entry = index.and_then(|index| seen.get_mut(index));
        let entry = entry.ok_or_else(|| Unreadable(format!("there is no step `{step}`")))?;
        match kind {
            EventKind::Started => entry.started = true,
            EventKind::Done => entry.done = true,
            EventKind::Failed => entry.failed = true,
            EventKind::Undone => entry.undone = true,
            EventKind::UndoFailed | EventKind::Retried | EventKind::Cancelled | EventKind::Abandoned => {}
        }
    }
    Ok(seen)
}

/// Steps start in their order, each after the one before is done, and are undone in the opposite order.
fn check_order(steps: &[impl AsRef<str>], seen: &[Seen], unwinding: bool) -> Result<(), Unreadable> {
    let mut before = Seen { started: true, done: true, ..Seen::default() };
    for (step, now) in steps.iter().zip(seen) {
        let step = step.as_ref();
        let wrong = if now.started && !before.done {
            "started before the one ahead of it was done"
        } else if !now.started && (now.done || now.failed || now.undone) {
            "acted without having started"
        } else if now.failed && now.done {
            "both failed and is done"
        } else if !unwinding && (now.failed || now.undone) {
            "failed or was undone, but the task is not unwinding"
        } else if before.undone && now.started && !now.undone {
            "is not undone, but one ahead of it is"
        } else {
            before = *now;
            continue;
        };
        return Err(Unreadable(format!("step `{step}` {wrong}")));
    }
    let failures = seen.iter().filter(|step| step.failed).count();
    if unwinding && failures != 1 {
        return Err(Unreadable(format!("the task is unwinding, and {failures} steps failed")));
    }
    Ok(())
}

fn next_run(seen: &[Seen]) -> Next {
    seen.iter().position(|step| !step.done).map_or(Next::Finish(Status::Succeed), Next::Run)
}

fn next_undo(seen: &[Seen]) -> Next {
    seen.iter().rposition(|step| step.started && !step.undone).map_or(Next::Finish(Status::Failed), Next::Undo)
}
