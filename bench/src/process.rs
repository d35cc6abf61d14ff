//! The processes that are measured: started on their core, watched, ended.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::error::Error;
use crate::{cores, wire};

/// A process that ends with its handle.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts a command on the core of the measured, in `folder`, where its log goes too.
    pub(crate) fn start(mut command: Command, folder: &Path) -> Result<Self, Error> {
        let name = command.get_program().to_string_lossy().into_owned();
        let log = fs::File::options().create(true).append(true).open(folder.join("log"));
        let log = log.map_err(Error::io(folder.display().to_string()))?;
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let child = cores::on(cores::SERVER, || command.spawn())?.map_err(Error::io(format!("cannot start {name}")))?;
        Ok(Self { child })
    }

    /// The address in the line `… http://ADDRESS` that the process prints when it is ready.
    pub(crate) fn address(&mut self) -> Result<SocketAddr, Error> {
        let mut line = String::new();
        if let Some(out) = self.child.stdout.as_mut() {
            BufReader::new(out).read_line(&mut line).map_err(Error::io("cannot read what the server prints"))?;
        }
        let address = line.trim_end().rsplit_once("http://").and_then(|(_, address)| address.parse().ok());
        address.ok_or_else(|| Error::Unexpected(format!("a server is not ready, it says `{}`", line.trim_end())))
    }

    /// User and system time so far, in clock ticks.
    pub(crate) fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // The name before the bracket may hold spaces; of the rest, fields 12 and 13 are the times.
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
    }

    /// Resident memory in MiB.
    pub(crate) fn memory(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// The part of it that is no file's, which the system cannot take back.
    pub(crate) fn own_memory(&self) -> f64 {
        self.status("RssAnon:")
    }

    /// A line of the process's status, in MiB.
    fn status(&self, name: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(f64::NAN) / 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both are errors to ignore when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command with a clean environment, so that the machine's settings do not reach what is measured.
#[expect(clippy::disallowed_methods, reason = "the benchmark is about processes")]
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Builds the release binary, unless it is there, and answers where it is; with this package, so that `run.sh` has built it all.
#[expect(clippy::disallowed_methods, reason = "builds what is measured")]
pub(crate) fn build_cinnabar() -> Result<PathBuf, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--release", "-p", "bench", "-p", "cinnabar"])
        .current_dir(root)
        .status()
        .map_err(Error::io("cannot start cargo"))?;
    if !built.success() {
        return Err(Error::Unexpected("the release binary could not be built".to_owned()));
    }
    Ok(own_binary()?.with_file_name("cinnabar"))
}

/// This program.
pub(crate) fn own_binary() -> Result<PathBuf, Error> {
    std::env::current_exe().map_err(Error::io("cannot find this program"))
}

/// `cinnabar serve` with one thread, the benchmark's key and its data in `folder`/data; without limits of the rate.
pub(crate) fn serve(cinnabar: &Path, folder: &Path, listen: SocketAddr, instances: &str) -> Command {
    let mut command = serve_limited(cinnabar, folder, listen, instances);
    command.args(["--rate-limit", "off"]);
    command
}

/// The same with the limits that it has by default.
pub(crate) fn serve_limited(cinnabar: &Path, folder: &Path, listen: SocketAddr, instances: &str) -> Command {
    let mut command = command(cinnabar);
    command.args(["serve", "--threads", "1", "--listen", &listen.to_string()]);
    command.args(["--admin", "127.0.0.1:0", "--data"]).arg(folder.join("data"));
    command.env("CINNABAR_SECRET_ID", wire::SECRET_ID).env("CINNABAR_SECRET_KEY", wire::SECRET_KEY);
    command.env("CINNABAR_NETWORK_ADDRESSES", instances).env("CINNABAR_LOG", "warn");
    command
}

/// A loopback address on which nobody listens right now.
pub(crate) fn free_address(ip: &str) -> Result<SocketAddr, Error> {
    let free = TcpListener::bind((ip, 0)).and_then(|listener| listener.local_addr());
    free.map_err(Error::io(format!("no free port on {ip}")))
}

/// Blocks this thread, of which there is one.
#[expect(clippy::disallowed_methods, reason = "nothing else runs on this thread")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}
