//! What is measured, one file a figure.

mod clear;
mod create;
mod describe;
mod idle;
mod lists;
mod postgres;
mod restart;
mod start;
mod tasks;
mod trivial;
mod wake;

use std::net::SocketAddr;

use crate::error::Error;
use crate::output::{self, Row};
use crate::scratch::Scratch;
use crate::{cores, machine, process, redis, seed, wire};

/// What to measure, and how long.
pub(crate) struct Plan {
    /// Fewer and shorter rounds.
    pub(crate) quick: bool,
    /// Only these; all when empty.
    pub(crate) only: Vec<String>,
}

impl Plan {
    /// One number for a whole run, another for a quick one.
    pub(crate) fn pick<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

/// What the measurements share.
pub(crate) struct Bench {
    pub(crate) plan: Plan,
    pub(crate) scratch: Scratch,
    /// The release binary.
    pub(crate) cinnabar: std::path::PathBuf,
    /// A folder whose `data` holds a million tasks.
    pub(crate) million: std::path::PathBuf,
}

type Measure = fn(&Bench) -> Result<Vec<Row>, Error>;

const ALL: &[(&str, Measure)] = &[
    ("describe", describe::measure),
    ("tls", describe::measure_tls),
    ("user", describe::measure_user),
    ("forged", describe::measure_forged),
    ("idle", idle::measure),
    ("start", start::measure),
    ("lists", lists::measure),
    // Ends the open tasks of the store.
    ("restart", restart::measure),
    ("tasks", tasks::measure),
    ("postgres", postgres::measure),
    ("wake", wake::measure),
    ("create", create::measure),
    ("clear", clear::measure),
];

/// Measures what the plan says and prints the table.
pub(crate) fn run(plan: Plan) -> Result<(), Error> {
    if let Some(unknown) = plan.only.iter().find(|only| ALL.iter().all(|(name, _)| name != only)) {
        return Err(Error::Unexpected(format!("there is no measurement `{unknown}`")));
    }
    // Before this thread is pinned and sees one core only.
    let machine = machine::description();
    output::progress("building the release binary");
    let cinnabar = process::build_cinnabar()?;
    let bench = Bench::new(plan, cinnabar)?;
    let mut rows = Vec::new();
    for (name, measure) in ALL.iter().filter(|(name, _)| bench.plan.wants(name)) {
        output::progress(&format!("measuring: {name}"));
        rows.extend(measure(&bench)?);
    }
    output::line(&format!("\n{machine}\n"));
    output::table(rows);
    Ok(())
}

impl Bench {
    fn new(plan: Plan, cinnabar: std::path::PathBuf) -> Result<Self, Error> {
        let scratch = Scratch::new()?;
        let million = scratch.folder("million")?;
        if ["describe", "tls", "user", "forged", "start", "lists", "restart"].iter().any(|name| plan.wants(name)) {
            output::progress("writing a store with 1,000,000 ended and 10,000 open tasks");
            seed::seed(&million.join("data"))?;
            read_through(&million.join("data/state.db"))?;
        }
        if cores::available() > 1 {
            cores::pin(cores::BENCH)?;
        }
        Ok(Self { plan, scratch, cinnabar, million })
    }
}

/// So that the file is in the system's cache, however it got there.
fn read_through(file: &std::path::Path) -> Result<(), Error> {
    let copied = std::fs::File::open(file).and_then(|mut file| std::io::copy(&mut file, &mut std::io::sink()));
    copied.map(drop).map_err(Error::io(file.display().to_string()))
}

/// A server whose instances listen on an address of their own, where all ports are free.
pub(crate) struct Site {
    _server: process::Process,
    pub(crate) caller: wire::Caller,
    pub(crate) instances: String,
    pub(crate) folder: std::path::PathBuf,
}

impl Site {
    fn start(bench: &Bench, name: &str) -> Result<Self, Error> {
        let folder = bench.scratch.folder(name)?;
        let id = std::process::id();
        let instances = format!("127.{}.{}.{}", 200 + id / 62_500 % 50, id / 250 % 250, id % 250 + 1);
        let command = process::serve(&bench.cinnabar, &folder, process::free_address("127.0.0.1")?, &instances);
        let mut server = process::Process::start(command, &folder)?;
        let caller = wire::Caller::connect(server.address()?)?;
        Ok(Self { _server: server, caller, instances, folder })
    }

    /// Orders an instance; when this returns, the order is accepted. Its id.
    pub(crate) fn order(&mut self, port: u16) -> Result<String, Error> {
        let body = serde_json::json!({
            "TypeId": 15, "MemSize": 1024, "GoodsNum": 1, "Period": 1, "BillingMode": 0, "ZoneId": 100_003,
            "RedisShardNum": 1, "RedisReplicasNum": 1, "Password": redis::PASSWORD, "VPort": port,
        });
        let answer = self.caller.call("CreateInstances", &body.to_string())?;
        wire::member(&answer, "InstanceIds")
    }

    pub(crate) fn place(&self, port: u16) -> Result<SocketAddr, Error> {
        format!("{}:{port}", self.instances).parse().map_err(|_| Error::Unexpected("an address".to_owned()))
    }
}
