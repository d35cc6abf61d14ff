//! The operator's side: tasks, accounts, health, and what belongs to them, as JSON on a listener of its own.
//!
//! Nothing of it is on the API's port. Everything but the health checks asks for the bearer token that stands in the data
//! folder's `admin.json`. Each family of routes is a file, added in `guarded` or `open`; each is in the OpenAPI document because
//! both are made from the same macro.

pub mod access;
pub mod accounts;
pub mod audit;
pub mod auth;
pub mod doctor;
pub mod health;
pub mod levers;
pub mod listener;
mod metrics;
pub mod problem;
pub mod ready;
pub mod tasks;

use std::path::PathBuf;
use std::sync::Arc;

use api::Secret;
use axum::{Json, Router, middleware};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::levers::reset::Reset;
use crate::tasks::world::World;
use problem::Problem;

/// What the routes may reach.
pub struct Admin {
    /// The server's parts.
    pub app: Arc<App>,
    /// What the tasks act on.
    pub world: Arc<World>,
    /// Back to the seed, when the levers are on.
    pub reset: Option<Arc<Reset>>,
    /// The data folder.
    pub folder: PathBuf,
    /// What every request must bear, but those for health.
    pub token: Secret,
    /// The last look at whether all is ready.
    pub ready: ready::Last,
}

/// What routes are given.
pub type Routes = OpenApiRouter<Arc<Admin>>;

#[derive(OpenApi)]
#[openapi(
    info(title = "Cinnabar, the operator's side", description = "Look at tasks and act on them; accounts; health. See docs/operating.md."),
    components(schemas(problem::Body)),
    security(("token" = []))
)]
struct Document;

/// The routes that ask for the token.
fn guarded(with_levers: bool) -> Routes {
    let routes = Routes::new().merge(tasks::routes()).merge(accounts::routes());
    let routes = routes.merge(metrics::routes()).merge(doctor::routes()).merge(audit::routes());
    if with_levers { routes.merge(levers::routes()) } else { routes }
}

/// The routes that ask for nothing.
fn open() -> Routes {
    Routes::new().merge(health::routes())
}

/// Everything that the listener answers.
pub fn router(admin: &Arc<Admin>) -> Router {
    let (routes, document) = guarded(admin.app.levers.is_some()).split_for_parts();
    let document = with_open(document);
    let routes = routes
        .route("/openapi.json", axum::routing::get(async move || Json(document)))
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
        .route_layer(middleware::from_fn_with_state(Arc::clone(admin), auth::ask_token));
    let (open, _) = open().split_for_parts();
    routes.merge(open).with_state(Arc::clone(admin))
}

/// The whole OpenAPI document of a server without levers.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    with_open(guarded(false).split_for_parts().1)
}

/// Adds what is common to all routes, and those that ask for nothing.
fn with_open(guarded: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    document.merge(guarded);
    document.merge(open().split_for_parts().1);
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    document.components.get_or_insert_default().add_security_scheme("token", bearer);
    document
}

async fn no_such_route() -> Problem {
    Problem::no_such_route()
}

async fn no_such_method() -> Problem {
    Problem::method_not_allowed()
}
