//! The consistency check.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Admin, Routes};
use crate::doctor;

/// The family's routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().routes(routes!(examine))
}

/// What the check has looked at, and what it found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Diagnosis {
    /// Nothing differs.
    pub healthy: bool,
    /// The differences.
    pub findings: Vec<Finding>,
    /// How many instances were looked at.
    pub instances: usize,
    /// How many nodes.
    pub nodes: usize,
    /// How many instances were left out because a task is at work on them.
    pub busy: usize,
    /// The number of the state's format.
    pub format: i64,
}

/// A difference between the state, the processes and the folders.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Which check found it: a word for programs.
    pub check: String,
    /// What it is about.
    pub subject: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub advice: String,
}

/// Compares the state, the processes and the folders, and changes nothing. What differs is looked at again after three
/// seconds, since the service repairs most of it by itself.
#[utoipa::path(post, path = "/doctor", tag = "doctor", responses((status = 200, body = Diagnosis)))]
async fn examine(State(admin): State<Arc<Admin>>) -> Json<Diagnosis> {
    let report = doctor::examine(&admin.app, &admin.world, &admin.folder).await;
    let findings: Vec<_> = report.findings.into_iter().map(Finding::from).collect();
    let doctor::Report { instances, nodes, busy, format, .. } = report;
    Json(Diagnosis { healthy: findings.is_empty(), findings, instances, nodes, busy, format })
}

impl From<doctor::Finding> for Finding {
    fn from(finding: doctor::Finding) -> Self {
        let doctor::Finding { check, subject, what, advice } = finding;
        Self { check: check.to_owned(), subject, what, advice: advice.to_owned() }
    }
}
