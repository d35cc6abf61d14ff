//! Starts an engine and waits for its first answer.
//!
//! The engine itself forks into a session of its own (`daemonize yes`) and the process that was started ends: so the
//! node outlives whoever started it. What goes wrong before the fork is on stderr, what goes wrong after it is in the log.

use std::io;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::find::{Finder, Process};
use super::folder::{CONF, Folder};
use super::hands::Hands;
use super::stop::kill;
use crate::control::Control;
use crate::probe::Info;
use crate::{Error, NodeSpec};

/// How often the socket is tried: a node is up within 10 to 20 ms.
const POLL: Duration = Duration::from_millis(1);

/// After so many tries it is looked whether the process still lives.
const POLLS_PER_LOOK: u32 = 20;

/// How often a node is asked whether it has loaded its data.
const LOADING_POLL: Duration = Duration::from_millis(5);

/// How long an engine may take between its fork and its own session.
const FORK_LIMIT: Duration = Duration::from_millis(200);

/// Time limits of a start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Until the first answer.
    pub(super) start: Duration,
    /// For each call on the control connection.
    pub(super) call: Duration,
}

/// A node that serves: the connection, and what it said of itself.
pub(super) type Ready = (Control, Info);

/// Starts the node whose files are written, and returns when it serves.
pub(super) async fn start(hands: &Hands<'_>, spec: &NodeSpec, limits: Limits) -> Result<Ready, Error> {
    let (finder, folder) = (hands.finder, hands.folder);
    let log_end = folder.log_end();
    let failed = |reason: String| Error::Start { node: spec.node.clone(), reason };
    let mut command = engine(&spec.engine, CONF);
    let child = hands.act(|| spawn(command.current_dir(&folder.path)).map_err(failed)).await?.value;
    let output = ended(child, limits.start).await.map_err(failed)?;
    if !output.status.success() {
        return Err(failed(said(&output)));
    }
    match wait_ready(finder, folder, &spec.secret, limits).await {
        Ok(Some(ready)) => Ok(ready),
        Ok(None) => Err(cause(spec, &folder.log_since(log_end), "it ended without a word")),
        Err(Error::Unresponsive { after, .. }) => {
            kill(hands).await?;
            Err(cause(spec, &folder.log_since(log_end), &format!("no answer within {after:?}")))
        }
        Err(error) => Err(error),
    }
}

/// Waits until the process in the folder serves; `None` when it has ended.
pub(super) async fn wait_ready(
    finder: &Finder,
    folder: &Folder,
    secret: &str,
    limits: Limits,
) -> Result<Option<Ready>, Error> {
    let deadline = Instant::now() + limits.start;
    let mut polls = 0;
    loop {
        if let Some(ready) = answer(folder, secret, limits).await? {
            return Ok(Some(ready));
        }
        polls += 1;
        if polls % POLLS_PER_LOOK == 0 && !alive(finder, folder).await {
            return Ok(None);
        }
        if Instant::now() > deadline {
            return Err(Error::Unresponsive { node: folder.node.clone(), after: limits.start });
        }
        sleep(POLL).await;
    }
}

/// One try: `None` when nobody listens, or whoever did has ended. Waits while data is being loaded.
pub(super) async fn answer(folder: &Folder, secret: &str, limits: Limits) -> Result<Option<Ready>, Error> {
    let Some(mut control) = Control::connect(&folder.node, &folder.path, secret, limits.call).await? else {
        return Ok(None);
    };
    let deadline = Instant::now() + limits.start;
    loop {
        match Info::ask(&mut control).await {
            Ok(info) if !info.loading() => return Ok(Some((control, info))),
            Ok(_) if Instant::now() > deadline => return Err(Error::Loading { node: folder.node.clone() }),
            Ok(_) => sleep(LOADING_POLL).await,
            Err(Error::NotRunning { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

/// Whether a node's process is there, also one whose pid file was never written or is wrong. An engine that forks needs
/// a moment until it leads its session; a helper that outlived its node never will.
pub(super) async fn alive(finder: &Finder, folder: &Folder) -> bool {
    if folder.pid().and_then(|pid| finder.by_pid(pid, &folder.path)).is_some_and(|process| process.is_node()) {
        return true;
    }
    let deadline = Instant::now() + FORK_LIMIT;
    loop {
        let processes = finder.under(&folder.path);
        let node = processes.iter().any(Process::is_node);
        if node || processes.is_empty() || Instant::now() > deadline {
            return node;
        }
        sleep(POLL).await;
    }
}

/// What `program argument` prints on stdout, or why it cannot be had.
pub(super) async fn output_of(program: &Path, argument: &str, limit: Duration) -> Result<String, String> {
    let output = ended(spawn(&mut engine(program, argument))?, limit).await?;
    if !output.status.success() {
        return Err(said(&output));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// An engine gets nothing of our environment.
#[expect(clippy::disallowed_methods, reason = "the one place where processes are started")]
fn engine(program: &Path, argument: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(argument).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn spawn(command: &mut Command) -> Result<Child, String> {
    command.kill_on_drop(true).spawn().map_err(not_run)
}

fn not_run(error: io::Error) -> String {
    format!("cannot run it: {error}")
}

async fn ended(child: Child, limit: Duration) -> Result<Output, String> {
    match timeout(limit, child.wait_with_output()).await {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(error)) => Err(not_run(error)),
        Err(_) => Err(format!("it did not return within {limit:?}")),
    }
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(if output.stderr.is_empty() { &output.stdout } else { &output.stderr });
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(6).collect();
    format!("{}: {}", output.status, lines.join(" | "))
}

/// The cause of a failed start, from what the engine logged.
fn cause(spec: &NodeSpec, log: &str, otherwise: &str) -> Error {
    if log.contains("TCP listening socket") && log.contains("Address already in use") {
        return Error::PortInUse { address: spec.address, port: spec.port };
    }
    // `123:M 24 Nov 2026 16:00:00.000 # Something is wrong`: the hash marks warnings.
    let warnings: Vec<_> = log.lines().filter_map(|line| line.split_once(" # ")).map(|(_, text)| text).collect();
    let reason = match warnings.as_slice() {
        [] => otherwise.to_owned(),
        [.., _, _, _, _] => warnings[warnings.len() - 3..].join(" | "),
        few => few.join(" | "),
    };
    Error::Start { node: spec.node.clone(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tests::example;

    #[test]
    fn the_cause_comes_from_the_log() {
        let log = "9:C 24 Nov 2026 16:00:00.000 # oO0OoO0OoO0Oo Redis is starting\n\
                   9:M 24 Nov 2026 16:00:00.001 * monotonic clock\n\
                   9:M 24 Nov 2026 16:00:00.002 # Configuration loaded\n\
                   9:M 24 Nov 2026 16:00:00.002 # Server initialized\n\
                   9:M 24 Nov 2026 16:00:00.003 # Bad file format reading the append only file\n";
        let message = cause(&example(), log, "-").to_string();
        assert!(message.ends_with("Bad file format reading the append only file"), "{message}");
        assert!(!message.contains("oO0"), "{message}");
        assert!(cause(&example(), "", "silence").to_string().ends_with("silence"));
    }

    #[test]
    fn a_taken_port_is_its_own_error() {
        let log = "9:M 24 Nov 2026 16:00:00.002 # Warning: Could not create server TCP listening socket \
                   127.0.0.1:6379: bind: Address already in use\n\
                   9:M 24 Nov 2026 16:00:00.003 # Failed listening on port 6379 (TCP), aborting.\n";
        assert!(matches!(cause(&example(), log, "-"), Error::PortInUse { port: 6379, .. }));
    }
}
