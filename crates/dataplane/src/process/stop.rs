//! Ends a node's processes: gracefully, or at once.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;

use super::find::Process;
use super::folder;
use super::hands::Hands;
use crate::Error;

/// How long the kernel gets to end a process after SIGKILL.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// A node that is writing its first AOF refuses a SIGTERM, so it is sent again this often.
const REPEAT: Duration = Duration::from_millis(250);

/// Asks the node to save and end, and kills it when it has not within `grace`.
pub(super) async fn stop(hands: &Hands<'_>, grace: Duration) -> Result<(), Error> {
    let mut waited = Duration::ZERO;
    loop {
        let asked = hands.act(|| Ok(signal_nodes(hands, Signal::TERM))).await?.value;
        if asked.is_empty() {
            break;
        }
        if waited >= grace {
            tracing::warn!(node = %hands.folder.node, ?grace, "did not end when asked, is killed");
            break;
        }
        for process in &asked {
            process.ended(REPEAT).await;
        }
        waited += REPEAT;
    }
    kill(hands).await
}

/// Signals the node's own process; there is one at most as a rule.
fn signal_nodes(hands: &Hands<'_>, signal: Signal) -> Vec<Process> {
    let mut processes = hands.finder.under(&hands.folder.path);
    processes.retain(Process::is_node);
    processes.iter().for_each(|process| process.signal(signal));
    processes
}

/// Kills whatever works in the folder, until there is nothing: a start that was cut short may fork meanwhile.
pub(super) async fn kill(hands: &Hands<'_>) -> Result<(), Error> {
    kill_and(hands, || Ok(())).await
}

/// Kills likewise and, in the same act that finds nothing left, moves the folder away. Answers where it is now, to be
/// deleted; `None` when there was none.
pub(super) async fn remove(hands: &Hands<'_>, root: &Path) -> Result<Option<PathBuf>, Error> {
    kill_and(hands, || folder::move_away(hands.folder, root)).await
}

async fn kill_and<T>(hands: &Hands<'_>, then: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    loop {
        let act = || {
            let processes = hands.finder.under(&hands.folder.path);
            if processes.is_empty() {
                return then().map(Ok);
            }
            processes.iter().for_each(|process| process.signal(Signal::KILL));
            Ok(Err(processes))
        };
        let processes = match hands.act(act).await?.value {
            Ok(done) => return Ok(done),
            Err(processes) => processes,
        };
        for process in &processes {
            if !process.ended(KILL_LIMIT).await {
                return Err(Error::Unresponsive { node: hands.folder.node.clone(), after: KILL_LIMIT });
            }
        }
    }
}
