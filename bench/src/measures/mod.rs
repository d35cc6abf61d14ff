//! What is measured, one file a figure.

mod describe;

use crate::error::Error;
use crate::output::{self, Row};
use crate::scratch::Scratch;
use crate::{cores, machine, process, seed};

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

const ALL: &[(&str, Measure)] = &[("describe", describe::measure)];

/// Measures what the plan says and prints the table.
pub(crate) fn run(plan: Plan) -> Result<(), Error> {
    if let Some(unknown) = plan.only.iter().find(|only| ALL.iter().all(|(name, _)| name != only)) {
        return Err(Error::Unexpected(format!("there is no measurement `{unknown}`")));
    }
    output::progress("building the release binary");
    let cinnabar = process::build_cinnabar()?;
    let bench = Bench::new(plan, cinnabar)?;
    let mut rows = Vec::new();
    for (name, measure) in ALL.iter().filter(|(name, _)| bench.plan.wants(name)) {
        output::progress(&format!("measuring: {name}"));
        rows.extend(measure(&bench)?);
    }
    output::line(&format!("\n{}\n", machine::description()));
    output::table(rows);
    Ok(())
}

impl Bench {
    fn new(plan: Plan, cinnabar: std::path::PathBuf) -> Result<Self, Error> {
        let scratch = Scratch::new()?;
        let million = scratch.folder("million")?;
        if plan.wants("describe") || plan.wants("start") {
            output::progress("writing a store with 1,000,000 tasks");
            seed::seed(&million.join("data"))?;
        }
        if cores::available() > 1 {
            cores::pin(cores::BENCH)?;
        }
        Ok(Self { plan, scratch, cinnabar, million })
    }
}
