//! What this process remembers of keys and of what callers may do: forgotten as soon as any of it changes, by whatever process.

use crate::app::App;
use crate::store;

/// Forgets all of it; it is read again by the next request.
pub fn forget(app: &App) {
    app.keys.forget_all();
    app.strangers.forget_all();
    app.grants.forget_all();
}

/// Forgets all of it if the store has changed since the last call, for when the news of it did not come through.
///
/// # Errors
/// The database's.
pub fn compare(app: &App) -> Result<(), db::Error> {
    let version = app.db.read(store::identity::version)?;
    if app.grants.is_news(version) {
        forget(app);
    }
    Ok(())
}
