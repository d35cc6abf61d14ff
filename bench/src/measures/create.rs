//! CreateInstances accepted → PING answered with the password, against a redis-server spawned by hand → PING.

use std::time::{Duration, Instant};

use super::{Bench, Site};
use crate::error::Error;
use crate::output::Row;
use crate::process::pause;
use crate::redis;
use crate::stats::{median, millis};

/// The first instance's port; on an address of its own all are free.
const PORT: u16 = 30_000;
/// The last commit of a task follows the replica's first sync.
const SETTLE: Duration = Duration::from_millis(100);

struct Round {
    accepted: f64,
    created: f64,
    spawned: f64,
}

/// Both in turns.
pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    let mut site = Site::start(bench, "create")?;
    let rounds =
        (0..bench.plan.pick(15, 5)).map(|round| self::round(&mut site, round)).collect::<Result<Vec<_>, _>>()?;
    let of = |get: fn(&Round) -> f64| median(rounds.iter().map(get));
    // Medians first: a start has outliers, and neighbours have nothing in common but the time.
    let ratio = of(|round| round.created) / of(|round| round.spawned);
    Ok(vec![
        Row::alone("CreateInstances accepted -> PING; redis-server by hand -> PING", millis(of(|round| round.created)))
            .baseline(millis(of(|round| round.spawned)), ratio)
            .target("<= 2", ratio <= 2.0),
        Row::alone("- CreateInstances sent -> accepted", millis(of(|round| round.accepted))),
    ])
}

fn round(site: &mut Site, round: u16) -> Result<Round, Error> {
    let (port, beside) = (PORT + 2 * round, PORT + 2 * round + 1);
    let sent = Instant::now();
    site.order(port)?;
    let (accepted, start) = (sent.elapsed().as_secs_f64(), Instant::now());
    let mut client = redis::wait(site.place(port)?)?;
    let created = start.elapsed().as_secs_f64();
    client.replica_follows()?;
    pause(SETTLE);

    let folder = site.folder.join(format!("by-hand-{round}"));
    std::fs::create_dir(&folder).map_err(Error::io(folder.display().to_string()))?;
    let start = Instant::now();
    let server = redis::start(&folder, site.place(beside)?)?;
    redis::wait(site.place(beside)?)?;
    let spawned = start.elapsed().as_secs_f64();
    drop(server);
    Ok(Round { accepted, created, spawned })
}
