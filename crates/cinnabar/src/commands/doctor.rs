//! `cinnabar doctor`: the consistency check.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use server::admin::doctor::{Diagnosis, Finding};

use crate::admin::Admin;
use crate::connection::Data;
use crate::error::Error;
use crate::output;

/// Compare the state, the processes and the folders, and name every difference with what to do
///
/// Asks the server that works in the data folder, and changes nothing. What differs is looked at again after a few seconds, since
/// the server repairs most of it by itself. Exit status 0 when nothing differs, 1 when something does, 3 when it could not be
/// found out.
#[derive(Args)]
pub(crate) struct Doctor {
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: Data,
}

impl Doctor {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        self.examine().map_err(|error| Error::Unknown(Box::new(error)))
    }

    fn examine(&self) -> Result<ExitCode, Error> {
        let admin = Admin::of(&self.data)?;
        let answer = admin.post("/doctor", &json!({}))?;
        let diagnosis: Diagnosis = admin.read(&answer)?;
        if self.json {
            output::json(&answer.text);
        } else {
            show(&diagnosis);
        }
        Ok(if diagnosis.healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn show(diagnosis: &Diagnosis) {
    let Diagnosis { findings, instances, nodes, busy, format, .. } = diagnosis;
    if !findings.is_empty() {
        output::table(&["CHECK", "SUBJECT", "WHAT", "WHAT TO DO"], findings.iter().map(row).collect());
        output::line("");
    }
    let found = match findings.len() {
        0 => "nothing differs".to_owned(),
        1 => "1 finding".to_owned(),
        more => format!("{more} findings"),
    };
    output::line(&format!(
        "{found}; looked at: instances {instances} (busy, left out: {busy}), nodes {nodes}, state format {format}"
    ));
}

fn row(finding: &Finding) -> Vec<String> {
    vec![finding.check.clone(), finding.subject.clone(), finding.what.clone(), finding.advice.clone()]
}
