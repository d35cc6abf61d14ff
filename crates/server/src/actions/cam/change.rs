//! A change of users, keys, policies or roles: one transaction, after which nobody goes by what was before.

use db::Tx;

use crate::app::App;
use crate::auth::identity;
use crate::error::{Error, gateway};
use crate::store;

/// Makes a change.
///
/// # Errors
/// Those of `work`; the database's.
pub(super) async fn change<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let write = move |tx: &Tx<'_>| {
        let done = work(tx)?;
        store::identity::changed(tx)?;
        Ok::<_, Error>(done)
    };
    let done = app.db.write(write).await;
    // Whatever came of it: that may be in doubt. The signal does the same if this request is given up meanwhile.
    identity::forget(app);
    done
}

/// An id out of `make` that nobody has.
///
/// # Errors
/// The database's; `InternalError` when none is found, which does not happen.
pub(super) fn free<T>(make: fn() -> T, taken: impl Fn(&T) -> Result<bool, db::Error>) -> Result<T, Error> {
    for _ in 0..16 {
        let id = make();
        if !taken(&id)? {
            return Ok(id);
        }
    }
    Err(gateway::internal("no free id was found"))
}

/// What is said when a row could not be added: `in_use` if another request was quicker with the same name.
pub(super) fn unless_in_use(error: db::Error, in_use: impl FnOnce() -> Error) -> Error {
    match error {
        db::Error::Conflict(_) => in_use(),
        other => other.into(),
    }
}
