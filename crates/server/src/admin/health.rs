//! Health checks, for whoever watches over the process; they ask for no token and tell nothing of customers.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;

/// The family's routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().routes(routes!(healthz))
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
