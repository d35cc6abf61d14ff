//! Tasks: look at them, and act on those that need it.

mod act;
mod read;
pub mod view;

use utoipa_axum::routes;

use super::Routes;

/// The family's routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(read::list))
        .routes(routes!(read::show))
        .routes(routes!(read::steps))
        .routes(routes!(act::retry))
        .routes(routes!(act::abandon))
        .routes(routes!(act::cancel))
}
