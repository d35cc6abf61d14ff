//! Whose process is it? `/proc` tells: a node's process is called like an engine and works in the node's folder.
//!
//! A pid alone proves nothing, since the system gives it to someone else after its process has ended. So a process is
//! first pinned by a pidfd, then looked at, and only then signalled through that pidfd.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::{Instant, sleep};

/// How often it is looked whether a process has ended.
const POLL: Duration = Duration::from_millis(1);

/// Recognises processes of the engines that it knows by name.
#[derive(Debug, Clone)]
pub(super) struct Finder {
    names: Arc<[String]>,
}

/// A process that works in a node's folder, pinned.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) folder: PathBuf,
    /// The folder has been deleted under it, so that nobody can reach it any more.
    deleted: bool,
    /// Leads a session of its own, as a node does. Others are its helpers (a child that rewrites the AOF) or a start
    /// that was cut short.
    leads: bool,
    pidfd: OwnedFd,
}

/// The kernel keeps this many bytes of a process's name.
const COMM_BYTES: usize = 15;

impl Finder {
    /// Knows the standard names and the file names of the given engines.
    pub(super) fn new<'a>(engines: impl Iterator<Item = &'a Path>) -> Self {
        let files = engines.filter_map(|path| path.file_name()?.to_str());
        let names = ["redis-server", "valkey-server"].into_iter().chain(files);
        Self { names: names.map(|name| name.chars().take(COMM_BYTES).collect()).collect() }
    }

    /// The process with this pid, if it is an engine that works in `folder`.
    pub(super) fn by_pid(&self, pid: i32, folder: &Path) -> Option<Process> {
        self.look(Pid::from_raw(pid)?).filter(|process| process.folder == folder)
    }

    /// All processes of engines that work in `folder` or below it. Blocks for about a millisecond per thousand processes.
    pub(super) fn under(&self, folder: &Path) -> Vec<Process> {
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let mine = |pid: &Pid| works_in(*pid).is_some_and(|(path, _)| path.starts_with(folder));
        pids.filter_map(Pid::from_raw).filter(mine).filter_map(|pid| self.look(pid)).collect()
    }

    fn look(&self, pid: Pid) -> Option<Process> {
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).ok()?;
        let name = fs::read_to_string(proc_file(pid, "comm")).ok()?;
        if !self.names.iter().any(|known| known == name.trim_end()) {
            return None;
        }
        let (folder, deleted) = works_in(pid)?;
        let leads = session(pid)? == pid.as_raw_nonzero().get();
        Some(Process { folder, deleted, leads, pidfd })
    }
}

impl Process {
    /// Whether it is the node itself, not something that a node left behind.
    pub(super) fn is_node(&self) -> bool {
        self.leads && !self.deleted
    }

    /// Sends a signal; a process that is gone already is fine.
    pub(super) fn signal(&self, signal: Signal) {
        if let Err(error) = pidfd_send_signal(&self.pidfd, signal) {
            tracing::debug!(folder = %self.folder.display(), %error, "signal not delivered");
        }
    }

    /// Waits until the process has ended; false when it has not within `limit`.
    pub(super) async fn ended(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while !self.has_ended() {
            if Instant::now() > deadline {
                return false;
            }
            sleep(POLL).await;
        }
        true
    }

    /// A pidfd becomes readable when its process ends, also when nobody collects its exit status.
    fn has_ended(&self) -> bool {
        let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
        poll(&mut fds, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
    }
}

fn proc_file(pid: Pid, name: &str) -> String {
    format!("/proc/{}/{name}", pid.as_raw_nonzero())
}

/// The folder that a process works in, and whether it has been deleted under it.
fn works_in(pid: Pid) -> Option<(PathBuf, bool)> {
    let path = fs::read_link(proc_file(pid, "cwd")).ok()?;
    match path.to_str().and_then(|text| text.strip_suffix(" (deleted)")) {
        Some(deleted) => Some((PathBuf::from(deleted), true)),
        None => Some((path, false)),
    }
}

/// The sixth field of `stat`; the second, the name, is in brackets and may contain anything.
fn session(pid: Pid) -> Option<i32> {
    let stat = fs::read_to_string(proc_file(pid, "stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(3)?.parse().ok()
}
