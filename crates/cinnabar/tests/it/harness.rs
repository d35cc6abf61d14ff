//! Starts the binary in a folder and on an address of its own, and takes away all that it started.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "Passw0rd!";

/// The command with a clean environment, so that the machine's own settings do not reach the tests.
#[expect(clippy::disallowed_methods, reason = "these tests are about the process")]
pub(crate) fn cinnabar() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cinnabar"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    command
}

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn of(command: &mut Command) -> Self {
        command.output().unwrap().into()
    }

    /// The one line on stderr.
    pub(crate) fn complaint(&self) -> &str {
        let mut lines = self.err.lines().filter(|line| !line.contains(" INFO "));
        let line = lines.next().unwrap_or_else(|| panic!("no complaint: {self:?}"));
        assert_eq!(lines.next(), None, "more than one line: {self:?}");
        line
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// A running server; what it started ends with it.
pub(crate) struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub(crate) endpoint: String,
    pub(crate) folder: Folder,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_in(Folder::new(), |_| {})
    }

    pub(crate) fn start_in(folder: Folder, change: impl FnOnce(&mut Command)) -> Self {
        let mut command = folder.serve();
        change(&mut command);
        let mut child = command.stdout(Stdio::piped()).stderr(folder.log()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let endpoint = line.strip_prefix("listening on ").map(|rest| rest.trim_end().to_owned());
        let endpoint = endpoint.unwrap_or_else(|| panic!("not ready: {line:?}: {}", folder.read_log()));
        Self { child, endpoint, folder }
    }

    /// A client command that finds the server by its folder.
    pub(crate) fn client(&self, words: &[&str]) -> Ended {
        Ended::of(cinnabar().args(words).arg("--data").arg(self.folder.data()))
    }

    /// Calls an action that must answer.
    pub(crate) fn call(&self, words: &[&str]) -> Value {
        let ended = self.client(&[&["call"], words].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.json()
    }

    /// Creates an instance and waits for it.
    pub(crate) fn create(&self) -> String {
        let size = ["TypeId=15", "ZoneId=100003", "MemSize=1024", "RedisShardNum=1", "RedisReplicasNum=1"];
        let order = ["GoodsNum=1", "BillingMode=0", "Period=1", "Password=Passw0rd!"];
        let made = self.call(&[&["CreateInstances"], &size[..], &order[..]].concat());
        made["InstanceIds"][0].as_str().unwrap().to_owned()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end; also what was printed after the ready line.
    pub(crate) fn wait(mut self) -> (ExitStatus, String, Folder) {
        let status = self.child.wait().unwrap();
        let mut rest = String::new();
        self.child.stdout.as_mut().unwrap().read_to_string(&mut rest).unwrap();
        (status, rest, std::mem::replace(&mut self.folder, Folder::new()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already when `wait` was called; then both are errors to ignore.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A throw-away folder with the server's data, and an address for its instances.
pub(crate) struct Folder {
    folder: TempDir,
    pub(crate) address: IpAddr,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), address: own_address() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// `cinnabar serve` on a free port.
    pub(crate) fn serve(&self) -> Command {
        let mut command = cinnabar();
        command.args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data"]).arg(self.data());
        command.env("CINNABAR_NETWORK_ADDRESSES", self.address.to_string());
        if let Some(url) = db::testing::url(self.path()).unwrap() {
            command.env("CINNABAR_DATABASE_URL", url);
        }
        command
    }

    fn log(&self) -> fs::File {
        fs::File::options().create(true).append(true).open(self.path().join("log")).unwrap()
    }

    pub(crate) fn read_log(&self) -> String {
        fs::read_to_string(self.path().join("log")).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::File::create(&path).and_then(|mut file| file.write_all(text.as_bytes())).unwrap();
        path
    }

    /// The pids that the nodes wrote down, of one host or of several.
    pub(crate) fn node_pids(&self) -> Vec<i32> {
        let children = |path: PathBuf| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let nodes: Vec<_> = children(self.data().join("instances")).flat_map(children).collect();
        let of_hosts: Vec<_> = nodes.iter().cloned().flat_map(children).collect();
        let nodes = nodes.into_iter().chain(of_hosts);
        let mut pids: Vec<i32> =
            nodes.filter_map(|node| fs::read_to_string(node.join("node.pid")).ok()?.trim().parse().ok()).collect();
        pids.sort_unstable();
        pids
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let Ok(path) = fs::canonicalize(self.path()) else { return };
        let mut left = working_under(&path);
        for _ in 0..400 {
            // A node that has only just been started writes its pid down a moment later.
            let known = self.node_pids();
            for pid in left.iter().filter(|pid| known.contains(pid)) {
                let _ = kill_process(Pid::from_raw(*pid).unwrap(), Signal::KILL);
            }
            left = working_under(&path);
            if left.is_empty() {
                return;
            }
            pause();
        }
        assert!(std::thread::panicking(), "processes that no pid file names are left: {left:?}");
    }
}

/// The pids of all processes whose working folder is in or below this one.
pub(crate) fn working_under(folder: &Path) -> Vec<i32> {
    let pids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &i32| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(folder)))
        .collect()
}

/// All of 127.0.0.0/8 is this machine: each test of each run has an address of its own.
pub(crate) fn own_address() -> IpAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let pid = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 128 | (pid[2] & 63), pid[3], NEXT.fetch_add(1, Ordering::Relaxed)).into()
}

#[expect(clippy::disallowed_methods, reason = "a test's own thread")]
pub(crate) fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(25));
}

/// Looks again and again until it is so; 30 s are for ever.
pub(crate) fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..1200 {
        if so() {
            return;
        }
        pause();
    }
    panic!("never: {what}");
}
