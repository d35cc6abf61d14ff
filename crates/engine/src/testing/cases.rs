//! Which faults are tried, one after the other.

use super::case::{Case, step_names};
use super::{Faults, Moment, Report, World};

/// No task has so many boundaries; more means that a crash makes it start over and over.
const MOST_BOUNDARIES: usize = 10_000;

/// Runs the task without faults, and then once for each step and moment with that step failing there.
pub async fn fail_each_step<W: World>(make: impl AsyncFn() -> W) {
    run_with(&make, Faults::default()).await;
    for step in step_names(&make().await) {
        for moment in [Moment::Before, Moment::After] {
            run_with(&make, Faults { fail: Some((step, moment)), ..Faults::default() }).await;
        }
    }
}

/// Lets the last step fail, and the undo of each step in turn give up: the task ends as `error`.
pub async fn fail_each_undo<W: World>(make: impl AsyncFn() -> W) {
    let steps = step_names(&make().await);
    let fail = steps.last().map(|last| (*last, Moment::After));
    for step in steps {
        run_with(&make, Faults { fail, give_up: Some(step), ..Faults::default() }).await;
    }
}

/// Runs every step twice in a row; then also with each step failing after it acted, so that each undo happens twice.
pub async fn repeat_each_step<W: World>(make: impl AsyncFn() -> W) {
    run_with(&make, Faults { twice: true, ..Faults::default() }).await;
    for step in step_names(&make().await) {
        run_with(&make, Faults { fail: Some((step, Moment::After)), twice: true, ..Faults::default() }).await;
    }
}

/// Crashes the engine at each boundary of a task that succeeds, and of one whose last step fails after it acted.
pub async fn crash_at_each_boundary<W: World>(make: impl AsyncFn() -> W) {
    let last = step_names(&make().await).pop();
    for fail in [None, last.map(|step| (step, Moment::After))] {
        crash_with(&make, Faults { fail, ..Faults::default() }).await;
    }
}

/// Crashes the engine at each boundary of a task with these faults; answers how many boundaries there were.
pub async fn crash_with<W: World>(make: impl AsyncFn() -> W, faults: Faults) -> usize {
    for boundary in 1..MOST_BOUNDARIES {
        let report = Case { faults, crash_at: Some(boundary), person: None }.run(make().await).await;
        if report.crashed_at.is_none() {
            return boundary - 1;
        }
    }
    MOST_BOUNDARIES
}

/// Runs the task once with these faults and checks the world.
pub async fn run_with<W: World>(make: impl AsyncFn() -> W, faults: Faults) -> Report {
    Case { faults, crash_at: None, person: None }.run(make().await).await
}
