//! Look into the audit log.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::problem::{Body, Problem};
use super::{Admin, Routes};
use crate::audit::record::Record;
use crate::audit::search::{self, Wanted};

/// The longest answer.
const LONGEST: usize = 10_000;

/// The family's routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().routes(routes!(list))
}

/// Requests, the newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Audited {
    /// The requests.
    pub records: Vec<Record>,
}

/// Lists requests of all accounts that this server has answered, the newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(Wanted),
    responses((status = 200, body = Audited), (status = 400, body = Body)))]
async fn list(
    State(admin): State<Arc<Admin>>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Audited>, Problem> {
    let wanted = wanted?.0;
    if !(1..=LONGEST).contains(&wanted.limit) {
        return Err(Problem::bad_request(format!("`limit` is {}; it must be 1 to {LONGEST}", wanted.limit)));
    }
    admin.app.audit.flush().await;
    let folder = admin.folder.clone();
    let search = tokio::task::spawn_blocking(move || search::search(&folder, &wanted));
    let records = search.await.map_err(std::io::Error::other).and_then(|found| found);
    let records = records.map_err(|error| Problem::internal(error.to_string()))?;
    Ok(Json(Audited { records }))
}
