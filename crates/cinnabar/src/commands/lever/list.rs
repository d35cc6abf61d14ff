//! `cinnabar lever list`: plans and what has come of them.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use server::levers::view::{Overview, Plan, Use};

use super::Side;
use crate::error::Error;
use crate::output;

/// List the plans, the tasks and requests that they took, the paces, the date and the seed
#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    side: Side,
}

impl List {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        let (admin, answer) = self.side.get("/levers")?;
        self.side.show(&admin, &answer, |all| show(&all))
    }
}

fn show(all: &Overview) {
    output::table(&["PLAN", "LEFT", "WHAT"], all.plans.iter().map(plan).collect());
    output::line("");
    let header = ["AT", "PLAN", "TASK", "KIND", "STATUS", "INSTANCE", "REQUEST", "POLLS", "WHAT HAPPENED"];
    output::table(&header, all.uses.iter().map(used).collect());
    output::line("");
    for pace in &all.paces {
        output::line(&format!("pace: {}", json!(pace)));
    }
    for seeded in &all.seed {
        output::line(&format!("seed: {} is {}", seeded.name, seeded.instance));
    }
    output::line(&format!("the date is {} s ahead of the true one", all.leapt_ms / 1000));
}

fn plan(plan: &Plan) -> Vec<String> {
    vec![plan.id.to_string(), plan.uses_left.to_string(), json!(plan.plan).to_string()]
}

fn used(used: &Use) -> Vec<String> {
    let number = |number: Option<i64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let notes: Vec<_> = used.notes.iter().map(|note| note.text.as_str()).collect();
    let instance = if used.instance.is_empty() { "-" } else { &used.instance };
    vec![
        used.at.clone(),
        number(used.plan),
        number(used.task),
        text(&used.kind),
        text(&used.status),
        instance.to_owned(),
        used.request_id.clone(),
        used.polls.to_string(),
        notes.join("; "),
    ]
}
