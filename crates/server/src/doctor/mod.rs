//! The consistency check: compares the state, the processes and the folders, and names every difference with what to do.
//! It changes nothing.
//!
//! The service repairs most of this by itself, and is at work while it is looked at. So what differs at first is looked at
//! again after a while, and only what differs still is told.

mod files;
mod instances;
mod nodes;
mod tasks;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::app::App;
use crate::tasks::world::World;

/// Between the two looks: longer than a repair takes.
const BETWEEN: Duration = Duration::from_secs(3);

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Which check found it, a word for programs; `docs/operating.md` lists them.
    pub check: &'static str,
    /// What it is about: an instance, a node, a task, a file.
    pub subject: String,
    /// What is wrong, in a sentence.
    pub what: String,
    /// What to do, in a sentence.
    pub advice: &'static str,
}

/// What a check has looked at, and what it found.
#[derive(Debug, Default)]
pub struct Report {
    /// The differences.
    pub findings: BTreeSet<Finding>,
    /// How many instances were looked at.
    pub instances: usize,
    /// How many nodes.
    pub nodes: usize,
    /// How many instances were left out because a task is at work on them.
    pub busy: usize,
    /// The number of the state's format.
    pub format: i64,
}

impl Report {
    fn add(&mut self, check: &'static str, subject: impl Into<String>, what: impl Into<String>, advice: &'static str) {
        self.findings.insert(Finding { check, subject: subject.into(), what: what.into(), advice });
    }
}

/// Looks, and looks again if something differs; answers what differs both times.
pub async fn examine(app: &App, world: &World, folder: &Path) -> Report {
    let first = look(app, world, folder).await;
    if first.findings.is_empty() {
        return first;
    }
    tokio::time::sleep(BETWEEN).await;
    let mut second = look(app, world, folder).await;
    second.findings.retain(|finding| first.findings.iter().any(|before| is_same(before, finding)));
    second
}

/// What is measured in a sentence may have moved on.
fn is_same(one: &Finding, other: &Finding) -> bool {
    (one.check, &one.subject) == (other.check, &other.subject)
}

async fn look(app: &App, world: &World, folder: &Path) -> Report {
    let format = crate::store::MIGRATIONS.last().map_or(0, |migration| migration.number);
    let mut report = Report { format, ..Report::default() };
    files::check(&mut report, folder, &instances_folder(app, folder));
    if let Err(error) = tasks::check(&mut report, app) {
        unreadable(&mut report, &error);
    }
    match instances::check(&mut report, app, world) {
        // A process without workers has no nodes.
        Ok(_) if !app.hosting.process.role.works() => {}
        Ok(alive) => nodes::check(&mut report, app, world, &alive).await,
        Err(error) => unreadable(&mut report, &error),
    }
    report
}

/// The folder of this host's nodes.
fn instances_folder(app: &App, folder: &Path) -> PathBuf {
    match app.config.host.instances.as_os_str().is_empty() {
        true => folder.join("instances"),
        false => app.config.host.instances.clone(),
    }
}

fn unreadable(report: &mut Report, error: &db::Error) {
    let advice = "look at the disk, or at the database server; nothing works until the state can be read";
    report.add("state-unreadable", "state", format!("the state cannot be read: {error}"), advice);
}
