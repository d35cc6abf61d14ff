//! The seven invariants of the design note, one or more tests each.

use std::sync::Arc;
use std::time::Duration;

use engine::{EnqueueError, Status};
use tokio::sync::Semaphore;

use crate::support::{Act, Bench, STEPS, me, new_task, stop, until};

#[tokio::test]
async fn one_a_task_exists_exactly_if_its_transaction_committed() {
    let bench = Bench::new();
    let engine = bench.engine();
    let inner = engine.clone();
    let rolled_back = bench.db.write(move |tx| {
        inner.enqueue(tx, new_task("thing"))?;
        Err::<(), _>(EnqueueError::UnknownKind("changed my mind"))
    });
    assert!(rolled_back.await.is_err());
    assert!(bench.numbers("SELECT id FROM task").is_empty());
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    assert_eq!(bench.numbers("SELECT id FROM task"), [id.0]);
}

#[tokio::test]
async fn two_started_is_durable_before_a_step_acts() {
    let bench = Bench::new();
    let gate = Arc::new(Semaphore::new(0));
    STEPS.iter().for_each(|step| bench.world.set(&format!("run {step}"), Act::Waits(Arc::clone(&gate))));
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    for (index, step) in STEPS.iter().enumerate() {
        until(|| bench.world.calls().len() == index + 1).await;
        assert_eq!(bench.log(&engine, id).last().unwrap(), &format!("{step} started"));
        gate.add_permits(1);
    }
    bench.end(&engine, id).await;
    stop(running).await;
}

#[tokio::test]
async fn three_a_done_step_never_acts_again() {
    let bench = Bench::new();
    bench.world.set("run publish", Act::Waits(Arc::new(Semaphore::new(0))));
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.world.calls().len() == 3).await;
    drop(running);
    bench.world.set("run publish", Act::Works);
    let engine = bench.engine();
    let running = engine.start();
    assert_eq!(bench.end(&engine, id).await.status, Status::Succeed);
    stop(running).await;
    assert_eq!(bench.world.calls(), ["run reserve", "run start", "run publish", "run publish"]);
}

#[tokio::test]
async fn four_every_started_step_is_undone_before_failed() {
    for act in [Act::Fails, Act::Leaks, Act::Panics] {
        let bench = Bench::new();
        bench.world.set("run start", act);
        let task = bench.run_one().await;
        assert_eq!(task.status, Status::Failed);
        assert!(bench.world.made().is_empty());
        assert_eq!(bench.world.calls(), ["run reserve", "run start", "undo start", "undo reserve"]);
        let log =
            ["reserve started", "reserve done", "start started", "start failed", "start undone", "reserve undone"];
        assert_eq!(bench.log(&bench.engine(), task.id), log);
        assert!(bench.texts("SELECT name FROM made").is_empty());
        assert_eq!(bench.texts("SELECT status FROM ending"), ["failed"]);
    }
}

/// Worker A stalls in a step, its lease ends, B finishes the task: whatever A still writes is refused.
#[tokio::test]
async fn five_no_write_succeeds_under_an_old_epoch() {
    let bench = Bench::shared();
    let gate = Arc::new(Semaphore::new(0));
    bench.world.set("run start", Act::Waits(Arc::clone(&gate)));
    let stale = bench.engine();
    let stalled = stale.start();
    let id = bench.enqueue(&stale, "thing").await.unwrap();
    until(|| bench.world.calls().len() == 2).await;

    // B appears on a clock of its own, on which A's lease has ended; A's heartbeat sees nothing of that.
    bench.world.set("run start", Act::Works);
    let later = engine::Clock::fixed_for_tests(crate::support::START + 31_000);
    let second = Bench { clock: later, ..bench };
    let fresh = second.engine();
    let running = fresh.start();
    let ended = second.end(&fresh, id).await;
    let log = second.log(&fresh, id);
    assert_eq!((ended.status, ended.epoch), (Status::Succeed, 2));

    // A wakes up and wants to write `done` and `started`.
    gate.add_permits(1);
    stop(stalled).await;
    stop(running).await;
    assert_eq!(second.log(&fresh, id), log);
    assert_eq!(second.world.calls(), ["run reserve", "run start", "run start", "run publish"]);
    assert_eq!(second.texts("SELECT name FROM made ORDER BY name"), ["publish", "reserve", "start"]);
    let generations: Vec<_> = second.world.things().seen.iter().map(|seen| seen.0).collect();
    assert!(generations[2] > generations[1], "the data plane can tell the stale worker");
}

#[tokio::test]
async fn six_a_subject_has_one_live_task() {
    let bench = Bench::new();
    let engine = bench.engine();
    let first = bench.enqueue(&engine, "thing").await.unwrap();
    assert_eq!(first.0, 10_001);
    let second = bench.enqueue(&engine, "thing").await;
    assert!(matches!(second, Err(EnqueueError::Busy { holder, status: Status::Preparing }) if holder == first));
    assert!(bench.enqueue(&engine, "other").await.is_ok());
    assert_eq!(bench.db.read(|tx| engine.live_task(tx, "thing")).unwrap(), Some((first, Status::Preparing)));
    let running = engine.start();
    bench.end(&engine, first).await;
    assert_eq!(bench.db.read(|tx| engine.live_task(tx, "thing")).unwrap(), None);
    assert!(bench.enqueue(&engine, "thing").await.is_ok());
    stop(running).await;
}

#[tokio::test]
async fn six_a_task_in_error_keeps_its_subject_locked() {
    let bench = Bench::new();
    bench.world.set("run start", Act::Fails);
    bench.world.set("undo reserve", Act::Fails);
    let task = bench.run_one().await;
    assert_eq!(task.status, Status::Error);
    assert_eq!(task.message, "no start; step `reserve` could not be undone: reserve is stuck");
    assert_eq!(bench.texts("SELECT status FROM ending"), ["error"]);
    let next = bench.enqueue(&bench.engine(), "thing").await;
    assert!(matches!(next, Err(EnqueueError::Busy { holder, status: Status::Error }) if holder == task.id));
}

#[tokio::test]
async fn seven_an_end_is_final_until_an_operator_acts() {
    let bench = Bench::new();
    let mut ended = vec![bench.run_one().await];
    bench.world.set("run start", Act::Fails);
    ended.push(bench.run_one().await);
    bench.world.set("undo start", Act::Fails);
    ended.push(bench.run_one().await);
    let statuses: Vec<_> = ended.iter().map(|task| task.status).collect();
    assert_eq!(statuses, [Status::Succeed, Status::Failed, Status::Error]);

    // All three look due, and free, to an engine that starts anew long after.
    bench.clock.advance(Duration::from_secs(1_000_000));
    let calls = bench.world.calls().len();
    let engine = bench.engine();
    let running = engine.start();
    let other = bench.enqueue(&engine, "other").await.unwrap();
    bench.end(&engine, other).await;
    stop(running).await;
    for before in ended {
        let after = bench.task(&engine, before.id);
        assert_eq!((after.status, after.ended_at, after.epoch), (before.status, before.ended_at, before.epoch));
    }
    let later = &bench.world.calls()[calls..];
    assert_eq!(later, ["run reserve", "run start", "undo start"]);
    // A retry or an abandon of what is not in error does nothing.
    let id = engine::TaskId(10_001);
    let op = engine.clone();
    let changed: Result<_, db::Error> =
        bench.db.write(move |tx| Ok((op.retry(tx, id, &me())?, op.abandon(tx, id, &me())?))).await;
    assert_eq!(changed.unwrap(), (false, false));
}
