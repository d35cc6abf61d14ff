//! What other processes that share the state have changed and this one remembers.

use std::sync::Arc;

use crate::app::App;

/// The signal of a new or changed access key.
pub const KEYS: &str = "keys";

/// Forgets keys whenever some have changed.
pub async fn listen(app: Arc<App>) {
    match app.db.subscribe(KEYS) {
        Ok(mut news) => loop {
            news.raised().await;
            app.keys.forget_all();
            app.strangers.forget_all();
            app.grants.forget_all();
        },
        Err(error) => tracing::error!(%error, "keys that other processes change are noticed at the next start only"),
    }
}
