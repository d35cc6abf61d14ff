//! A start with 10,000 open tasks beside 1,000,000 ended ones: until the first of them has gone on and ended, and until all
//! that can be run have. They clean up instances without nodes, so that the time is the engine's.

use std::time::{Duration, Instant};

use super::Bench;
use crate::error::Error;
use crate::output::Row;
use crate::process::{self, Process};
use crate::seed;
use crate::stats::{median, millis};
use crate::wire::{self, Caller};

/// Wanted at most, in seconds.
const FIRST: f64 = 2.0;
const PATIENCE: Duration = Duration::from_secs(120);

/// Several starts, each killed when the first task has ended; the last runs to the end of all.
pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    seed::release(&bench.million.join("data"))?;
    let mut firsts = Vec::new();
    let mut next = 0;
    for _ in 0..bench.plan.pick(5, 3) {
        let (_server, _, seconds) = start(bench, &mut next)?;
        firsts.push(seconds);
    }
    let begun = Instant::now();
    let (_server, mut caller, _) = start(bench, &mut next)?;
    // The last that is not in `error`.
    until_ended(&mut caller, seed::OPEN - 2)?;
    let all = begun.elapsed().as_secs_f64();
    let first = median(firsts);
    Ok(vec![
        Row::alone("start -> the first of 10,000 open tasks has gone on and ended", millis(first))
            .target("<= 2 s", first <= FIRST),
        Row::alone("- all that were left and can be run", millis(all)),
    ])
}

/// A server, and the seconds until the first task has ended that had not before; `next` is where to look for it.
fn start(bench: &Bench, next: &mut u32) -> Result<(Process, Caller, f64), Error> {
    let listen = process::free_address("127.0.0.1")?;
    let command = process::serve(&bench.cinnabar, &bench.million, listen, "127.0.0.1");
    *next = first_open(bench, *next)?;
    let start = Instant::now();
    let mut server = Process::start(command, &bench.million)?;
    let mut caller = Caller::connect(server.address()?)?;
    until_ended(&mut caller, *next)?;
    Ok((server, caller, start.elapsed().as_secs_f64()))
}

/// The first from `from` on that is to be run.
fn first_open(bench: &Bench, from: u32) -> Result<u32, Error> {
    let db = server::store::open(&bench.million.join("data"), &"".into())?;
    let sql = "SELECT id FROM task WHERE status IN ('preparing', 'running') AND id >= $1 ORDER BY run_at, id LIMIT 1";
    let first = db.read(|tx| tx.query_opt(sql, db::params![seed::FIRST_OPEN + from], |row| row.small::<u32>(0)))?;
    let none = || Error::Unexpected("no open task is left".to_owned());
    first.map(|id| id - seed::FIRST_OPEN).ok_or_else(none)
}

fn until_ended(caller: &mut Caller, index: u32) -> Result<(), Error> {
    let (start, body) = (Instant::now(), wire::body(seed::FIRST_OPEN + index));
    loop {
        let answer = caller.call("DescribeTaskInfo", &body)?;
        match wire::member(&answer, "Status")?.as_str() {
            "succeed" => return Ok(()),
            "preparing" | "running" if start.elapsed() < PATIENCE => process::pause(Duration::from_millis(1)),
            _ => return Err(Error::Unexpected(format!("an open task did not go on: {answer}"))),
        }
    }
}
