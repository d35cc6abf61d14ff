//! When each key was used last: noted once in a while for all that were, so that no request costs a write.

use std::sync::Arc;

use crate::app::App;
use crate::store;

/// Between two rounds, milliseconds.
pub const PAUSE: u64 = 60_000;

/// One round.
pub async fn round(app: Arc<App>) {
    let uses = app.keys.take_uses();
    if uses.is_empty() {
        return;
    }
    let write = move |tx: &db::Tx<'_>| uses.iter().try_for_each(|(id, at)| store::key::used(tx, id, *at));
    if let Err(error) = app.db.write::<_, db::Error>(write).await {
        tracing::warn!(%error, "cannot note when keys were used last");
    }
}
