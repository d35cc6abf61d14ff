//! `kill -9` of the server at a random moment, again and again: no answered task is lost, no instance is half made, no
//! process is an orphan.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Folder, PASSWORD, Server, pause, working_under};

/// How often the server is killed. `CINNABAR_KILLS` sets another number.
const KILLS: usize = 50;
/// So many instances live at once.
const INSTANCES: usize = 4;

/// What the clients know: the ids that were answered.
#[derive(Default)]
struct Known {
    tasks: BTreeSet<i64>,
    instances: BTreeSet<String>,
}

/// A small generator is enough: what matters is that the moments differ.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn fifty_kills_lose_nothing() {
    let kills = std::env::var("CINNABAR_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let mut random = Random(u64::from(std::process::id()));
    let mut known = Known::default();
    let mut folder = Folder::new();
    for round in 0..kills {
        let server = start(folder);
        work(&server, round, &mut random, &mut known);
        std::thread::park_timeout(Duration::from_millis(random.below(70)));
        server.signal(Signal::KILL);
        folder = server.wait().2;
    }
    let server = start(folder);
    all_tasks_end(&server, &known);
    let running = whole_or_gone(&server, &known);
    no_orphans(&server.folder, &running);
}

fn start(folder: Folder) -> Server {
    Server::start_in(folder, |command| {
        command.args(["--rate-limit", "off"]);
    })
}

/// Buys, purges or destroys, whatever the number of instances asks for. A call may well be refused: an instance may be
/// locked by a task that the last kill interrupted.
fn work(server: &Server, round: usize, random: &mut Random, known: &mut Known) {
    let listed = server.call(&["DescribeInstances", "Status=[2]"]);
    let running: Vec<&str> =
        listed["InstanceSet"].as_array().unwrap().iter().filter_map(|one| one["InstanceId"].as_str()).collect();
    if running.len() < INSTANCES {
        let order = [
            "CreateInstances",
            "TypeId=15",
            "MemSize=1024",
            "GoodsNum=1",
            "BillingMode=0",
            "Period=1",
            "Password=Passw0rd!",
        ];
        note(server, &order, known);
    }
    for id in &running {
        note(server, &["ClearInstance", &format!("InstanceId={id}"), &format!("Password={PASSWORD}")], known);
    }
    if let Some(oldest) = running.last().filter(|_| round % 5 == 4 && running.len() >= INSTANCES) {
        note(server, &["DestroyPostpaidInstance", &format!("InstanceId={oldest}")], known);
    }
    if random.below(2) == 0 {
        let isolated = server.call(&["DescribeInstances", "Status=[-2,-3]"]);
        for id in isolated["InstanceSet"].as_array().unwrap().iter().filter_map(|one| one["InstanceId"].as_str()) {
            note(server, &["CleanUpInstance", &format!("InstanceId={id}")], known);
        }
    }
}

/// Makes a call and remembers what it answered.
fn note(server: &Server, words: &[&str], known: &mut Known) {
    let ended = server.client(&[&["call"], words].concat());
    if ended.code != Some(0) {
        assert!(!ended.err.contains("InternalError"), "{ended:?}");
        return;
    }
    let answer = ended.json();
    known.tasks.extend(answer["TaskId"].as_i64());
    known
        .instances
        .extend(answer["InstanceIds"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
}

fn all_tasks_end(server: &Server, known: &Known) {
    let listed = server.call(&["DescribeTaskList", "Limit=100"]);
    let of_creations = listed["Tasks"].as_array().unwrap().iter().filter_map(|task| task["TaskId"].as_i64());
    let ids: BTreeSet<i64> = known.tasks.iter().copied().chain(of_creations).collect();
    assert!(ids.len() >= 10, "too little happened: {ids:?}");
    for id in ids {
        for left in (0..3000).rev() {
            let task = server.call(&["DescribeTaskInfo", &format!("TaskId={id}")]);
            match task["Status"].as_str() {
                Some("succeed" | "failed") => break,
                Some("preparing" | "running") if left > 0 => pause(),
                _ => panic!("task {id} does not end well: {task}"),
            }
        }
    }
}

/// Every answered instance runs and answers its password, or is isolated, or is gone; answers those that run.
fn whole_or_gone(server: &Server, known: &Known) -> BTreeSet<String> {
    let mut running = BTreeSet::new();
    for id in &known.instances {
        let listed = server.call(&["DescribeInstances", &format!("InstanceId={id}")]);
        let one = &listed["InstanceSet"][0];
        match one["Status"].as_i64() {
            Some(2) => {
                let (ip, port) = (one["WanIp"].as_str().unwrap(), one["Port"].as_u64().unwrap());
                answers(ip, port);
                running.insert(id.clone());
            }
            Some(-2 | -3) | None => {}
            other => panic!("{id} is neither whole nor gone: {other:?}"),
        }
    }
    // Those whose answer was lost by a kill count too.
    let all = server.call(&["DescribeInstances", "Status=[2]", "Limit=1000"]);
    running.extend(
        all["InstanceSet"].as_array().unwrap().iter().filter_map(|one| one["InstanceId"].as_str()).map(str::to_owned),
    );
    running
}

fn answers(ip: &str, port: u64) {
    let client = redis::Client::open(format!("redis://:{PASSWORD}@{ip}:{port}/")).unwrap();
    for left in (0..500).rev() {
        let pong =
            client.get_connection().and_then(|mut connection| redis::cmd("PING").query::<String>(&mut connection));
        match pong {
            Ok(pong) => return assert_eq!(pong, "PONG"),
            Err(error) => assert!(left > 0, "{ip}:{port} does not answer: {error}"),
        }
        pause();
    }
}

/// Every process belongs to a node of a running instance, and each of those has one.
fn no_orphans(folder: &Folder, running: &BTreeSet<String>) {
    let data = fs::canonicalize(folder.data()).unwrap().join("instances");
    let wanted = running.len() * 2;
    let mut owners = Vec::new();
    for _ in 0..1000 {
        let folders = working_under(&data).into_iter().filter_map(|pid| fs::read_link(format!("/proc/{pid}/cwd")).ok());
        owners =
            folders.filter_map(|cwd| Some(cwd.strip_prefix(&data).ok()?.iter().next()?.to_str()?.to_owned())).collect();
        if owners.len() == wanted && owners.iter().all(|owner| running.contains(owner)) {
            return;
        }
        pause();
    }
    panic!("{wanted} processes of {running:?} should be there, but these are: {owners:?}");
}
