//! ClearInstance accepted → its task's `succeed`, on an instance with 100,000 keys, against FLUSHALL by hand on as many.

use std::time::{Duration, Instant};

use super::{Bench, Site};
use crate::error::Error;
use crate::output::Row;
use crate::process::pause;
use crate::redis::{self, Client};
use crate::stats::{median, millis};
use crate::wire;

const KEYS: usize = 100_000;
const PORT: u16 = 31_000;
/// Between two looks at the task: asking without a pause would take the core from the purge.
const LOOK: Duration = Duration::from_micros(500);
/// How long a purge may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// The grace beside the factor, in seconds.
const GRACE: f64 = 0.010;

/// Both in turns, over and over on the same two servers.
pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    let mut site = Site::start(bench, "clear")?;
    let id = site.order(PORT)?;
    let mut client = redis::wait(site.place(PORT)?)?;
    let folder = bench.scratch.folder("clear-by-hand")?;
    let _server = redis::start(&folder, site.place(PORT + 1)?)?;
    let mut bare = redis::wait(site.place(PORT + 1)?)?;
    let (mut purges, mut flushes) = (Vec::new(), Vec::new());
    for _ in 0..bench.plan.pick(11, 5) {
        purges.push(purge(&mut site, &id, &mut client)?);
        flushes.push(flush(&mut bare)?);
    }
    let (purge, flush) = (median(purges), median(flushes));
    let row = Row::alone("ClearInstance accepted -> succeed, 100,000 keys; FLUSHALL by hand", millis(purge));
    let row = row.baseline(millis(flush), purge / flush);
    Ok(vec![row.target("<= 1.5 x + 10 ms", purge <= flush * 1.5 + GRACE)])
}

fn purge(site: &mut Site, id: &str, client: &mut Client) -> Result<f64, Error> {
    client.replica_follows()?;
    client.fill(KEYS)?;
    client.replica_follows()?;
    let body = serde_json::json!({"InstanceId": id, "Password": redis::PASSWORD}).to_string();
    let answer = site.caller.call("ClearInstance", &body)?;
    let start = Instant::now();
    let body = wire::body(wire::member(&answer, "TaskId")?);
    loop {
        let answer = site.caller.call("DescribeTaskInfo", &body)?;
        match wire::member(&answer, "Status")?.as_str() {
            "succeed" => break,
            "preparing" | "running" if start.elapsed() < PATIENCE => pause(LOOK),
            _ => return Err(Error::Unexpected(format!("the purge did not work: {answer}"))),
        }
    }
    let time = start.elapsed().as_secs_f64();
    client.has(0).map(|()| time)
}

fn flush(client: &mut Client) -> Result<f64, Error> {
    client.fill(KEYS)?;
    let start = Instant::now();
    client.command("FLUSHALL")?;
    let time = start.elapsed().as_secs_f64();
    client.has(0).map(|()| time)
}
