//! The nodes of a test, their PostgreSQL, and how a customer calls them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, RwLock};
use std::time::Duration;

use api::Secret;
use db::{Db, Param, Row};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use server::folder::Credentials;

use crate::harness::{Folder, PASSWORD, cinnabar, own_address, pause};

/// In seconds: how long a node's claims hold in these tests.
pub(crate) const LEASE: u64 = 5;

/// A throw-away PostgreSQL, or the one that the tests were given.
struct Postgres {
    /// Removed at the end.
    folder: Option<PathBuf>,
}

impl Postgres {
    /// `None` when none is installed.
    fn start(folder: &Path) -> Option<(Self, String)> {
        if let Some(url) = db::testing::url(folder).unwrap() {
            return Some((Self { folder: None }, url));
        }
        let path = folder.join("postgres");
        let made = script("make", &path).output().unwrap();
        let (out, err) = (String::from_utf8(made.stdout).unwrap(), String::from_utf8(made.stderr).unwrap());
        if err.contains("there is no PostgreSQL server") {
            eprintln!("skipped: {err}");
            return None;
        }
        assert!(made.status.success(), "{err}");
        Some((Self { folder: Some(path) }, out.trim().to_owned()))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let removed = script("remove", folder).status();
            assert!(removed.is_ok_and(|status| status.success()) || std::thread::panicking());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "these tests are about processes")]
fn script(verb: &str, folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres.sh")).arg(verb).arg(folder);
    command
}

/// One `cinnabar serve`.
pub(crate) struct Node {
    pub(crate) name: String,
    child: Option<Child>,
    flags: Vec<String>,
}

/// All of them. The order of the fields is that of their end.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Mutex<Node>>,
    /// Where each answers; the last place that it had while it is down.
    endpoints: Vec<RwLock<String>>,
    pub(crate) db: Db,
    _postgres: Postgres,
    pub(crate) folder: Folder,
    url: String,
    ids: OnceLock<Vec<String>>,
    own_folders: bool,
}

impl Cluster {
    /// Nodes of one host that all do everything.
    pub(crate) fn start(count: usize) -> Option<Self> {
        let flags = |_| vec!["--host-name".to_owned(), "shared".to_owned()];
        Self::start_with((0..count).map(flags).collect(), false)
    }

    /// One node for each list of flags; all share one folder of nodes, or each has its own.
    pub(crate) fn start_with(flags: Vec<Vec<String>>, own_folders: bool) -> Option<Self> {
        let folder = Folder::new();
        let (postgres, url) = Postgres::start(folder.path())?;
        let endpoints = flags.iter().map(|_| RwLock::default()).collect();
        let node = |(number, flags)| Mutex::new(Node { name: format!("node-{number}"), child: None, flags });
        let nodes: Vec<_> = (1..).zip(flags).map(node).collect();
        let db = server::store::open(folder.path(), &Secret::from(url.clone())).unwrap();
        let ids = OnceLock::new();
        let cluster = Self { nodes, endpoints, db, _postgres: postgres, folder, url, ids, own_folders };
        (0..cluster.nodes.len()).for_each(|number| cluster.up(number, &mut cluster.node(number)));
        Some(cluster)
    }

    pub(crate) fn node(&self, number: usize) -> MutexGuard<'_, Node> {
        self.nodes[number].lock().unwrap()
    }

    /// Starts a node that is down, and waits until it says that it is ready.
    pub(crate) fn up(&self, number: usize, node: &mut Node) {
        let mut command = cinnabar();
        let data = self.folder.path().join(&node.name);
        command.args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "off", "--data"]).arg(data);
        command.arg("--instances").arg(self.instances(number)).args(&node.flags);
        command.env("CINNABAR_DATABASE_URL", &self.url).env("CINNABAR_TASKS_LEASE", LEASE.to_string());
        // Two hosts of one test are on one machine.
        let address = if self.own_folders { own_address() } else { self.folder.address };
        command.env("CINNABAR_NETWORK_ADDRESSES", address.to_string());
        let log = fs::File::options().create(true).append(true).open(self.log(&node.name)).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "{} is not ready: {}", node.name, self.read_log(&node.name));
        if let Some(endpoint) = line.strip_prefix("listening on ") {
            endpoint.trim_end().clone_into(&mut self.endpoints[number].write().unwrap());
        }
        node.child = Some(child);
    }

    /// The folder of a node's Redis nodes.
    pub(crate) fn instances(&self, number: usize) -> PathBuf {
        // Under the one that is looked through at the end of a test.
        let all = self.folder.data().join("instances");
        if self.own_folders { all.join(format!("of-{number}")) } else { all }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.log"))
    }

    pub(crate) fn read_log(&self, name: &str) -> String {
        fs::read_to_string(self.log(name)).unwrap()
    }

    /// What the nodes are called in the store.
    pub(crate) fn process_ids(&self) -> &[String] {
        self.ids.get_or_init(|| {
            let path = |number| self.folder.path().join(format!("node-{number}")).join("process");
            (1..=self.nodes.len()).map(|number| fs::read_to_string(path(number)).unwrap()).collect()
        })
    }

    /// How often the nodes' logs say this.
    pub(crate) fn said(&self, what: &str) -> usize {
        let names = self.nodes.iter().map(|node| node.lock().unwrap().name.clone());
        names.map(|name| self.read_log(&name).matches(what).count()).sum()
    }

    /// Calls an action on one node.
    pub(crate) fn call(&self, number: usize, action: &str, request: &Value) -> Result<Value, Refused> {
        let endpoint = self.endpoints[number].read().unwrap().clone();
        let credentials = Credentials::read(&self.folder.path().join(format!("node-{}", number + 1)));
        let credentials = credentials.map_err(|_| Refused::Away)?;
        let body = request.to_string();
        let reply: Value = serde_json::from_str(&send(&endpoint, &credentials, action, &body)?).unwrap();
        match &reply["Response"]["Error"] {
            Value::Null => Ok(reply["Response"].clone()),
            error => Err(Refused::Error(error["Code"].as_str().unwrap().to_owned(), error["Message"].to_string())),
        }
    }

    /// Buys instances on the first node, ten at a time: a customer waits for seconds only, and the machine may be busy.
    pub(crate) fn create(&self, count: usize) -> Vec<String> {
        let mut ids = Vec::with_capacity(count);
        while ids.len() < count {
            let order = json!({ "TypeId": 15, "ZoneId": 100_003, "MemSize": 1024, "RedisShardNum": 1, "RedisReplicasNum": 1,
                "GoodsNum": (count - ids.len()).min(10), "BillingMode": 0, "Period": 1, "Password": PASSWORD });
            let made = self.call(0, "CreateInstances", &order).unwrap();
            ids.extend(made["InstanceIds"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()));
        }
        ids
    }

    pub(crate) fn rows<T>(&self, sql: &str, params: &[Param<'_>], map: impl Fn(&Row<'_>) -> T) -> Vec<T> {
        for _ in 0..100 {
            if let Ok(rows) = self.db.read::<_, db::Error>(|tx| tx.query(sql, params, |row| Ok(map(row)))) {
                return rows;
            }
            pause();
        }
        panic!("the database does not answer: {sql}");
    }

    pub(crate) fn number(&self, sql: &str, params: &[Param<'_>]) -> i64 {
        self.rows(sql, params, |row| row.int(0).unwrap())[0]
    }
}

/// Why a call came to nothing.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Nobody listens there.
    Away,
    /// No answer in time: it may be done or not, or be done later.
    Silent,
    /// Code and message.
    Error(String, String),
}

/// How long a customer waits for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

fn send(endpoint: &str, credentials: &Credentials, action: &str, body: &str) -> Result<String, Refused> {
    let host = endpoint.strip_prefix("http://").ok_or(Refused::Away)?;
    let timestamp = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let authorization = sign::sign_tc3(&sign::Tc3Request {
        method: "POST",
        uri: "/",
        query: "",
        headers: &[("content-type", "application/json"), ("host", host)],
        body: body.as_bytes(),
        timestamp: timestamp.try_into().unwrap(),
        service: "redis",
        secret_id: &credentials.secret_id,
        secret_key: credentials.secret_key.expose(),
    });
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().into();
    let request = agent
        .post(format!("{endpoint}/"))
        .header("Host", host)
        .header("Content-Type", "application/json")
        .header("Authorization", authorization)
        .header("X-TC-Action", action)
        .header("X-TC-Version", "2018-04-12")
        .header("X-TC-Timestamp", timestamp.to_string())
        .header("X-TC-Region", "ap-guangzhou");
    let sent = request.send(body).and_then(|mut answer| answer.body_mut().read_to_string());
    sent.map_err(|error| match error {
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => Refused::Away,
        _ => Refused::Silent,
    })
}

impl Node {
    pub(crate) fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("the node is up");
        kill_process(Pid::from_child(child), signal).unwrap();
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.child.take().unwrap().wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Also one that is frozen.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
