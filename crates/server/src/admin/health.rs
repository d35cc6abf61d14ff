//! Health checks, for whoever watches over the process; they ask for no token and tell nothing of customers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ready::Readiness;
use super::{Admin, Routes};

/// The family's routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().routes(routes!(healthz)).routes(routes!(readyz))
}

/// The process is alive.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Alive {
    /// `ok`.
    pub status: String,
    /// The program's version.
    pub version: String,
}

/// Whether the process is alive: it answers, that is all.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()), responses((status = 200, body = Alive)))]
async fn healthz() -> Json<Alive> {
    Json(Alive { status: "ok".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
}

/// Whether the service can do its work; names what cannot.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()),
    responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
async fn readyz(State(admin): State<Arc<Admin>>) -> (StatusCode, Json<Readiness>) {
    let readiness = admin.ready.look(&admin).await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness))
}
