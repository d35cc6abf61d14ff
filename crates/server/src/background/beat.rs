//! Where processes share the state: says that this one is there, follows the database's clock, and has the open tasks of hosts
//! that are away say so.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use db::{Db, Tx};
use engine::Clock;

use crate::app::App;
use crate::auth::identity;
use crate::model::host::Waiting;
use crate::store;

/// The hosts that tasks are known to wait for.
#[derive(Default)]
pub struct Away(Mutex<BTreeSet<String>>);

/// One round.
pub async fn round(app: Arc<App>, away: Arc<Away>) {
    follow(&app.db, &app.clock);
    if let Err(error) = beat(&app).await {
        // It is as good as dead until it can: others may do its rounds.
        tracing::warn!(%error, "cannot say that this process is there");
        return;
    }
    if let Err(error) = identity::compare(&app) {
        tracing::warn!(%error, "cannot look whether users, keys or policies have changed");
    }
    match waiting(&app).await {
        Ok(waiting) => away.report(&waiting),
        Err(error) => tracing::warn!(%error, "cannot look for tasks that wait for a host"),
    }
}

/// Sets the clock by the database's, if that is shared.
pub fn follow(db: &Db, clock: &Clock) {
    let before = clock.steady_ms();
    match db.read(|tx| tx.database_time_ms()) {
        Ok(Some(theirs)) => clock.follow(before, theirs, clock.steady_ms()),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "cannot read the database's clock"),
    }
}

/// Says that this process is there, and that it does the rounds on its host if no other does.
///
/// # Errors
/// The database's.
pub async fn beat(app: &App) -> Result<(), db::Error> {
    let (hosting, now) = (Arc::clone(&app.hosting), app.clock.steady_ms());
    let until = now.saturating_add(hosting.dead_after);
    let works = hosting.process.role.works();
    let beat = move |tx: &Tx<'_>| {
        store::host::beat(tx, &hosting.process, now)?;
        Ok::<_, db::Error>(works && store::host::keep(tx, &hosting.process.host, &hosting.process.id, now, until)?)
    };
    if app.db.write(beat).await? {
        app.hosting.keep_until(until);
    }
    Ok(())
}

/// Writes only when there is something to be said.
async fn waiting(app: &Arc<App>) -> Result<Vec<Waiting>, db::Error> {
    let since = app.hosting.alive_since(app.clock.steady_ms());
    let waiting = app.db.read(|tx| store::host::waited_for(tx, since))?;
    if !waiting.is_empty() {
        let (engine, hosts) = (app.engine.clone(), waiting.clone());
        let note = move |tx: &Tx<'_>| {
            hosts.iter().try_for_each(|host| engine.note_wait(tx, &host.host, &host.why()).map(drop))
        };
        app.db.write::<_, db::Error>(note).await?;
    }
    Ok(waiting)
}

impl Away {
    /// Logs each host once when it goes, and once when it is back.
    fn report(&self, waiting: &[Waiting]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for host in waiting.iter().filter(|host| !known.contains(&host.host)) {
            tracing::warn!(
                host = host.host,
                tasks = host.tasks,
                known = host.known,
                "no worker of the host is there; its tasks wait"
            );
        }
        let now: BTreeSet<_> = waiting.iter().map(|host| host.host.clone()).collect();
        for host in known.difference(&now) {
            tracing::info!(host, "no task waits for the host any more");
        }
        *known = now;
    }
}
