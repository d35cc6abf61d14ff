//! DescribeTaskList with each filter over 1,000,000 ended and 10,000 open tasks, one request after the other; against the
//! same list by SQL alone. That both have the same TotalCount is part of the measurement.

use std::time::Instant;

use db::Db;
use engine::{Clock, Engine, Registry, Settings, Status, TaskFilter};
use serde_json::{Value, json};
use server::model::{task_type, wire_time};

use super::Bench;
use crate::error::Error;
use crate::histogram::Histogram;
use crate::output::{self, Row};
use crate::process::{self, Process};
use crate::stats::{median, millis};
use crate::wire::{self, Caller};
use crate::{load, seed};

/// Wanted at most, in seconds.
const P99: f64 = 0.010;
const DAY: i64 = 24 * 3_600_000;

/// A filter as a client and as the engine says it.
struct Asked {
    name: &'static str,
    body: Value,
    filter: TaskFilter,
}

/// The first list, and each filter.
pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    let listen = process::free_address("127.0.0.1")?;
    let command = process::serve(&bench.cinnabar, &bench.million, listen, "127.0.0.1");
    let mut server = Process::start(command, &bench.million)?;
    let mut caller = Caller::connect(server.address()?)?;
    let (before, start) = (server.memory(), Instant::now());
    caller.call("DescribeTaskList", "{}")?;
    let first = start.elapsed().as_secs_f64();
    let db = server::store::open(&bench.million.join("data"), &"".into())?;
    let mut rows = vec![
        Row::alone("DescribeTaskList, the first since the start, 1,000,000 ended and 10,000 open tasks", millis(first)),
        Row::alone(
            "- resident memory before it, after it; of that no file's, which is mapped into memory",
            format!("{before:.1}, {:.1}; {:.1} MiB", server.memory(), server.own_memory()),
        ),
    ];
    for asked in all() {
        rows.push(one(bench, &mut caller, &db, &asked)?);
    }
    Ok(rows)
}

fn one(bench: &Bench, caller: &mut Caller, db: &Db, asked: &Asked) -> Result<Row, Error> {
    let (body, mut latency) = (asked.body.to_string(), Histogram::new());
    let mut total = String::new();
    for round in 0..bench.plan.pick(1020, 220) {
        let request = caller.prepare("DescribeTaskList", &body);
        let start = Instant::now();
        let answer = caller.exchange(&request)?;
        // The first fill caches.
        if round >= 20 {
            latency.record(start.elapsed());
        }
        load::accepted(answer.as_bytes())?;
        total = wire::member(&answer, "TotalCount")?;
    }
    let (by_sql, expected) = by_sql(db, &asked.filter)?;
    if total != expected.to_string() {
        return Err(Error::Unexpected(format!("{}: TotalCount is {total}, by SQL {expected}", asked.name)));
    }
    let (p50, p99) = (latency.quantile(0.50) / 1e6, latency.quantile(0.99) / 1e6);
    output::progress(&format!("{}: {total} tasks, p50 {}, p99 {}", asked.name, millis(p50), millis(p99)));
    let what = format!("- {}: {total} tasks; p50, p99; the same by SQL alone", asked.name);
    let row = Row::alone(what, format!("{}, {}", millis(p50), millis(p99))).baseline(millis(by_sql), p50 / by_sql);
    Ok(row.target("p99 <= 10 ms", p99 <= P99))
}

/// Seconds that the list takes by SQL alone, on this core, and how many tasks pass.
fn by_sql(db: &Db, filter: &TaskFilter) -> Result<(f64, u64), Error> {
    let engine = Engine::new(db.clone(), Registry::default(), Clock::system(), Settings::default());
    let (mut times, mut total) = (Vec::new(), 0);
    for _ in 0..3 {
        let start = Instant::now();
        total = db.read(|tx| engine.list(tx, filter))?.0;
        times.push(start.elapsed().as_secs_f64());
    }
    Ok((median(times), total))
}

fn all() -> Vec<Asked> {
    let now = Clock::system().now_ms();
    let time = |ago: i64| {
        let at = (now - ago) / 1000 * 1000;
        (at, wire_time::offset("+08:00").map(|offset| wire_time::format(at, offset)))
    };
    let ((begin, begin_text), (end, end_text)) = (time(20 * DAY), time(DAY));
    let filter = || TaskFilter {
        tenant: server::service::ROOT_UIN.to_owned(),
        region: Some(seed::REGION.to_owned()),
        created_from: Some(now - 30 * DAY),
        limit: 20,
        ..TaskFilter::default()
    };
    let named = |part: &str| Some(seed::instances().filter(|one| one.name.contains(part)).map(|one| one.id).collect());
    let of_projects = |projects: &[i64]| {
        Some(seed::instances().filter(|one| projects.contains(&one.project_id)).map(|one| one.id).collect())
    };
    let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
    let asked = |name, body, filter| Asked { name, body, filter };
    vec![
        asked("no filter", json!({}), filter()),
        asked(
            "InstanceId",
            json!({"InstanceId": seed::subject(7)}),
            TaskFilter { subjects: Some(vec![seed::subject(7)]), ..filter() },
        ),
        asked(
            "InstanceName that 1,000 instances have",
            json!({"InstanceName": "SHOP"}),
            TaskFilter { subjects: named("shop"), ..filter() },
        ),
        asked(
            "InstanceName that all 11,000 have",
            json!({"InstanceName": "-"}),
            TaskFilter { subjects: named("-"), ..filter() },
        ),
        asked("ProjectIds", json!({"ProjectIds": [3, 4]}), TaskFilter { subjects: of_projects(&[3, 4]), ..filter() }),
        asked(
            "TaskTypes",
            json!({"TaskTypes": ["004", "006"]}),
            TaskFilter { kinds: words(&[task_type::CLEAR.kind, task_type::CLEAN_UP.kind]), ..filter() },
        ),
        asked(
            "BeginTime and EndTime",
            json!({"BeginTime": begin_text, "EndTime": end_text}),
            TaskFilter { created_from: Some(begin), created_to: Some(end + 999), ..filter() },
        ),
        asked("Result 2", json!({"Result": [2]}), TaskFilter { statuses: Some(vec![Status::Succeed]), ..filter() }),
        asked(
            "TaskStatus 1, 4",
            json!({"TaskStatus": [1, 4]}),
            TaskFilter { statuses: Some(vec![Status::Running, Status::Failed, Status::Error]), ..filter() },
        ),
        asked(
            "OperatorUin",
            json!({"OperatorUin": [100_000_000_001_i64]}),
            TaskFilter { operators: words(&[server::service::ROOT_UIN]), ..filter() },
        ),
        asked("Offset 900,000", json!({"Offset": 900_000}), TaskFilter { offset: 900_000, ..filter() }),
        asked(
            "all together, Offset 100,000, Limit 100",
            json!({"InstanceName": "shop", "ProjectIds": [1, 2, 3, 4], "TaskTypes": ["001", "004", "007"], "Result": [2],
                "BeginTime": begin_text, "EndTime": end_text, "OperatorUin": [100_000_000_001_i64],
                "Offset": 100_000, "Limit": 100}),
            TaskFilter {
                subjects: Some(
                    seed::instances()
                        .filter(|one| one.name.contains("shop") && (1..=4).contains(&one.project_id))
                        .map(|one| one.id)
                        .collect(),
                ),
                kinds: words(&["CreateInstances", "ClearInstance", "ResetPassword"]),
                statuses: Some(vec![Status::Succeed]),
                operators: words(&[server::service::ROOT_UIN]),
                created_from: Some(begin),
                created_to: Some(end + 999),
                offset: 100_000,
                limit: 100,
                ..filter()
            },
        ),
    ]
}
