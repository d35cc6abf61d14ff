//! A root folder and an address of its own for each test, so that tests share neither ports nor processes.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use dataplane::{Access, DataPlane, NodeRef, NodeSpec, ProcessConfig, ProcessPlane, Role, password_sha256};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, RedisError, RedisResult};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "Passw0rd!";

pub(crate) struct World {
    // Last field: what runs in the folder ends before the folder goes.
    pub(crate) plane: ProcessPlane,
    pub(crate) address: IpAddr,
    pub(crate) root: PathBuf,
    _folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::within("nodes").await
    }

    /// The root is this path within the test's own folder.
    pub(crate) async fn within(path: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap().join(path);
        let plane = open(&root).await;
        Self { plane, address: own_address(), root, _folder: folder }
    }

    /// A second control plane on the same folder, as after a restart.
    pub(crate) async fn reopened(&self) -> ProcessPlane {
        open(&self.root).await
    }

    /// A master with a password. The node's number is its port's too.
    pub(crate) fn spec(&self, number: u16) -> NodeSpec {
        NodeSpec {
            node: NodeRef::new("crs-1a2b3c4d", format!("s1n{number}")),
            generation: 1,
            engine: self.plane.engines()[0].path.clone(),
            address: self.address,
            port: 7000 + number,
            max_memory: 64 << 20,
            max_clients: 100,
            access: Access::PasswordSha256(password_sha256(PASSWORD)),
            role: Role::Master,
            secret: "0123456789abcdef0123456789abcdef".to_owned(),
        }
    }

    pub(crate) fn replica_of(&self, master: &NodeSpec, number: u16) -> NodeSpec {
        NodeSpec { role: Role::Replica { of: endpoint(master) }, ..self.spec(number) }
    }

    pub(crate) fn folder(&self, node: &NodeRef) -> PathBuf {
        self.root.join(&node.instance).join(&node.node)
    }

    /// Removes all nodes and checks that neither processes nor folders are left.
    pub(crate) async fn finish(self) {
        for node in self.plane.list().await.unwrap() {
            self.plane.absent(&node, u64::MAX).await.unwrap();
        }
        assert_eq!(working_under(&self.root), Vec::<i32>::new(), "processes are left");
        let left: Vec<_> = fs::read_dir(&self.root).unwrap().flatten().map(|entry| entry.file_name()).collect();
        let own = |name: &&std::ffi::OsString| *name == ".fences" || *name == ".removed";
        assert_eq!(left.iter().filter(|name| !own(name)).count(), 0, "folders are left: {left:?}");
        let removed = fs::read_dir(self.root.join(".removed")).into_iter().flatten().count();
        assert_eq!(removed, 0, "what was removed is still there");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let left = working_under(&self.root);
        for pid in &left {
            let _ = kill_process(Pid::from_raw(*pid).unwrap(), Signal::KILL);
        }
        assert!(left.is_empty() || std::thread::panicking(), "the test ended without finish(): {left:?}");
    }
}

async fn open(root: &Path) -> ProcessPlane {
    let config = ProcessConfig { stop_grace: Duration::from_secs(20), ..ProcessConfig::new(root) };
    ProcessPlane::open(config).await.expect("these tests need a redis-server: apt-get install redis-server")
}

/// All of 127.0.0.0/8 is this machine: each test of each run listens on an address of its own.
fn own_address() -> IpAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let pid = std::process::id().to_be_bytes();
    IpAddr::from([127, 64 | (pid[2] & 63), pid[3], NEXT.fetch_add(1, Ordering::Relaxed)])
}

/// The pids of all processes that work in or below a folder, found without the plane's help.
pub(crate) fn working_under(folder: &Path) -> Vec<i32> {
    let pids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(folder))).collect()
}

pub(crate) fn kill_9(pid: u32) {
    signal(pid, Signal::KILL);
}

pub(crate) fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

pub(crate) fn endpoint(spec: &NodeSpec) -> SocketAddr {
    SocketAddr::new(spec.address, spec.port)
}

/// A customer's connection over TCP.
#[derive(Clone)]
pub(crate) struct Client(MultiplexedConnection);

impl Client {
    pub(crate) async fn connect(spec: &NodeSpec, password: Option<&str>) -> Result<Self, RedisError> {
        let login = password.map(|password| format!(":{password}@")).unwrap_or_default();
        let url = format!("redis://{login}{}", endpoint(spec));
        redis::Client::open(url)?.get_multiplexed_async_connection().await.map(Self)
    }

    pub(crate) async fn login(spec: &NodeSpec) -> Self {
        Self::connect(spec, Some(PASSWORD)).await.unwrap()
    }

    /// Runs a command written as one would type it.
    pub(crate) async fn run<T: FromRedisValue>(&mut self, line: &str) -> RedisResult<T> {
        let mut words = line.split(' ');
        let mut command = Cmd::new();
        command.arg(words.by_ref().collect::<Vec<_>>());
        command.query_async(&mut self.0).await
    }

    pub(crate) async fn fill(&mut self, keys: u32) {
        let mut pipeline = redis::pipe();
        for number in 0..keys {
            pipeline.cmd("SET").arg(format!("key:{number}")).arg(number).ignore();
        }
        pipeline.query_async::<()>(&mut self.0).await.unwrap();
    }

    /// Waits until the kernel has all that was answered: a node holds writes back while an earlier sync is under way.
    pub(crate) async fn written(&mut self) {
        while !self.run::<String>("INFO persistence").await.unwrap().contains("aof_buffer_length:0\r") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn size(&mut self) -> u64 {
        self.run("DBSIZE").await.unwrap()
    }
}

/// Waits until the condition holds; the limit is for hangs only.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..6000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never happened: {what}");
}
