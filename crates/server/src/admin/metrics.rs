//! Metrics for Prometheus. They tell nothing of single customers, but ask for the token all the same: they tell how busy
//! the service is, and the listener may be exposed.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use utoipa_axum::routes;

use super::{Admin, Routes};
use crate::metrics;

/// The family's routes.
pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(all))
}

/// All metrics, as OpenMetrics text.
#[utoipa::path(get, path = "/metrics", tag = "metrics",
    responses((status = 200, content_type = "application/openmetrics-text", body = String)))]
async fn all(State(admin): State<Arc<Admin>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::text(&admin.app))
}
