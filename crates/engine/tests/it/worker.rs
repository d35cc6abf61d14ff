//! How work is taken, watched, given back and stopped.

use std::sync::Arc;
use std::time::Duration;

use engine::{Status, TaskFilter};
use tokio::sync::Semaphore;

use crate::support::{Act, Bench, START, stop, until};

fn gate() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(0))
}

#[tokio::test]
async fn a_task_succeeds_and_shows_what_it_was_and_did() {
    let bench = Bench::new();
    let task = bench.run_one().await;
    assert_eq!((task.status, task.message.as_str(), task.progress), (Status::Succeed, "", (3, 3)));
    assert_eq!((task.kind.as_str(), task.subject.as_str(), task.params["size"].as_i64()), ("make", "thing", Some(3)));
    assert!(task.created_at <= task.started_at.unwrap() && task.started_at <= task.ended_at);
    assert_eq!(task.origin.operator, "u");
    let engine = bench.engine();
    let foreign = bench.db.read(|tx| engine.get(tx, "stranger", task.id.0)).unwrap();
    assert!(foreign.is_none());
    let brief = |of| engine.brief(of, task.id.0, |it| (it.status, it.created_at, it.subject.to_owned())).unwrap();
    let expected = Some((Status::Succeed, task.created_at, "thing".to_owned()));
    assert_eq!(brief("tenant"), expected);
    assert!(brief("stranger").is_none());
    let deleted: Result<_, db::Error> = bench
        .db
        .write(move |tx| tx.execute("UPDATE task SET tenant = 'nobody' WHERE id = $1", &[task.id.0.into()]))
        .await;
    assert_eq!(deleted.unwrap(), 1);
    assert_eq!(brief("tenant"), expected, "an ended task is answered out of memory");
    engine.forget_cached();
    assert!(brief("tenant").is_none());
    assert_eq!(bench.texts("SELECT name FROM made ORDER BY name"), ["publish", "reserve", "start"]);
    assert_eq!(bench.texts("SELECT status FROM ending"), ["succeed"]);
}

#[tokio::test]
async fn a_step_and_an_undo_see_what_the_done_steps_answered_also_after_a_restart() {
    let bench = Bench::new();
    bench.world.set("run publish", Act::Waits(gate()));
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.world.calls().len() == 3).await;
    drop(running);
    bench.world.set("run publish", Act::Fails);
    let engine = bench.engine();
    let running = engine.start();
    bench.end(&engine, id).await;
    stop(running).await;
    let both = "reserve start";
    assert_eq!(bench.world.things().outputs, ["", "reserve", both, both, both, both, both]);
}

#[tokio::test]
async fn a_panic_of_a_step_is_a_failure_with_words_and_without_the_panic_text() {
    let bench = Bench::new();
    bench.world.set("run start", Act::Panics);
    let task = bench.run_one().await;
    assert_eq!((task.status, task.message.as_str()), (Status::Failed, "step `start` stopped unexpectedly"));
}

#[tokio::test]
async fn a_record_that_fails_or_panics_is_a_failure_of_its_step() {
    for act in [Act::CannotWrite, Act::Panics] {
        for step in ["start", "publish"] {
            let bench = Bench::new();
            bench.world.set(&format!("record {step}"), act.clone());
            let task = bench.run_one().await;
            let message = format!("the result of step `{step}` could not be stored");
            assert_eq!((task.status, task.message), (Status::Failed, message));
            assert!(bench.world.made().is_empty() && bench.texts("SELECT name FROM made").is_empty());
            assert_eq!(bench.texts("SELECT status FROM ending"), ["failed"]);
        }
    }
}

#[tokio::test]
async fn an_undo_that_keeps_panicking_is_tried_until_its_deadline_and_ends_in_error() {
    let bench = Bench::new();
    bench.world.set("run start", Act::Leaks);
    bench.world.set("undo start", Act::Panics);
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    let undos = || bench.world.calls().iter().filter(|call| *call == "undo start").count();
    until(|| {
        bench.clock.advance(Duration::from_secs(1));
        undos() >= 3
    })
    .await;
    bench.clock.advance(Duration::from_secs(600));
    let task = bench.end(&engine, id).await;
    stop(running).await;
    assert_eq!(task.status, Status::Error);
    assert_eq!(task.message, "no start; step `start` could not be undone: it stopped unexpectedly");
}

#[tokio::test]
async fn an_undo_that_is_busy_is_tried_again_and_the_task_fails_cleanly() {
    let bench = Bench::new();
    bench.world.set("run start", Act::Leaks);
    bench.world.set("undo start", Act::Retries(2, Duration::from_millis(1)));
    let task = bench.run_one().await;
    assert_eq!(task.status, Status::Failed);
    assert!(bench.world.made().is_empty());
}

#[tokio::test]
async fn a_forget_that_fails_is_tried_again() {
    let bench = Bench::new();
    bench.world.set("run start", Act::Fails);
    bench.world.set("forget reserve", Act::CannotWrite);
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    let undos = || bench.world.calls().iter().filter(|call| *call == "undo reserve").count();
    until(|| {
        bench.clock.advance(Duration::from_millis(100));
        undos() >= 2
    })
    .await;
    assert_eq!(bench.task(&engine, id).status, Status::Running);
    bench.world.set("forget reserve", Act::Works);
    until(|| {
        bench.clock.advance(Duration::from_millis(100));
        bench.task(&engine, id).status.is_final()
    })
    .await;
    stop(running).await;
    assert_eq!(bench.task(&engine, id).status, Status::Failed);
    assert!(bench.texts("SELECT name FROM made").is_empty());
}

#[tokio::test]
async fn a_step_past_the_deadline_is_dropped_and_undone() {
    let bench = Bench::new();
    bench.world.set("run start", Act::Waits(gate()));
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.world.calls().len() == 2).await;
    assert_eq!(bench.task(&engine, id).status, Status::Running);
    bench.clock.advance(Duration::from_secs(60));
    let task = bench.end(&engine, id).await;
    stop(running).await;
    assert_eq!((task.status, task.message.as_str()), (Status::Failed, "the task did not finish within 60 s"));
    assert_eq!(bench.world.calls(), ["run reserve", "run start", "undo start", "undo reserve"]);
}

#[tokio::test]
async fn the_deadline_counts_from_the_first_claim_and_not_from_the_enqueue() {
    let bench = Bench::new();
    let engine = bench.engine();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    bench.clock.advance(Duration::from_secs(3_600));
    let running = engine.start();
    assert_eq!(bench.end(&engine, id).await.status, Status::Succeed);
    stop(running).await;
}

#[tokio::test]
async fn an_undo_past_its_deadline_ends_in_error() {
    let bench = Bench::new();
    bench.world.set("run start", Act::Fails);
    bench.world.set("undo start", Act::Waits(gate()));
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.world.calls().len() == 3).await;
    bench.clock.advance(Duration::from_secs(601));
    let task = bench.end(&engine, id).await;
    stop(running).await;
    assert_eq!(task.status, Status::Error);
    assert_eq!(task.message, "no start; step `start` could not be undone: it did not finish within 600 s");
}

#[tokio::test]
async fn a_retry_frees_the_worker_and_counts_its_attempts() {
    let mut bench = Bench::new();
    bench.settings.workers = 1;
    bench.world.set("run start", Act::Retries(2, Duration::from_secs(20)));
    let engine = bench.engine();
    let running = engine.start();
    let waiting = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.numbers("SELECT lease_until FROM task") == [0] && bench.world.calls().len() == 2).await;
    bench.clock.advance(Duration::from_secs(20));
    until(|| bench.numbers("SELECT lease_until FROM task") == [0] && bench.world.calls().len() == 3).await;
    // The one worker is free for another task.
    let other = bench.enqueue(&engine, "other").await.unwrap();
    assert_eq!(bench.end(&engine, other).await.status, Status::Succeed);
    assert_eq!(bench.task(&engine, waiting).status, Status::Running);
    bench.clock.advance(Duration::from_secs(20));
    assert_eq!(bench.end(&engine, waiting).await.status, Status::Succeed);
    stop(running).await;
    let attempts: Vec<_> = bench.world.things().seen.iter().map(|seen| seen.1).collect();
    assert_eq!(attempts, [1, 1, 2, 1, 1, 1, 3, 1]);
}

#[tokio::test]
async fn a_step_that_retries_for_ever_fails_at_the_deadline_however_long_its_pauses() {
    let bench = Bench::new();
    bench.world.set("run start", Act::Retries(usize::MAX, Duration::from_secs(3_600)));
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.numbers("SELECT lease_until FROM task") == [0] && bench.world.calls().len() == 2).await;
    bench.clock.advance(Duration::from_secs(60));
    let task = bench.end(&engine, id).await;
    stop(running).await;
    assert_eq!((task.status, task.message.as_str()), (Status::Failed, "the task did not finish within 60 s"));
    assert_eq!(bench.world.calls(), ["run reserve", "run start", "undo start", "undo reserve"]);
}

#[tokio::test]
async fn with_one_worker_the_second_task_stays_preparing() {
    let mut bench = Bench::new();
    bench.settings.workers = 1;
    let gate = gate();
    bench.world.set("run start", Act::Waits(Arc::clone(&gate)));
    let engine = bench.engine();
    let running = engine.start();
    let first = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.world.calls().len() == 2).await;
    let second = bench.enqueue(&engine, "other").await.unwrap();
    // Time passes and polls come and go: there is no worker for it.
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(bench.task(&engine, second).status, Status::Preparing);
    gate.add_permits(1);
    until(|| bench.task(&engine, first).status.is_final()).await;
    gate.add_permits(1);
    bench.end(&engine, second).await;
    stop(running).await;
}

#[tokio::test]
async fn a_graceful_stop_lets_the_running_step_finish_and_begins_no_other() {
    let bench = Bench::new();
    let gate = gate();
    bench.world.set("run start", Act::Waits(Arc::clone(&gate)));
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.world.calls().len() == 2).await;
    let stopping = tokio::spawn(stop(running));
    tokio::task::yield_now().await;
    let late = bench.enqueue(&engine, "late").await.unwrap();
    gate.add_permits(1);
    stopping.await.unwrap();
    assert_eq!(bench.task(&engine, late).status, Status::Preparing);
    assert_eq!(bench.task(&engine, id).progress, (2, 3));
    assert_eq!(bench.world.calls(), ["run reserve", "run start"]);
    assert!(bench.numbers("SELECT lease_until FROM task WHERE lease_until > 0").is_empty());
    bench.sql("DELETE FROM task WHERE subject = 'late'").await;
    let running = engine.start();
    assert_eq!(bench.end(&engine, id).await.status, Status::Succeed);
    stop(running).await;
    assert_eq!(bench.world.calls(), ["run reserve", "run start", "run publish"]);
}

#[tokio::test]
async fn after_the_grace_a_step_is_dropped_and_the_next_start_resumes_it() {
    let bench = Bench::shared();
    bench.world.set("run start", Act::Waits(gate()));
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.world.calls().len() == 2).await;
    running.stop(Duration::from_millis(1)).await;
    assert_eq!(bench.task(&engine, id).status, Status::Running);
    bench.world.set("run start", Act::Works);
    // Its lease was given back, so that nobody has to wait for its end: this clock stands still.
    let running = engine.start();
    assert_eq!(bench.end(&engine, id).await.status, Status::Succeed);
    stop(running).await;
    assert_eq!(bench.world.calls(), ["run reserve", "run start", "run start", "run publish"]);
}

#[tokio::test]
async fn an_exclusive_restart_resumes_at_once() {
    let bench = Bench::new();
    bench.world.set("run start", Act::Waits(gate()));
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.world.calls().len() == 2).await;
    drop(running);
    assert!(bench.numbers("SELECT lease_until FROM task")[0] > bench.clock.now_ms());
    bench.world.set("run start", Act::Works);
    let engine = bench.engine();
    let running = engine.start();
    let task = bench.end(&engine, id).await;
    stop(running).await;
    assert_eq!((task.status, task.epoch), (Status::Succeed, 2));
}

#[tokio::test]
async fn a_shared_restart_waits_for_the_end_of_the_lease() {
    let bench = Bench::shared();
    bench.world.set("run start", Act::Waits(gate()));
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.world.calls().len() == 2).await;
    drop(running);
    bench.world.set("run start", Act::Works);
    let running = engine.start();
    let other = bench.enqueue(&engine, "other").await.unwrap();
    until(|| bench.task(&engine, other).status.is_final()).await;
    assert_eq!(bench.task(&engine, id).epoch, 1);
    bench.clock.advance(Duration::from_secs(30));
    assert_eq!(bench.end(&engine, id).await.epoch, 2);
    stop(running).await;
}

#[tokio::test]
async fn the_heartbeat_renews_the_lease_while_a_step_runs() {
    let bench = Bench::shared();
    let gate = gate();
    bench.world.set("run start", Act::Waits(Arc::clone(&gate)));
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.world.calls().len() == 2).await;
    for beat in 1..=5 {
        bench.clock.advance(Duration::from_secs(10));
        until(|| bench.numbers("SELECT lease_until FROM task") == [START + beat * 10_000 + 30_000]).await;
    }
    gate.add_permits(1);
    let task = bench.end(&engine, id).await;
    stop(running).await;
    assert_eq!((task.status, task.epoch), (Status::Succeed, 1));
}

#[tokio::test]
async fn a_lost_lease_drops_the_step() {
    let bench = Bench::shared();
    let gate = gate();
    bench.world.set("run start", Act::Waits(Arc::clone(&gate)));
    let engine = bench.engine();
    let running = engine.start();
    bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.world.calls().len() == 2).await;
    let waiting = Arc::strong_count(&gate);
    bench.sql("UPDATE task SET epoch = epoch + 1").await;
    bench.clock.advance(Duration::from_secs(10));
    until(|| Arc::strong_count(&gate) < waiting).await;
    assert_eq!(bench.world.made(), ["reserve"]);
    stop(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_tasks_all_end() {
    let bench = Bench::new();
    let engine = bench.engine_with(&["nothing"]);
    let running = engine.start();
    let ids = futures_util::future::join_all((0..1_000).map(|number| {
        let (bench, engine) = (&bench, &engine);
        async move { bench.enqueue(engine, &format!("thing {number}")).await.unwrap() }
    }));
    let ids = ids.await;
    until(|| bench.numbers("SELECT COUNT(*) FROM task WHERE status = 'succeed'") == [1_000]).await;
    stop(running).await;
    assert_eq!(ids.iter().map(|id| id.0).max(), Some(11_000));
    assert_eq!(bench.world.calls().len(), 1_000);
}

#[tokio::test]
async fn lists_are_filtered_and_paged_newest_first() {
    let bench = Bench::shared();
    let engine = bench.engine();
    let mut ids = Vec::new();
    for number in 0..5 {
        bench.clock.advance(Duration::from_millis(10));
        ids.push(bench.enqueue(&engine, &format!("thing {number}")).await.unwrap());
    }
    let list = |filter: TaskFilter| {
        let filter = TaskFilter { tenant: "tenant".to_owned(), limit: 10, ..filter };
        let (total, tasks) = bench.db.read(|tx| engine.list(tx, &filter)).unwrap();
        (total, tasks.iter().map(|task| task.id.0 - 10_000).collect::<Vec<_>>())
    };
    let words = |list: &[&str]| Some(list.iter().map(|word| (*word).to_owned()).collect());
    assert_eq!(list(TaskFilter::default()), (5, vec![5, 4, 3, 2, 1]));
    assert_eq!(list(TaskFilter { offset: 3, ..TaskFilter::default() }), (5, vec![2, 1]));
    assert_eq!(list(TaskFilter { region: Some("elsewhere".to_owned()), ..TaskFilter::default() }), (0, vec![]));
    let subjects = words(&["thing 1", "thing 3", "thing 9"]);
    assert_eq!(list(TaskFilter { subjects, ..TaskFilter::default() }), (2, vec![4, 2]));
    assert_eq!(list(TaskFilter { subjects: Some(vec![]), ..TaskFilter::default() }), (0, vec![]));
    assert_eq!(list(TaskFilter { kinds: words(&["make"]), ..TaskFilter::default() }).0, 5);
    assert_eq!(list(TaskFilter { operators: words(&["other"]), ..TaskFilter::default() }).0, 0);
    let statuses = Some(vec![Status::Running, Status::Preparing]);
    assert_eq!(list(TaskFilter { statuses, ..TaskFilter::default() }).0, 5);
    let (created_from, created_to) = (Some(START + 20), Some(START + 30));
    assert_eq!(list(TaskFilter { created_from, created_to, ..TaskFilter::default() }), (2, vec![3, 2]));
}
