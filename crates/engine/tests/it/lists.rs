//! Lists out of memory against the same lists by SQL alone, whatever happened to the tasks and whoever ended them.

use std::time::Duration;

use db::params;
use engine::{Engine, Settings, Status, TaskFilter};
use proptest::prelude::*;

use crate::support::{Act, Bench, START, me, stop};

const KINDS: [&str; 3] = ["make", "clear", "remove"];
const REGIONS: [&str; 2] = ["region", "elsewhere"];

#[derive(Debug, Clone)]
enum Op {
    /// A task of this kind, region, operator, subject, so many milliseconds after the start.
    Add(usize, usize, u8, u8, i64),
    /// One of the tasks that have not ended comes to this status.
    Move(prop::sample::Index, Status),
    List(TaskFilter),
}

fn words(range: std::ops::Range<u8>) -> impl Strategy<Value = Option<Vec<String>>> {
    let few = prop::collection::vec(range.prop_map(|number| number.to_string()), 0..3);
    // Few subjects are looked up in another way than many: so some lists have words that nothing has.
    let padded = (few, prop::bool::ANY).prop_map(|(mut words, pad)| {
        if pad {
            words.extend((100..110).map(|number| number.to_string()));
        }
        words
    });
    prop::option::of(padded)
}

fn filter() -> impl Strategy<Value = TaskFilter> {
    let status = prop::sample::select(Status::ALL.to_vec());
    let lists = (words(0..5), words(0..3), prop::option::of(prop::collection::vec(status, 0..4)));
    let kinds = prop::option::of(prop::collection::vec(prop::sample::select(KINDS.to_vec()), 0..3));
    let times = (prop::option::of(-5..50_i64), prop::option::of(-5..50_i64));
    // A page that reaches far is read in another way.
    let limit = prop_oneof![3 => 1..8_u32, 1 => Just(2000)];
    (lists, kinds, times, 0..2_usize, 0..12_u32, limit).prop_map(
        |((subjects, operators, statuses), kinds, (from, to), region, offset, limit)| TaskFilter {
            tenant: "tenant".to_owned(),
            region: Some(REGIONS[region].to_owned()),
            subjects,
            kinds: kinds.map(|kinds| kinds.into_iter().map(str::to_owned).collect()),
            statuses,
            operators,
            created_from: from.map(|from| START + from),
            created_to: to.map(|to| START + to),
            offset,
            limit,
        },
    )
}

fn op() -> impl Strategy<Value = Op> {
    let status = prop::sample::select(Status::ALL.to_vec());
    prop_oneof![
        5 => (0..3_usize, 0..2_usize, 0..3_u8, 0..5_u8, 0..40_i64).prop_map(|(a, b, c, d, e)| Op::Add(a, b, c, d, e)),
        6 => (any::<prop::sample::Index>(), status).prop_map(|(which, status)| Op::Move(which, status)),
        4 => filter().prop_map(Op::List),
    ]
}

/// Writes a task as the engine does; nothing when its subject has one that has not ended.
async fn add(bench: &Bench, (kind, region, operator, subject, at): (usize, usize, u8, u8, i64)) {
    let sql = "INSERT INTO task (kind, tenant, region, subject, status, params, steps, run_at, time_limit, total_steps,
               request_id, operator, client, created_at)
               VALUES ($1, 'tenant', $2, $3, 'preparing', 'null', '[]', 0, 0, 1, '', $4, '', $5) ON CONFLICT DO NOTHING";
    let (subject, operator) = (subject.to_string(), operator.to_string());
    let insert =
        move |tx: &db::Tx<'_>| tx.execute(sql, params![KINDS[kind], REGIONS[region], &subject, &operator, START + at]);
    let done: Result<usize, db::Error> = bench.db.write(insert).await;
    done.unwrap();
}

async fn move_on(bench: &Bench, which: impl Fn(&[i64]) -> i64, status: Status) {
    let open = bench.numbers("SELECT id FROM task WHERE end_no = 0 ORDER BY id");
    if open.is_empty() {
        return;
    }
    let id = which(&open);
    let sql = "UPDATE task SET status = $2, end_no = CASE WHEN $2 IN ('succeed', 'failed')
               THEN (SELECT COALESCE(MAX(end_no), 0) + 1 FROM task) ELSE 0 END WHERE id = $1";
    let update = move |tx: &db::Tx<'_>| tx.execute(sql, params![id, status.as_str()]);
    let done: Result<usize, db::Error> = bench.db.write(update).await;
    done.unwrap();
}

fn compare(engine: &Engine, filter: &TaskFilter) {
    let read = engine.read_lists(|tx, ended| {
        let ids = |(total, tasks): (u64, Vec<engine::Task>)| {
            (total, tasks.iter().map(|task| (task.id, task.status)).collect::<Vec<_>>())
        };
        Ok::<_, db::Error>((ids(ended.list(tx, filter)?), ids(engine.list(tx, filter)?)))
    });
    let (out_of_memory, by_sql) = read.unwrap();
    assert_eq!(out_of_memory, by_sql, "{filter:?}");
}

async fn play(ops: Vec<Op>, most: usize) {
    let bench = Bench::shared();
    let one = bench.engine();
    let settings = Settings { listed: most, listed_back: Duration::from_secs(1), ..bench.settings.clone() };
    let other = Bench {
        settings,
        world: bench.world.clone(),
        db: bench.db.clone(),
        clock: bench.clock.clone(),
        ..Bench::shared()
    }
    .engine();
    for op in ops {
        match op {
            Op::Add(kind, region, operator, subject, at) => add(&bench, (kind, region, operator, subject, at)).await,
            Op::Move(which, status) => move_on(&bench, |open| *which.get(open), status).await,
            Op::List(filter) => {
                compare(&one, &filter);
                compare(&other, &filter);
            }
        }
    }
    for region in REGIONS {
        let filter = TaskFilter { created_from: Some(START), ..all(region) };
        compare(&one, &filter);
        compare(&other, &filter);
    }
}

fn all(region: &str) -> TaskFilter {
    TaskFilter { tenant: "tenant".to_owned(), region: Some(region.to_owned()), limit: 100, ..TaskFilter::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The second engine may hold few tasks only, so that its lists come from SQL when they go back further.
    #[test]
    fn lists_out_of_memory_say_what_sql_says(ops in prop::collection::vec(op(), 1..60), most in 0..12_usize) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(play(ops, most));
    }
}

/// Every way in which the engine writes an end.
#[tokio::test]
async fn what_one_engine_ends_another_lists_at_once() {
    let bench = Bench::shared();
    let (engine, lister) = (bench.engine(), bench.engine());
    let filter =
        |statuses: &[Status]| TaskFilter { created_from: Some(0), statuses: Some(statuses.to_vec()), ..all("region") };
    let total = |statuses: &[Status]| {
        let filter = filter(statuses);
        let read = lister.read_lists(|tx, ended| ended.list(tx, &filter));
        compare(&lister, &filter);
        read.unwrap().0
    };
    assert_eq!(total(&Status::ALL), 0);
    let running = engine.start();
    for (number, acts) in [vec![], vec!["run publish"], vec!["run publish", "undo start"]].into_iter().enumerate() {
        ["run publish", "undo start"].iter().for_each(|call| bench.world.set(call, Act::Works));
        acts.iter().for_each(|call| bench.world.set(call, Act::Fails));
        let id = bench.enqueue(&engine, &format!("thing {number}")).await.unwrap();
        assert_eq!(total(&Status::ALL), number as u64 + 1);
        bench.end(&engine, id).await;
    }
    let count = |statuses: &[Status]| statuses.iter().map(|status| total(&[*status])).collect::<Vec<_>>();
    assert_eq!(count(&[Status::Succeed, Status::Failed, Status::Error]), [1, 1, 1]);
    let (stuck, again) = (engine::TaskId(10_003), engine.clone());
    assert!(bench.db.write(move |tx| again.abandon(tx, stuck, &me())).await.unwrap());
    assert_eq!(count(&[Status::Succeed, Status::Failed, Status::Error]), [1, 2, 0]);
    stop(running).await;
    assert_eq!(bench.numbers("SELECT end_no FROM task ORDER BY id"), [1, 2, 3]);
}

#[tokio::test]
async fn deleted_tasks_are_forgotten() {
    let bench = Bench::shared();
    let engine = bench.engine();
    for at in 0..3 {
        add(&bench, (0, 0, 0, 0, at)).await;
        move_on(&bench, |open| open[0], Status::Succeed).await;
    }
    let filter = TaskFilter { created_from: Some(START), ..all("region") };
    compare(&engine, &filter);
    let other = bench.engine();
    compare(&other, &filter);
    bench.sql("DELETE FROM task WHERE id = 10002").await;
    engine.forget_cached();
    compare(&engine, &filter);
    // Nobody tells the other; the last end has gone.
    bench.sql("DELETE FROM task").await;
    engine.forget_cached();
    compare(&engine, &filter);
    compare(&other, &filter);
}
