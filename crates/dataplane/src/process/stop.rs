//! Ends a node's processes: gracefully, or at once.

use std::time::Duration;

use rustix::process::Signal;

use super::find::{Finder, Process};
use super::folder::Folder;
use crate::Error;

/// How long the kernel gets to end a process after SIGKILL.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// A node that is writing its first AOF refuses a SIGTERM, so it is sent again this often.
const REPEAT: Duration = Duration::from_millis(250);

/// Asks the node to save and end, and kills it when it has not within `grace`.
pub(super) async fn stop(finder: &Finder, folder: &Folder, grace: Duration) -> Result<(), Error> {
    for process in finder.under(&folder.path).iter().filter(|process| process.is_node()) {
        if !terminate(process, grace).await {
            tracing::warn!(node = %folder.node, ?grace, "did not end when asked, is killed");
        }
    }
    kill(finder, folder).await
}

async fn terminate(process: &Process, grace: Duration) -> bool {
    let mut waited = Duration::ZERO;
    while waited < grace {
        process.signal(Signal::TERM);
        if process.ended(REPEAT).await {
            return true;
        }
        waited += REPEAT;
    }
    false
}

/// Kills whatever works in the folder, until there is nothing: a start that was cut short may fork meanwhile.
pub(super) async fn kill(finder: &Finder, folder: &Folder) -> Result<(), Error> {
    loop {
        let processes = finder.under(&folder.path);
        if processes.is_empty() {
            return Ok(());
        }
        for process in &processes {
            process.signal(Signal::KILL);
        }
        for process in &processes {
            if !process.ended(KILL_LIMIT).await {
                return Err(Error::Unresponsive { node: folder.node.clone(), after: KILL_LIMIT });
            }
        }
    }
}
