//! Cancel: a task that may turn back ends as `failed` with nothing left, one that may not goes on, and no cancel is lost.

use std::sync::Arc;
use std::time::Duration;

use engine::{CancelError, Engine, Status, TaskId};
use tokio::sync::Semaphore;

use crate::support::{Act, Bench, me, stop, until};

const MESSAGE: &str = "the task was cancelled by an operator";

async fn cancel(bench: &Bench, engine: &Engine, id: TaskId) -> Result<Status, CancelError> {
    let engine = engine.clone();
    bench.db.write(move |tx| engine.cancel(tx, id, &me())).await
}

async fn refused(bench: &Bench, engine: &Engine, id: TaskId) -> String {
    match cancel(bench, engine, id).await {
        Err(CancelError::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// Runs into this call, which waits for ever, or for permits.
async fn until_called(bench: &Bench, call: &str) {
    until(|| bench.world.calls().contains(&call.to_owned())).await;
}

fn hang(bench: &Bench, call: &str) -> Arc<Semaphore> {
    let gate = Arc::new(Semaphore::new(0));
    bench.world.set(call, Act::Waits(Arc::clone(&gate)));
    gate
}

#[tokio::test]
async fn one_that_was_not_claimed_ends_at_once() {
    let bench = Bench::new();
    let engine = bench.engine();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    assert_eq!(cancel(&bench, &engine, id).await.unwrap(), Status::Failed);
    let task = bench.task(&engine, id);
    assert_eq!((task.status, task.message.as_str()), (Status::Failed, MESSAGE));
    assert_eq!(bench.log(&engine, id), ["#0 cancelled"]);
    assert_eq!(bench.texts("SELECT status FROM ending"), ["failed"]);
    assert!(bench.enqueue(&engine, "thing").await.is_ok(), "its subject is free");
    assert!(bench.world.calls().is_empty());
}

#[tokio::test]
async fn a_running_step_is_dropped_and_all_is_undone() {
    let bench = Bench::new();
    hang(&bench, "run start");
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until_called(&bench, "run start").await;
    assert_eq!(cancel(&bench, &engine, id).await.unwrap(), Status::Running);
    let task = bench.end(&engine, id).await;
    stop(running).await;
    assert_eq!((task.status, task.message.as_str()), (Status::Failed, MESSAGE));
    assert!(bench.world.made().is_empty() && bench.numbers("SELECT COUNT(*) FROM made") == [0]);
    assert_eq!(bench.world.calls(), ["run reserve", "run start", "undo start", "undo reserve"]);
    let log = bench.log(&engine, id);
    assert!(log.contains(&"#1 cancelled".to_owned()) && log.contains(&"start failed".to_owned()), "{log:?}");
    let texts = bench.texts("SELECT data FROM task_event WHERE event = 'cancelled'");
    assert_eq!(texts, [r#"{"by":"me","reason":"to try it"}"#]);
}

#[tokio::test]
async fn one_that_waits_between_two_attempts_unwinds_at_once() {
    let bench = Bench::new();
    bench.world.set("run start", Act::Retries(1000, Duration::from_secs(50)));
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.numbers("SELECT COUNT(*) FROM task WHERE lease_until = 0 AND status = 'running'") == [1]).await;
    cancel(&bench, &engine, id).await.unwrap();
    let task = bench.end(&engine, id).await;
    stop(running).await;
    assert_eq!((task.status, task.message.as_str()), (Status::Failed, MESSAGE));
    assert_eq!(bench.world.calls(), ["run reserve", "run start", "undo start", "undo reserve"]);
}

#[tokio::test]
async fn a_point_of_no_return_refuses_once_its_step_has_begun() {
    let bench = Bench::new();
    bench.world.set("no return start", Act::Works);
    let (first, second) = (hang(&bench, "run reserve"), hang(&bench, "run publish"));
    let engine = bench.engine();
    let running = engine.start();
    let early = bench.enqueue(&engine, "early").await.unwrap();
    let late = bench.enqueue(&engine, "late").await.unwrap();
    until(|| bench.world.calls().len() == 2).await;
    cancel(&bench, &engine, early).await.unwrap();
    bench.end(&engine, early).await;
    first.add_permits(1);
    until_called(&bench, "run publish").await;
    let why = "it has passed its point of no return: step `start` has begun, and what is started stays";
    assert_eq!(refused(&bench, &engine, late).await, why);
    assert!(!bench.log(&engine, late).iter().any(|line| line.contains("cancelled")), "nothing of it is written");
    second.add_permits(1);
    assert_eq!(bench.end(&engine, late).await.status, Status::Succeed);
    stop(running).await;
    assert_eq!(refused(&bench, &engine, late).await, format!("task {late} has ended already (succeed)"));
    let unknown = cancel(&bench, &engine, TaskId(7)).await;
    assert!(matches!(unknown, Err(CancelError::NotFound(TaskId(7)))));
}

#[tokio::test]
async fn what_is_being_undone_or_in_error_is_refused() {
    let bench = Bench::new();
    bench.world.set("run start", Act::Fails);
    let gate = hang(&bench, "undo start");
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until_called(&bench, "undo start").await;
    assert_eq!(refused(&bench, &engine, id).await, format!("task {id} is being undone already"));
    bench.world.set("undo reserve", Act::Fails);
    gate.add_permits(1);
    assert_eq!(bench.end(&engine, id).await.status, Status::Error);
    assert_eq!(refused(&bench, &engine, id).await, format!("task {id} is in error: retry it or abandon it"));
    stop(running).await;
}

/// The crash comes after the cancel is written and before any worker heeds it.
#[tokio::test]
async fn a_cancel_survives_the_death_of_the_process() {
    let bench = Bench::new();
    hang(&bench, "run start");
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until_called(&bench, "run start").await;
    drop(running);
    cancel(&bench, &engine, id).await.unwrap();
    drop(engine);
    bench.world.set("run start", Act::Works);
    let engine = bench.engine();
    let running = engine.start();
    let task = bench.end(&engine, id).await;
    stop(running).await;
    assert_eq!((task.status, task.message.as_str()), (Status::Failed, MESSAGE));
    assert_eq!(bench.world.calls(), ["run reserve", "run start", "undo start", "undo reserve"]);
}

/// Two engines that share nothing but the database: the one that cancels is not the one that works.
#[tokio::test]
async fn a_worker_elsewhere_learns_it_at_its_next_heartbeat() {
    let bench = Bench::shared();
    hang(&bench, "run start");
    let (worker, other) = (bench.engine(), bench.engine());
    let running = worker.start();
    let id = bench.enqueue(&worker, "thing").await.unwrap();
    until_called(&bench, "run start").await;
    cancel(&bench, &other, id).await.unwrap();
    // A third of the lease.
    bench.clock.advance(Duration::from_secs(11));
    let task = bench.end(&worker, id).await;
    stop(running).await;
    assert_eq!((task.status, task.message.as_str()), (Status::Failed, MESSAGE));
    assert!(bench.world.made().is_empty());
}

/// A shared database tells the other process at once: no heartbeat comes here, since the clock stands still.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_elsewhere_learns_it_at_once_where_the_database_tells_it() {
    let bench = Bench::shared();
    if !bench.db.is_shared() {
        return;
    }
    hang(&bench, "run start");
    let (worker, other) = (bench.engine(), bench.engine());
    let running = worker.start();
    let id = bench.enqueue(&worker, "thing").await.unwrap();
    until_called(&bench, "run start").await;
    cancel(&bench, &other, id).await.unwrap();
    let task = bench.end(&worker, id).await;
    stop(running).await;
    assert_eq!((task.status, task.message.as_str()), (Status::Failed, MESSAGE));
}

/// As above, but the step ends before the heartbeat: what it did is undone, and no other step begins.
#[tokio::test]
async fn a_worker_elsewhere_learns_it_at_its_next_write() {
    for last in [false, true] {
        let bench = Bench::shared();
        let call = if last { "run publish" } else { "run start" };
        let gate = hang(&bench, call);
        let (worker, other) = (bench.engine(), bench.engine());
        let running = worker.start();
        let id = bench.enqueue(&worker, "thing").await.unwrap();
        until_called(&bench, call).await;
        cancel(&bench, &other, id).await.unwrap();
        gate.add_permits(1);
        let task = bench.end(&worker, id).await;
        stop(running).await;
        assert_eq!((task.status, task.message.as_str()), (Status::Failed, MESSAGE), "{call}");
        assert!(bench.world.made().is_empty() && bench.numbers("SELECT COUNT(*) FROM made") == [0], "{call}");
        assert_eq!(bench.world.calls().iter().any(|call| call == "run publish"), last);
        let detail = bench.texts("SELECT data FROM task_event WHERE event = 'failed'").remove(0);
        // A shared database has told the worker before.
        assert!(bench.db.is_shared() || detail.contains("the step had done its work by then"), "{detail}");
    }
}

/// A step that fails by itself after the cancel was answered: the customer reads the cancel, the log has both.
#[tokio::test]
async fn a_cancel_comes_before_a_later_failure() {
    let bench = Bench::shared();
    let (worker, other) = (bench.engine(), bench.engine());
    let gate = Arc::new(Semaphore::new(0));
    bench.world.set("run start", Act::WaitsAndFails(Arc::clone(&gate)));
    let running = worker.start();
    let id = bench.enqueue(&worker, "thing").await.unwrap();
    until_called(&bench, "run start").await;
    cancel(&bench, &other, id).await.unwrap();
    gate.add_permits(1);
    let task = bench.end(&worker, id).await;
    stop(running).await;
    assert_eq!((task.status, task.message.as_str()), (Status::Failed, MESSAGE));
    let detail = bench.texts("SELECT data FROM task_event WHERE event = 'failed'").remove(0);
    assert!(bench.db.is_shared() || detail.contains("the step failed by then: no start"), "{detail}");
}

#[tokio::test]
async fn a_kind_that_has_changed_is_refused() {
    let bench = Bench::new();
    hang(&bench, "run reserve");
    let old = bench.engine();
    let running = old.start();
    let id = bench.enqueue(&old, "thing").await.unwrap();
    until_called(&bench, "run reserve").await;
    let newer = bench.engine_with(&["reserve", "wire"]);
    assert!(refused(&bench, &newer, id).await.contains("its kind has changed"));
    drop(running);
}
