//! Tasks that are held: by a gate before their first claim, or by a step; and a date that leaps.

use std::sync::Arc;
use std::time::Duration;

use db::Tx;
use engine::{Clock, Engine, Gate, NewTask, Status, TaskId};

use crate::support::{Act, Bench, START, stop, until};

/// Holds the tasks on one subject.
struct Holds(&'static str);

impl Gate for Holds {
    fn enqueued(&self, _: &Tx<'_>, id: TaskId, new: &NewTask) -> Result<bool, db::Error> {
        assert!(id.0 > 10_000);
        Ok(new.subject == self.0)
    }
}

async fn release(bench: &Bench, engine: &Engine, id: TaskId) -> bool {
    let engine = engine.clone();
    let released: Result<_, db::Error> = bench.db.write(move |tx| engine.release(tx, id)).await;
    released.unwrap()
}

#[tokio::test]
async fn a_gate_holds_a_task_in_preparing_until_it_is_released_also_over_a_restart() {
    let bench = Bench::new();
    let engine = bench.engine();
    engine.set_gate(Arc::new(Holds("thing")));
    let running = engine.start();
    let held = bench.enqueue(&engine, "thing").await.unwrap();
    let other = bench.enqueue(&engine, "other").await.unwrap();
    assert_eq!(bench.end(&engine, other).await.status, Status::Succeed);
    stop(running).await;
    let engine = bench.engine();
    let running = engine.start();
    let later = bench.enqueue(&engine, "later").await.unwrap();
    bench.end(&engine, later).await;
    assert_eq!(bench.task(&engine, held).status, Status::Preparing);
    assert!(release(&bench, &engine, held).await);
    assert_eq!(bench.end(&engine, held).await.status, Status::Succeed);
    assert!(!release(&bench, &engine, held).await, "an end is final");
    stop(running).await;
}

#[tokio::test]
async fn a_step_that_holds_frees_its_worker_and_stops_the_deadline() {
    let mut bench = Bench::new();
    bench.clock = Clock::fixed_for_tests(START);
    bench.settings.workers = 1;
    bench.world.set("run start", Act::Holds(1, None));
    let engine = bench.engine();
    let running = engine.start();
    let held = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.world.calls().len() == 2).await;
    let other = bench.enqueue(&engine, "other").await.unwrap();
    assert_eq!(bench.end(&engine, other).await.status, Status::Succeed);
    // Far beyond the kind's minute.
    bench.clock.advance(Duration::from_secs(3600));
    assert_eq!(bench.task(&engine, held).status, Status::Running);
    assert!(release(&bench, &engine, held).await);
    assert_eq!(bench.end(&engine, held).await.status, Status::Succeed);
    stop(running).await;
}

#[tokio::test]
async fn a_step_may_hold_for_a_time_longer_than_the_deadline() {
    let mut bench = Bench::new();
    bench.clock = Clock::fixed_for_tests(START);
    bench.world.set("run start", Act::Holds(1, Some(Duration::from_secs(600))));
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.numbers("SELECT run_at FROM task WHERE deadline IS NULL") == [START + 600_000]).await;
    assert!(!release(&bench, &engine, id).await, "it waits for its time alone");
    bench.clock.advance(Duration::from_secs(600));
    assert_eq!(bench.end(&engine, id).await.status, Status::Succeed);
    stop(running).await;
}

#[tokio::test]
async fn all_are_released_at_once_and_all_are_deleted_at_once() {
    let bench = Bench::new();
    let engine = bench.engine();
    engine.set_gate(Arc::new(Holds("thing")));
    let held = bench.enqueue(&engine, "thing").await.unwrap();
    let own = engine.clone();
    let released: Result<_, db::Error> = bench.db.write(move |tx| own.release_all(tx)).await;
    assert_eq!(released.unwrap(), 1);
    let running = engine.start();
    bench.end(&engine, held).await;
    stop(running).await;
    assert!(engine.brief("tenant", held.0, |_| ()).unwrap().is_some());
    let own = engine.clone();
    let deleted: Result<_, db::Error> = bench.db.write(move |tx| own.delete_all(tx)).await;
    assert_eq!(deleted.unwrap(), 1);
    assert!(engine.brief("tenant", held.0, |_| ()).unwrap().is_none(), "not out of memory either");
    let running = engine.start();
    let next = bench.enqueue(&engine, "thing").await.unwrap();
    assert!(next > held, "the numbers go on");
    stop(running).await;
}

#[tokio::test]
async fn a_leap_of_the_date_makes_nothing_late_and_dates_what_comes_after() {
    let mut bench = Bench::shared();
    bench.settings.poll = Duration::from_secs(1);
    let semaphore = Arc::new(tokio::sync::Semaphore::new(0));
    bench.world.set("run start", Act::Waits(Arc::clone(&semaphore)));
    let engine = bench.engine();
    let running = engine.start();
    let id = bench.enqueue(&engine, "thing").await.unwrap();
    until(|| bench.world.calls().len() == 2).await;
    let week = 7 * 86_400_000;
    bench.clock.set_leapt(week);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(bench.task(&engine, id).status, Status::Running);
    semaphore.add_permits(1);
    let task = bench.end(&engine, id).await;
    assert_eq!((task.status, task.epoch), (Status::Succeed, 1));
    assert_eq!((task.created_at, task.ended_at), (START, Some(START + week)));
    stop(running).await;
}
