//! A PostgreSQL of this test alone, which it may stop and start; it is removed at the end.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Cluster {
    /// Holds the socket.
    pub(crate) folder: PathBuf,
    url: String,
}

impl Cluster {
    /// `None`, and a word about it, where no PostgreSQL is installed.
    pub(crate) fn start() -> Option<Self> {
        if !installed() {
            // A print macro would be a lint outside of a test's own function.
            let _ = std::io::stderr().write_all(b"no PostgreSQL is installed here: this test did nothing\n");
            return None;
        }
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        let folder = place().join(format!("pg-{}-{count}", std::process::id()));
        let url = script("make", &[folder.as_os_str()]);
        Some(Self { folder, url: url.trim().to_owned() })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// All at once, as a crash.
    pub(crate) fn stop_dead(&self) {
        script("stop", &[self.folder.as_os_str()]);
    }

    pub(crate) fn start_again(&self) {
        script("start", &[self.folder.as_os_str()]);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        script("remove", &[self.folder.as_os_str()]);
    }
}

/// In memory where there is room: these tests are about behaviour, and disks are slow.
fn place() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let room = rustix::fs::statvfs(memory).map_or(0, |of| of.f_bavail * of.f_frsize);
    if room > 2 << 30 { memory.to_owned() } else { std::env::temp_dir() }
}

fn installed() -> bool {
    let debian = std::fs::read_dir("/usr/lib/postgresql").is_ok_and(|mut versions| versions.next().is_some());
    let paths = std::env::var_os("PATH").unwrap_or_default();
    debian || std::env::split_paths(&paths).any(|folder| folder.join("initdb").exists())
}

#[expect(clippy::disallowed_methods, reason = "the database's processes are the test's own")]
pub(crate) fn script(verb: &str, arguments: &[&OsStr]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres.sh");
    let mut command = Command::new("sh");
    command.arg(script).arg(verb).args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit());
    let done = command.output().unwrap();
    assert!(done.status.success(), "postgres.sh {verb}: {:?}", done.status);
    String::from_utf8(done.stdout).unwrap()
}
