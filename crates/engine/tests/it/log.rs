//! `replay` against a model that plays tasks out, and against logs that cannot have happened.

use engine::EventKind::{Abandoned, Done, Failed, Retried, Started, UndoFailed, Undone};
use engine::{EventKind, Next, Status, replay};
use proptest::prelude::*;

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

type Log = Vec<(&'static str, EventKind)>;

/// Every log that a run of `steps` steps passes through, in which step `fail` fails and the undo of `stuck` gives up
/// once, each with the direction that is stored and what comes next.
fn history(steps: usize, fail: Option<usize>, stuck: Option<usize>) -> Vec<(Log, bool, Next)> {
    let mut log: Log = Vec::new();
    let mut all = vec![(log.clone(), false, Next::Run(0))];
    for (index, name) in NAMES[..steps].iter().enumerate() {
        log.push((name, Started));
        all.push((log.clone(), false, Next::Run(index)));
        if fail == Some(index) {
            log.push((name, Failed));
            unwind(&mut all, log, index, stuck);
            return all;
        }
        log.push((name, Done));
        let next = if index + 1 == steps { Next::Finish(Status::Succeed) } else { Next::Run(index + 1) };
        all.push((log.clone(), false, next));
    }
    all
}

fn unwind(all: &mut Vec<(Log, bool, Next)>, mut log: Log, failed: usize, stuck: Option<usize>) {
    for index in (0..=failed).rev() {
        all.push((log.clone(), true, Next::Undo(index)));
        if stuck == Some(index) {
            log.push((NAMES[index], UndoFailed));
            log.push(("#1", Retried));
            all.push((log.clone(), true, Next::Undo(index)));
        }
        log.push((NAMES[index], Undone));
    }
    log.push(("#2", Abandoned));
    all.push((log, true, Next::Finish(Status::Failed)));
}

fn a_case() -> impl Strategy<Value = (usize, Vec<(Log, bool, Next)>)> {
    (1..=NAMES.len(), prop::option::of(0..NAMES.len()), prop::option::of(0..NAMES.len()))
        .prop_map(|(steps, fail, stuck)| (steps, history(steps, fail.map(|fail| fail % steps), stuck)))
}

proptest! {
    #[test]
    fn replay_says_what_the_model_does_next((steps, history) in a_case()) {
        for (log, unwinding, next) in history {
            prop_assert_eq!(replay(&NAMES[..steps], log.clone(), unwinding), Ok(next), "{:?}", log);
        }
    }

    /// The log is a set: the order in which a database answers its lines does not matter.
    #[test]
    fn the_order_of_the_lines_does_not_matter((steps, history) in a_case(), by in 0_usize..20) {
        for (mut log, unwinding, next) in history {
            let middle = if log.is_empty() { 0 } else { by % log.len() };
            log.rotate_left(middle);
            prop_assert_eq!(replay(&NAMES[..steps], log, unwinding), Ok(next));
        }
    }

    /// Whatever the log says: no panic, and what it names can be done.
    #[test]
    fn any_log_is_read_or_refused(
        log in prop::collection::vec((prop::sample::select(&NAMES[..]), prop::sample::select(KINDS)), 0..12),
        steps in 1..=NAMES.len(),
        unwinding: bool,
    ) {
        let has = |index: usize, kind| log.iter().any(|(step, seen)| *step == NAMES[index] && *seen == kind);
        match replay(&NAMES[..steps], log.clone(), unwinding) {
            Ok(Next::Run(index)) => {
                prop_assert!(!unwinding && index < steps && !has(index, Done));
                prop_assert!((0..index).all(|before| has(before, Done)));
            }
            Ok(Next::Undo(index)) => {
                prop_assert!(unwinding && has(index, Started) && !has(index, Undone));
                prop_assert!((index + 1..steps).all(|after| !has(after, Started) || has(after, Undone)));
            }
            Ok(Next::Finish(Status::Succeed)) => prop_assert!((0..steps).all(|step| has(step, Done))),
            Ok(Next::Finish(status)) => {
                prop_assert_eq!(status, Status::Failed);
                prop_assert!((0..steps).all(|step| !has(step, Started) || has(step, Undone)));
            }
            Err(error) => prop_assert!(error.to_string().starts_with("the step log cannot be read: ")),
        }
    }
}

const KINDS: &[EventKind] = &[Started, Done, Failed, Undone, UndoFailed];

#[test]
fn logs_that_cannot_have_happened_are_refused_and_name_the_step() {
    let cases: &[(Log, bool, &str)] = &[
        (vec![("z", Started)], false, "there is no step `z`"),
        (vec![("b", Started)], false, "step `b` started before the one ahead of it was done"),
        (vec![("a", Done)], false, "step `a` acted without having started"),
        (vec![("a", Started), ("a", Done), ("a", Failed)], true, "step `a` both failed and is done"),
        (vec![("a", Started), ("a", Failed)], false, "the task is not unwinding"),
        (vec![("a", Started), ("a", Undone)], false, "the task is not unwinding"),
        (vec![("a", Started)], true, "0 steps failed"),
        (
            vec![("a", Started), ("a", Done), ("b", Started), ("b", Failed), ("a", Undone)],
            true,
            "step `b` is not undone, but one ahead of it is",
        ),
    ];
    for (log, unwinding, message) in cases {
        let error = replay(&NAMES, log.clone(), *unwinding).unwrap_err().to_string();
        assert!(error.contains(message), "{log:?}: {error}");
    }
}
