//! PostgreSQL is stopped like in a crash and started again, several times, under a server that is busy: no task is lost, no
//! answer is a lie, and all goes on by itself.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use db::{Db, Param};

use crate::cluster::Cluster;
use crate::harness::{Folder, PASSWORD, Server, pause};

/// How often the database goes away.
const OUTAGES: usize = 5;
/// So many customers, each with an instance.
const CUSTOMERS: usize = 3;
/// What is only true once a purge was not carried out.
const KEY: &str = "marker";

/// What a customer was told.
#[derive(Default)]
struct Told {
    /// The tasks that were accepted.
    tasks: Vec<i64>,
    /// The requests that were refused with "nothing was changed".
    refused: Vec<String>,
    /// Those of which nobody knew.
    doubtful: usize,
    /// How often it could not be told how a task stands.
    unanswered: usize,
}

#[test]
fn outages_lose_no_task_and_make_nobody_lie() {
    let Some(cluster) = Cluster::start() else { return };
    let server = Server::start_in(Folder::new(), |command| {
        command.args(["--rate-limit", "off"]).env("CINNABAR_DATABASE_URL", cluster.url());
    });
    let (probe, instances) = (server.create(), (0..CUSTOMERS).map(|_| server.create()).collect::<Vec<_>>());
    [&probe].into_iter().chain(&instances).for_each(|id| wait_until_free(&server, id));
    let (stop, mut recoveries) = (AtomicBool::new(false), Vec::new());
    let told: Vec<Told> = std::thread::scope(|scope| {
        let customers: Vec<_> =
            instances.iter().map(|id| scope.spawn(|| purge_again_and_again(&server, id, &stop))).collect();
        for round in 0..OUTAGES {
            std::thread::park_timeout(Duration::from_millis(900 + 70 * u64::try_from(round).unwrap()));
            cluster.stop_dead();
            std::thread::park_timeout(Duration::from_millis(700));
            recoveries.push(recovery(&cluster, &server, &probe));
        }
        stop.store(true, Ordering::SeqCst);
        customers.into_iter().map(|customer| customer.join().unwrap()).collect()
    });
    instances.iter().for_each(|id| wait_until_free(&server, id));
    judge(&cluster, &told);
    println!("back after {recoveries:?}");
    assert!(recoveries.iter().all(|time| *time < Duration::from_secs(20)), "{recoveries:?}");
}

/// From the moment at which the database takes connections to the end of a task that was ordered since.
fn recovery(cluster: &Cluster, server: &Server, instance: &str) -> Duration {
    std::thread::scope(|scope| {
        scope.spawn(|| cluster.start_again());
        while Db::connect(cluster.url(), server::store::MIGRATIONS).is_err() {
            std::thread::park_timeout(Duration::from_millis(2));
        }
        let back = Instant::now();
        let purge = ["call", "ClearInstance", &format!("InstanceId={instance}"), &format!("Password={PASSWORD}")];
        loop {
            if let Some(task) = server.client(&purge).json()["TaskId"].as_i64() {
                assert_eq!(ended(server, task).0, "succeed");
                return back.elapsed();
            }
            assert!(back.elapsed() < Duration::from_secs(30), "the database is back, and the server is not");
        }
    })
}

/// Writes a key, purges, follows the task: as customers do, whatever happens meanwhile.
fn purge_again_and_again(server: &Server, id: &str, stop: &AtomicBool) -> Told {
    let (mut told, master) = (Told::default(), master(server, id));
    while !stop.load(Ordering::SeqCst) {
        command(&master, &["SET", KEY, "1"]);
        let purge = ["call", "ClearInstance", &format!("InstanceId={id}"), &format!("Password={PASSWORD}")];
        let answer = server.client(&purge).json();
        if let Some(task) = answer["TaskId"].as_i64() {
            told.tasks.push(task);
            let (status, unanswered) = ended(server, task);
            told.unanswered += unanswered;
            if status == "succeed" {
                let left = command(&master, &["EXISTS", KEY]);
                assert_eq!(left, 0, "task {task} is `succeed`, and the key is there");
            }
            continue;
        }
        let error = &answer["Error"];
        let message = error["Message"].as_str().unwrap_or_default();
        match error["Code"].as_str() {
            Some("InternalError") if message.contains("nothing was changed") => {
                assert!(message.contains("the database is away"), "{answer}");
                told.refused.push(answer["RequestId"].as_str().unwrap().to_owned());
            }
            Some("InternalError") => told.doubtful += 1,
            // A purge of which nobody knew is on its way.
            Some(_) if message.contains("task") => pause(),
            _ => panic!("{answer}"),
        }
    }
    told
}

/// Polls a task until it ends: how, and how many polls had no answer, as in an outage.
fn ended(server: &Server, task: i64) -> (String, usize) {
    let (begun, mut unanswered) = (Instant::now(), 0);
    loop {
        let answer = server.client(&["call", "DescribeTaskInfo", &format!("TaskId={task}")]).json();
        match answer["Status"].as_str() {
            Some(status @ ("succeed" | "failed")) => return (status.to_owned(), unanswered),
            Some("preparing" | "running") => pause(),
            Some(other) => panic!("task {task}: {other}: {answer}"),
            None => {
                assert_eq!(answer["Error"]["Code"], "InternalError", "task {task} was answered, and is: {answer}");
                unanswered += 1;
            }
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "task {task} does not end: {answer}");
    }
}

/// What the database says about what the customers were told.
fn judge(cluster: &Cluster, told: &[Told]) {
    let db = Db::connect(cluster.url(), server::store::MIGRATIONS).unwrap();
    let sql = "SELECT id, status, request_id FROM task WHERE kind = 'ClearInstance'";
    let rows: Result<Vec<_>, db::Error> =
        db.read(|tx| tx.query(sql, &[] as &[Param<'_>], |row| Ok((row.int(0)?, (row.text(1)?, row.text(2)?)))));
    let tasks: BTreeMap<i64, (String, String)> = rows.unwrap().into_iter().collect();
    let answered: Vec<i64> = told.iter().flat_map(|told| told.tasks.clone()).collect();
    let refused: Vec<&String> = told.iter().flat_map(|told| &told.refused).collect();
    let doubtful: usize = told.iter().map(|told| told.doubtful).sum();
    for id in &answered {
        let ended = tasks.get(id).map(|(status, _)| status.as_str());
        assert!(matches!(ended, Some("succeed" | "failed")), "task {id} was answered, and is {ended:?}");
    }
    for (id, (status, request)) in &tasks {
        assert!(matches!(status.as_str(), "succeed" | "failed"), "task {id} is left {status}");
        assert!(!refused.contains(&request), "task {id} was made by a request that was told that nothing was changed");
    }
    println!(
        "{} tasks answered, {} refused, {doubtful} in doubt, {} tasks in all",
        answered.len(),
        refused.len(),
        tasks.len()
    );
    assert!(answered.len() >= 2 * OUTAGES, "too little happened: {answered:?}");
    let unanswered: usize = told.iter().map(|told| told.unanswered).sum();
    assert!(refused.len() + unanswered > 0, "no outage was noticed");
    assert!(tasks.len() <= answered.len() + doubtful + OUTAGES, "there are tasks that nobody ordered");
}

fn wait_until_free(server: &Server, id: &str) {
    for _ in 0..2400 {
        let listed = server.client(&["call", "DescribeInstances", &format!("InstanceId={id}")]).json();
        if listed["InstanceSet"][0]["Status"] == 2 {
            return;
        }
        pause();
    }
    panic!("{id} does not come to rest");
}

fn master(server: &Server, id: &str) -> String {
    let listed = server.call(&["DescribeInstances", &format!("InstanceId={id}")]);
    let one = &listed["InstanceSet"][0];
    format!("redis://:{PASSWORD}@{}:{}/", one["WanIp"].as_str().unwrap(), one["Port"].as_u64().unwrap())
}

/// One command to the master, whose answer is a number, or `OK`.
fn command(url: &str, words: &[&str]) -> i64 {
    let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    match command.query::<redis::Value>(&mut connection).unwrap() {
        redis::Value::Int(number) => number,
        _ => 0,
    }
}
