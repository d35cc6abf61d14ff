//! What this process remembers of who may do what, and somebody has changed: it or another process that shares the state.

use std::sync::Arc;

use crate::app::App;
use crate::auth::identity;
use crate::store;

/// Forgets whenever something has changed.
pub async fn listen(app: Arc<App>) {
    match app.db.subscribe(store::identity::SIGNAL) {
        Ok(mut news) => loop {
            news.raised().await;
            identity::forget(&app);
        },
        Err(error) => tracing::error!(%error, "users, keys and policies that other processes change are noticed late"),
    }
}
