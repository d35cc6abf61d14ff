//! Two engines on one database: who may act, and for how long.

use std::sync::Arc;
use std::time::Duration;

use engine::{EnqueueError, NewTask, Status};
use tokio::sync::Semaphore;

use crate::support::{Act, Bench, START, new_task, stop, until};

fn gate() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(0))
}

/// A step that waits for the gate, on an engine `A`; returns once it waits.
async fn waiting(bench: &Bench) -> (Arc<Semaphore>, engine::Running, engine::TaskId) {
    let gate = gate();
    bench.world.set("run start", Act::Waits(Arc::clone(&gate)));
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.world.calls().len() == 2).await;
    (gate, running, id)
}

/// As after a long stop of the process: the answer that the step waits for is there at the same moment as the end of its
/// lease. The step must not go on with it.
#[tokio::test]
async fn a_step_that_wakes_up_too_late_does_not_go_on() {
    for late in [false, true] {
        let bench = Bench::shared();
        let (gate, running, _) = waiting(&bench).await;
        // No await in between: the engine sees both at once.
        bench.clock.advance(Duration::from_secs(if late { 27 } else { 26 }));
        gate.add_permits(1);
        until(|| late || bench.world.calls().len() == 3).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!(bench.world.made().contains(&"start"), !late, "late: {late}");
        assert_eq!(bench.numbers("SELECT lease_until FROM task") == [START + 30_000], late);
        stop(running).await;
    }
}

#[tokio::test]
async fn a_worker_that_cannot_renew_stops_its_step_before_others_may_begin() {
    let bench = Bench::shared();
    let (gate, running, id) = waiting(&bench).await;
    let waits = Arc::strong_count(&gate);
    // Renewals are refused from now on, as by a database that is away.
    bench.sql("ALTER TABLE task RENAME TO away").await;
    for _ in 0..2 {
        bench.clock.advance(Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(Arc::strong_count(&gate), waits, "the lease holds");
    }
    bench.clock.advance(Duration::from_secs(7));
    until(|| Arc::strong_count(&gate) < waits).await;
    assert_eq!(bench.numbers("SELECT lease_until FROM away"), [START + 30_000], "three seconds before its end");
    bench.sql("ALTER TABLE away RENAME TO task").await;
    bench.world.set("run start", Act::Works);
    let other = bench.engine();
    let also = other.start();
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(bench.task(&other, id).epoch, 1, "nobody claims it before the end of the lease");
    bench.clock.advance(Duration::from_secs(3));
    let task = bench.end(&other, id).await;
    assert_eq!((task.status, task.epoch), (Status::Succeed, 2));
    stop(running).await;
    stop(also).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_share_the_work_and_do_each_step_once() {
    let mut bench = Bench::shared();
    let engines: Vec<_> = ["A", "B"]
        .map(|name| {
            name.clone_into(&mut bench.settings.name);
            bench.engine_with(&["nothing"])
        })
        .into();
    let running: Vec<_> = engines.iter().map(engine::Engine::start).collect();
    for number in 0..200 {
        bench.enqueue(&engines[number % 2], &format!("thing {number}")).await.unwrap();
    }
    until(|| bench.numbers("SELECT COUNT(*) FROM task WHERE status = 'succeed'") == [200]).await;
    assert_eq!(bench.world.calls().len(), 200);
    assert_eq!(bench.texts("SELECT DISTINCT owner FROM task ORDER BY owner"), ["A", "B"]);
    for running in running {
        stop(running).await;
    }
}

#[tokio::test]
async fn a_task_of_a_host_waits_for_it_and_holds_up_nobody() {
    let mut bench = Bench::shared();
    "west".clone_into(&mut bench.settings.host);
    let west = bench.engine();
    let running = west.start();
    let of = |host: &str, subject: &str| NewTask { host: host.to_owned(), ..new_task(subject) };
    let enqueue = async |new: NewTask| {
        let engine = west.clone();
        let id: Result<_, EnqueueError> = bench.db.write(move |tx| engine.enqueue(tx, new)).await;
        id.unwrap()
    };
    let elsewhere = enqueue(of("east", "far")).await;
    let here = enqueue(of("west", "near")).await;
    let anywhere = enqueue(of("", "any")).await;
    assert_eq!(bench.end(&west, here).await.status, Status::Succeed);
    assert_eq!(bench.end(&west, anywhere).await.status, Status::Succeed);
    let (engine, why) = (west.clone(), "it waits for east");
    let noted: Result<_, db::Error> =
        bench.db.write(move |tx| Ok((engine.note_wait(tx, "east", why)?, engine.note_wait(tx, "east", why)?))).await;
    assert_eq!(noted.unwrap(), (1, 0), "once is enough");
    let task = bench.task(&west, elsewhere);
    assert_eq!((task.status, task.message.as_str()), (Status::Preparing, why));
    "east".clone_into(&mut bench.settings.host);
    let east = bench.engine();
    let also = east.start();
    let task = bench.end(&east, elsewhere).await;
    assert_eq!((task.status, task.message.as_str()), (Status::Succeed, ""));
    stop(running).await;
    stop(also).await;
}

#[tokio::test]
async fn who_has_the_database_alone_takes_what_another_name_has_left() {
    let mut bench = Bench::new();
    let new = NewTask { host: "old-name".to_owned(), ..new_task("thing") };
    let engine = bench.engine();
    let id: Result<_, EnqueueError> = bench.db.write(move |tx| engine.enqueue(tx, new)).await;
    "new-name".clone_into(&mut bench.settings.host);
    let engine = bench.engine();
    let own = engine.clone();
    let taken: Result<_, db::Error> = bench.db.write(move |tx| own.take_all(tx)).await;
    assert_eq!(taken.unwrap(), 1);
    let running = engine.start();
    assert_eq!(bench.end(&engine, id.unwrap()).await.status, Status::Succeed);
    stop(running).await;
}

#[tokio::test]
async fn a_restart_under_a_name_of_its_own_resumes_at_once_what_it_had_and_nothing_else() {
    let mut bench = Bench::shared();
    bench.settings.only_of_name = true;
    let (_gate, running, own) = waiting(&bench).await;
    drop(running);
    "B".clone_into(&mut bench.settings.name);
    let other = bench.engine();
    let also = other.start();
    let theirs = bench.enqueue(&other, "other").await.unwrap();
    until(|| bench.world.calls().len() == 4).await;
    bench.world.set("run start", Act::Works);
    "A".clone_into(&mut bench.settings.name);
    let again = bench.engine();
    let running = again.start();
    let task = bench.end(&again, own).await;
    assert_eq!((task.status, task.epoch), (Status::Succeed, 2));
    assert_eq!(bench.task(&again, theirs).epoch, 1, "it is still B's");
    stop(running).await;
    also.stop(Duration::from_millis(1)).await;
}
