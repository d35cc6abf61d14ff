//! What a person may do to a task in `error`, and how one comes to be in it other than by an undo.

use std::time::Duration;

use engine::{Status, TaskId};

use crate::support::{Act, Bench, STEPS, me, stop};

async fn stuck(bench: &Bench) -> TaskId {
    bench.world.set("run publish", Act::Leaks);
    bench.world.set("undo start", Act::Fails);
    let task = bench.run_one().await;
    assert_eq!(task.status, Status::Error);
    task.id
}

#[tokio::test]
async fn a_retry_goes_on_where_the_undo_gave_up() {
    let bench = Bench::new();
    let id = stuck(&bench).await;
    bench.world.set("undo start", Act::Works);
    let engine = bench.engine();
    let running = engine.start();
    let op = engine.clone();
    let retried: Result<_, db::Error> = bench.db.write(move |tx| op.retry(tx, id, &me())).await;
    assert!(retried.unwrap());
    let task = bench.end(&engine, id).await;
    stop(running).await;
    assert_eq!((task.status, task.message.as_str()), (Status::Failed, "no publish"));
    assert!(bench.world.made().is_empty());
    let undone: Vec<_> = bench.world.calls().into_iter().filter(|call| call.starts_with("undo")).collect();
    assert_eq!(undone, ["undo publish", "undo start", "undo start", "undo reserve"]);
    assert!(bench.log(&engine, id).contains(&"#1 retried".to_owned()));
    assert_eq!(bench.texts("SELECT status FROM ending"), ["error", "failed"]);
}

#[tokio::test]
async fn an_abandoned_task_is_failed_and_frees_its_subject() {
    let bench = Bench::new();
    let id = stuck(&bench).await;
    let engine = bench.engine();
    let op = engine.clone();
    let abandoned: Result<_, db::Error> = bench.db.write(move |tx| op.abandon(tx, id, &me())).await;
    assert!(abandoned.unwrap());
    assert_eq!(bench.task(&engine, id).status, Status::Failed);
    assert_eq!(bench.texts("SELECT status FROM ending"), ["error", "failed"]);
    assert!(bench.enqueue(&engine, "thing").await.is_ok());
}

#[tokio::test]
async fn a_changed_step_list_is_an_error_that_says_so_and_a_retry_by_the_old_version_ends_it() {
    let bench = Bench::new();
    let id = bench.enqueue(&bench.engine(), "thing").await.unwrap();
    let newer = bench.engine_with(&["reserve", "start", "wire", "publish"]);
    let running = newer.start();
    let task = bench.end(&newer, id).await;
    stop(running).await;
    assert_eq!(task.status, Status::Error);
    let message = "the steps of its kind have changed since it was submitted: \
                   they were [reserve, start, publish] and are [reserve, start, wire, publish]";
    assert_eq!(task.message, message);
    assert!(bench.world.calls().is_empty());
    assert_eq!(bench.texts("SELECT status FROM ending"), ["error"]);

    let older = bench.engine_with(&STEPS);
    let op = older.clone();
    let retried: Result<_, db::Error> = bench.db.write(move |tx| op.retry(tx, id, &me())).await;
    assert!(retried.unwrap());
    let running = older.start();
    assert_eq!(bench.end(&older, id).await.status, Status::Succeed);
    stop(running).await;
}

#[tokio::test]
async fn what_cannot_be_read_ends_in_error_and_does_not_block_the_queue() {
    let damages = [
        ("UPDATE task SET steps = 'what'", "the stored task cannot be read"),
        ("UPDATE task SET params = '{'", "the stored task cannot be read"),
        ("UPDATE task SET kind = 'gone'", "this version of the service has no tasks of kind `gone`"),
        ("INSERT INTO task_event VALUES (10001, 'start', 'done', 0, 'null', 0, '', 0)", "the step log cannot be read"),
        ("INSERT INTO task_event VALUES (10001, 'start', 'eaten', 0, 'null', 0, '', 0)", "the step log cannot be read"),
        ("INSERT INTO task_event VALUES (10001, 'start', 'started', 0, '{', 0, '', 0)", "the step log cannot be read"),
        (
            "INSERT INTO task_event VALUES (10001, 'wire', 'started', 0, 'null', 0, '', 0)",
            "the step log cannot be read",
        ),
        ("UPDATE task SET unwinding = 1", "the step log cannot be read"),
    ];
    for (damage, message) in damages {
        let bench = Bench::new();
        let engine = bench.engine();
        let broken = bench.enqueue(&engine, "thing").await.unwrap();
        bench.sql(damage).await;
        let sound = bench.enqueue(&engine, "other").await.unwrap();
        let running = engine.start();
        let task = bench.end(&engine, broken).await;
        assert_eq!(bench.end(&engine, sound).await.status, Status::Succeed, "{damage}");
        stop(running).await;
        assert_eq!(task.status, Status::Error, "{damage}");
        assert!(task.message.contains(message), "{damage}: {}", task.message);
    }
}

/// `ended` refuses first `succeed`, then `failed`, then even `error`: the task comes to its end all the same.
#[tokio::test]
async fn an_end_that_its_kind_cannot_note_turns_worse_and_at_last_is_written_without_it() {
    for (refuses, expected) in
        [(1, (Status::Failed, vec!["failed"])), (2, (Status::Error, vec!["error"])), (3, (Status::Error, vec![]))]
    {
        let mut bench = Bench::new();
        bench.settings.undo_deadline = Duration::ZERO;
        for status in &[Status::Succeed, Status::Failed, Status::Error][..refuses] {
            bench.world.set(&format!("ended {status}"), Act::CannotWrite);
        }
        let task = bench.run_one().await;
        assert_eq!((task.status, bench.texts("SELECT status FROM ending")), (expected.0, owned(&expected.1)));
        assert!(task.message.starts_with("the result of step `publish` could not be stored"), "{}", task.message);
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
