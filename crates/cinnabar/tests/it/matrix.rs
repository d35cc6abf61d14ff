//! `kill -9` of the whole service at each boundary of each kind of task: when it was accepted, when each step had begun and
//! a moment later, and when it had ended. The next service ends the task, and the instance is as promised.

use std::fmt;
use std::net::{IpAddr, TcpListener};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::{Folder, PASSWORD, Server, pause, until, working_under};

const NEW: &str = "N3w-password";

/// Where the service is killed.
#[derive(Debug, Clone, Copy)]
enum Boundary {
    /// The request is answered.
    Accepted,
    /// The step of this number has begun: that is durable.
    Begun(usize),
    /// So, and it has been at work for a moment.
    During(usize),
    /// The task has ended.
    Ended,
}

/// How often the service was killed where it was to be, and how often the task was faster.
#[derive(Default)]
struct Count {
    hit: usize,
    late: usize,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kills at a boundary, {} came after the task's end", self.hit, self.late)
    }
}

/// What sees how far a task is, while the service works.
enum Eyes {
    File(rusqlite::Connection),
    Shared(db::Db),
}

impl Eyes {
    fn on(folder: &Folder) -> Self {
        match db::testing::url(folder.path()).unwrap() {
            Some(url) => Self::Shared(db::Db::connect(&url, server::store::MIGRATIONS).unwrap()),
            None => Self::File(rusqlite::Connection::open(folder.data().join("state.db")).unwrap()),
        }
    }

    fn count(&self, sql: &str, task: i64) -> i64 {
        match self {
            Self::File(file) => file.query_row(&sql.replace('$', "?"), [task], |row| row.get(0)).unwrap(),
            Self::Shared(db) => {
                let counted = db.read(|tx| tx.query_opt(sql, db::params![task], |row| row.int(0)));
                let counted: Result<Option<i64>, db::Error> = counted;
                counted.unwrap().unwrap()
            }
        }
    }
}

/// A service that is killed and started again on the same folder, and the eyes on its state.
struct Story {
    server: Option<Server>,
    count: Count,
}

impl Story {
    fn new() -> Self {
        Self { server: Some(start(Folder::new())), count: Count::default() }
    }

    fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    fn call(&self, words: &[&str]) -> Value {
        self.server().call(words)
    }

    /// Has a task made by `words`, kills the service at the boundary, does what happens `meanwhile` and starts it again;
    /// the task's end.
    fn run(&mut self, words: &[&str], boundary: Boundary, meanwhile: impl FnOnce(&Folder)) -> (Value, String) {
        let answer = self.call(words);
        let task = match answer["TaskId"].as_i64() {
            Some(task) => task,
            None => self.call(&["DescribeTaskList", "Limit=1"])["Tasks"][0]["TaskId"].as_i64().unwrap(),
        };
        let hit = self.wait(task, boundary);
        self.server().signal(Signal::KILL);
        if hit {
            self.count.hit += 1;
        } else {
            self.count.late += 1;
        }
        let folder = self.server.take().unwrap().wait().2;
        meanwhile(&folder);
        self.server = Some(start(folder));
        (answer, self.end(task))
    }

    /// Whether the boundary was seen before the task had ended.
    fn wait(&self, task: i64, boundary: Boundary) -> bool {
        let eyes = Eyes::on(&self.server().folder);
        let begun = || eyes.count("SELECT COUNT(*) FROM task_event WHERE task_id = $1 AND event = 'started'", task);
        let ended = || eyes.count("SELECT COUNT(*) FROM task WHERE id = $1 AND ended_at IS NOT NULL", task) > 0;
        let (step, moment) = match boundary {
            Boundary::Accepted => return !ended(),
            Boundary::Begun(step) => (step, Duration::ZERO),
            Boundary::During(step) => (step, Duration::from_millis(4)),
            Boundary::Ended => (usize::MAX, Duration::ZERO),
        };
        let patience = Instant::now();
        while patience.elapsed() < Duration::from_secs(60) {
            if ended() {
                return matches!(boundary, Boundary::Ended);
            }
            if begun() > i64::try_from(step).unwrap_or(i64::MAX) {
                std::thread::park_timeout(moment);
                return !ended();
            }
        }
        panic!("task {task} never came to {boundary:?}");
    }

    fn end(&self, task: i64) -> String {
        for _ in 0..1200 {
            let seen = self.call(&["DescribeTaskInfo", &format!("TaskId={task}")]);
            match seen["Status"].as_str() {
                Some("preparing" | "running") => pause(),
                other => return other.unwrap_or_default().to_owned(),
            }
        }
        panic!("task {task} never ended");
    }

    fn tell(&self, what: &str) {
        println!("{what}: {}", self.count);
    }

    fn create(&mut self, boundary: Boundary) -> String {
        let (made, status) = self.run(&order(), boundary, |_| ());
        assert_eq!(status, "succeed", "{boundary:?}");
        let id = made["InstanceIds"][0].as_str().unwrap().to_owned();
        self.serves(&id, PASSWORD);
        id
    }

    fn on(&mut self, action: &str, id: &str, more: &[&str], boundary: Boundary) {
        let instance = format!("InstanceId={id}");
        let (_, status) = self.run(&[&[action, &instance], more].concat(), boundary, |_| ());
        assert_eq!(status, "succeed", "{action} {boundary:?}");
    }

    fn status(&self, id: &str) -> Option<i64> {
        self.call(&["DescribeInstances", &format!("InstanceId={id}")])["InstanceSet"][0]["Status"].as_i64()
    }

    /// Two processes run, and customers get in by this password and no other.
    fn serves(&self, id: &str, password: &str) {
        let shown = self.call(&["DescribeInstances", &format!("InstanceId={id}")])["InstanceSet"][0].clone();
        assert_eq!(shown["Status"], 2, "{shown}");
        let (ip, port) = (shown["WanIp"].as_str().unwrap(), shown["Port"].as_u64().unwrap());
        let ping = |password: &str| {
            let client = redis::Client::open(format!("redis://:{password}@{ip}:{port}/"))?;
            redis::cmd("PING").query::<String>(&mut client.get_connection()?)
        };
        assert_eq!(ping(password).unwrap(), "PONG");
        let other = if password == NEW { PASSWORD } else { NEW };
        assert!(ping(other).is_err(), "{id} takes both passwords");
        // A node may have a child for a moment, which saves or syncs.
        until("two processes", || self.processes(id) == 2);
    }

    fn processes(&self, id: &str) -> usize {
        let folder = std::fs::canonicalize(self.server().folder.data()).unwrap().join("instances").join(id);
        working_under(&folder).len()
    }
}

fn start(folder: Folder) -> Server {
    Server::start_in(folder, |command| {
        command.args(["--rate-limit", "off"]);
    })
}

fn order() -> [&'static str; 10] {
    [
        "CreateInstances",
        "TypeId=15",
        "ZoneId=100003",
        "MemSize=1024",
        "RedisShardNum=1",
        "RedisReplicasNum=1",
        "GoodsNum=1",
        "BillingMode=0",
        "Period=1",
        "Password=Passw0rd!",
    ]
}

/// Of a task with so many steps.
fn boundaries(steps: usize) -> impl Iterator<Item = Boundary> {
    let inside = (0..steps).flat_map(|step| [Boundary::Begun(step), Boundary::During(step)]);
    std::iter::once(Boundary::Accepted).chain(inside).chain(std::iter::once(Boundary::Ended))
}

#[test]
fn creations_and_start_ups_go_on() {
    let mut story = Story::new();
    for boundary in boundaries(3) {
        let id = story.create(boundary);
        story.on("DestroyPostpaidInstance", &id, &[], Boundary::Accepted);
        assert_eq!(story.processes(&id), 0);
        story.on("StartupInstance", &id, &[], boundary);
        story.serves(&id, PASSWORD);
        story.on("DestroyPostpaidInstance", &id, &[], Boundary::Accepted);
        story.on("CleanUpInstance", &id, &[], Boundary::Accepted);
        assert_eq!((story.status(&id), story.processes(&id)), (Some(-3), 0));
    }
    story.tell("creations and start-ups");
    assert!(story.count.hit >= 24, "{}", story.count);
}

#[test]
fn purges_passwords_ends_and_removals_go_on() {
    let mut story = Story::new();
    for boundary in boundaries(1) {
        let id = story.create(Boundary::Accepted);
        story.on("ClearInstance", &id, &["Password=Passw0rd!"], boundary);
        story.serves(&id, PASSWORD);
        story.on("ResetPassword", &id, &["Password=N3w-password"], boundary);
        story.serves(&id, NEW);
        story.on("DestroyPostpaidInstance", &id, &[], boundary);
        assert_eq!(story.processes(&id), 0);
        story.on("CleanUpInstance", &id, &[], boundary);
        assert_eq!((story.status(&id), story.processes(&id)), (Some(-3), 0));
    }
    story.tell("purges, passwords, ends and removals");
    assert!(story.count.hit >= 12, "{}", story.count);
}

/// The service dies while it starts nodes, and before it is back a stranger has the port: the task is undone.
#[test]
fn what_was_begun_before_a_kill_is_undone_after_it() {
    let mut story = Story::new();
    let address = story.server().folder.address;
    let mut stranger = None;
    let (made, status) = story.run(&order(), Boundary::Begun(1), |folder| stranger = Some(take_port(folder, address)));
    assert_eq!(status, "failed");
    let id = made["InstanceIds"][0].as_str().unwrap();
    assert_eq!((story.status(id), story.processes(id)), (None, 0), "nothing of it is left");
    drop(stranger.take());
    let id = story.create(Boundary::Ended);
    story.on("DestroyPostpaidInstance", &id, &[], Boundary::Ended);
    let start_up = ["StartupInstance", &format!("InstanceId={id}")];
    let (_, status) = story.run(&start_up, Boundary::Begun(1), |folder| stranger = Some(take_port(folder, address)));
    assert_eq!((status.as_str(), story.processes(&id)), ("failed", 0), "it is isolated as before");
    drop(stranger.take());
    story.on("StartupInstance", &id, &[], Boundary::Ended);
    story.serves(&id, PASSWORD);
}

/// Kills what the service has started so far and listens where the master would.
fn take_port(folder: &Folder, address: IpAddr) -> TcpListener {
    let path = std::fs::canonicalize(folder.path()).unwrap();
    for _ in 0..400 {
        let left = working_under(&path);
        left.iter().filter_map(|pid| Pid::from_raw(*pid)).for_each(|pid| {
            // It may have ended meanwhile.
            let _ = kill_process(pid, Signal::KILL);
        });
        match TcpListener::bind((address, 6379)) {
            Ok(listener) if left.is_empty() => return listener,
            _ => pause(),
        }
    }
    panic!("port 6379 of {address} never became free");
}
