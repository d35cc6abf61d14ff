//! Who works on which core.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::error::Error;

/// Where the measured processes work.
pub(crate) const SERVER: usize = 0;
/// Where the load comes from.
pub(crate) const BENCH: usize = 1;

/// Linux's clock ticks, in which it tells processor time.
pub(crate) const TICKS_A_SECOND: f64 = 100.0;

/// How many cores this process may use.
pub(crate) fn available() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Moves the calling thread to a core, and with it what it starts from now on; on one core everything stays where it is.
pub(crate) fn pin(core: usize) -> Result<(), Error> {
    let mut set = CpuSet::new();
    set.set(core);
    apply(&set)
}

/// Runs `start` on another core, so that what it starts stays there; then comes back.
pub(crate) fn on<T>(core: usize, start: impl FnOnce() -> T) -> Result<T, Error> {
    let before = sched_getaffinity(None).map_err(|error| Error::io("cannot read the affinity")(error.into()))?;
    pin(core)?;
    let started = start();
    apply(&before)?;
    Ok(started)
}

fn apply(set: &CpuSet) -> Result<(), Error> {
    sched_setaffinity(None, set).map_err(|error| Error::io("cannot pin to a core")(error.into()))
}

/// Time of a core in clock ticks: all of it, and the idle part.
pub(crate) fn ticks(core: usize) -> (u64, u64) {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let name = format!("cpu{core} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or_default();
    let parts: Vec<u64> = line.split_whitespace().take(8).filter_map(|part| part.parse().ok()).collect();
    (parts.iter().sum(), parts.iter().skip(3).take(2).sum())
}
