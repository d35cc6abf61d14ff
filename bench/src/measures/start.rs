//! From the spawn of the server to its first signed answer, and its memory when idle; with no task and with a million.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Bench;
use crate::error::Error;
use crate::output::Row;
use crate::process::{self, Process};
use crate::seed;
use crate::stats::{median, millis};
use crate::wire::{self, Caller};

/// Wanted at most, in seconds.
const START: f64 = 0.100;
/// Wanted at most, in MiB.
const MEMORY: f64 = 20.0;

/// Starts of a new folder, and of the one with a million tasks.
pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    let idle = bench.plan.pick(Duration::from_secs(3), Duration::from_secs(1));
    let (mut empty, mut full) = (Vec::new(), Vec::new());
    for round in 0..bench.plan.pick(7, 3) {
        empty.push(start(bench, &bench.scratch.folder(&format!("start-{round}"))?, idle)?);
        full.push(start(bench, &bench.million, idle)?);
    }
    let time = |runs: &[(f64, f64)]| median(runs.iter().map(|run| run.0));
    let memory = |runs: &[(f64, f64)]| median(runs.iter().map(|run| run.1));
    let size = |value: f64| format!("{value:.1} MiB");
    Ok(vec![
        Row::alone("start -> first signed answer, a new folder", millis(time(&empty))),
        Row::alone("start -> first signed answer, 1,000,000 tasks", millis(time(&full)))
            .target("<= 100 ms", time(&full) <= START),
        Row::alone("resident memory, idle, a new folder", size(memory(&empty)))
            .target("<= 20 MiB", memory(&empty) <= MEMORY),
        Row::alone("resident memory, idle, 1,000,000 tasks", size(memory(&full)))
            .target("<= 20 MiB", memory(&full) <= MEMORY),
    ])
}

/// Seconds to the first answer, and MiB after a while of rest.
fn start(bench: &Bench, folder: &Path, idle: Duration) -> Result<(f64, f64), Error> {
    let listen = process::free_address("127.0.0.1")?;
    let command = process::serve(&bench.cinnabar, folder, listen, "127.0.0.1");
    let start = Instant::now();
    let server = Process::start(command, folder)?;
    let mut caller = loop {
        match Caller::connect(listen) {
            Ok(caller) => break caller,
            Err(error) if start.elapsed() > Duration::from_secs(20) => return Err(error),
            Err(_) => {}
        }
    };
    // In the new folder there is no such task, which is an answer too.
    let answer = caller.ask("DescribeTaskInfo", &wire::body(seed::FIRST_ID))?;
    let time = start.elapsed().as_secs_f64();
    if !answer.contains("\"Status\"") && !answer.contains("InvalidParameter") {
        return Err(Error::Unexpected(format!("the first answer is {answer}")));
    }
    process::pause(idle);
    Ok((time, server.memory()))
}
