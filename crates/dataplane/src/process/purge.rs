//! Empties a master, its replicas and its file.

use std::time::Duration;

use redis::cmd;
use tokio::time::{Instant, sleep};

use crate::control::Control;
use crate::probe::Info;
use crate::{Error, NodeRef, Purged};

/// How often the node is asked whether its AOF is written.
const POLL: Duration = Duration::from_millis(1);

/// Empties the master, waits until `wanted` replicas have acknowledged it and until a killed process would come back empty.
pub(super) async fn purge(
    control: &mut Control,
    node: &NodeRef,
    wanted: usize,
    timeout: Duration,
) -> Result<Purged, Error> {
    let deadline = Instant::now() + timeout;
    let keys = Info::ask(control).await?.observed().keys;
    // The keys are gone at once; their memory is given back in the background, on replicas too.
    control.query_within::<()>("FLUSHALL", cmd("FLUSHALL").arg("ASYNC"), timeout).await?;
    let acknowledged = wait(control, wanted, deadline).await?;
    if acknowledged < wanted {
        return Err(Error::ReplicasLag { node: node.clone(), acknowledged, wanted });
    }
    written(control, node, deadline).await?;
    Ok(Purged { keys, replicas: acknowledged })
}

/// How many replicas have acknowledged all that this connection wrote.
async fn wait(control: &mut Control, wanted: usize, deadline: Instant) -> Result<usize, Error> {
    if wanted == 0 {
        return Ok(0);
    }
    let left = deadline.saturating_duration_since(Instant::now());
    // WAIT 0 would wait for ever.
    let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1);
    // The node keeps the time; the second limit is for one that does not answer at all.
    let limit = left + Duration::from_secs(5);
    control.query_within("WAIT", cmd("WAIT").arg(wanted).arg(millis), limit).await
}

/// Waits until the kernel has what was answered. Otherwise the keys could be back after the death of the process.
async fn written(control: &mut Control, node: &NodeRef, deadline: Instant) -> Result<(), Error> {
    while Info::ask(control).await?.unwritten() > 0 {
        if Instant::now() > deadline {
            let reason =
                "the node is empty, but cannot write that to its file; is the disk full or very slow?".to_owned();
            return Err(Error::Control { node: node.clone(), command: "FLUSHALL", reason });
        }
        sleep(POLL).await;
    }
    Ok(())
}
