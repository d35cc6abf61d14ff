//! Whether the service can do its work: the state can be written, the engine looks for work, the machines of the nodes are there.

use std::future::Future;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use utoipa::ToSchema;

use super::Admin;
use crate::store::census;

/// A part that has not answered by then is not ready.
const PATIENCE: Duration = Duration::from_secs(3);
/// An engine that has not looked for work for so long hangs; it looks at least once a second.
const LOOKS: Duration = Duration::from_secs(10);
/// An answer is given again for so long: whoever asks often must not make the disk busy.
const FRESH: Duration = Duration::from_secs(1);

/// Whether the service can do its work.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// All of the parts are.
    pub ready: bool,
    /// Each part.
    pub parts: Vec<Part>,
}

/// A part of the service.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Part {
    /// `state`; and where tasks are run also `engine` and `nodes`.
    pub name: String,
    /// It can do its work.
    pub ready: bool,
    /// Why it cannot; empty when it can.
    pub why: String,
}

/// The last answer.
#[derive(Default)]
pub struct Last(Mutex<Option<(Instant, Readiness)>>);

impl Last {
    /// Whether the service is ready, looked at within the last second. Who asks meanwhile waits for the same look.
    pub async fn look(&self, admin: &Admin) -> Readiness {
        let mut last = self.0.lock().await;
        if let Some((_, readiness)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return readiness.clone();
        }
        let readiness = look(admin).await;
        *last = Some((Instant::now(), readiness.clone()));
        readiness
    }
}

async fn look(admin: &Admin) -> Readiness {
    let (state, nodes) = tokio::join!(in_time(state(admin)), in_time(nodes(admin)));
    let mut parts = vec![("state", state), ("engine", engine(admin)), ("nodes", nodes)];
    if !admin.app.hosting.process.role.works() {
        // Others have workers and nodes.
        parts.truncate(1);
    }
    let part = |(name, result): (&str, Result<(), String>)| {
        let why = result.err().unwrap_or_default();
        Part { name: name.to_owned(), ready: why.is_empty(), why }
    };
    let parts: Vec<_> = parts.into_iter().map(part).collect();
    Readiness { ready: parts.iter().all(|part| part.ready), parts }
}

async fn in_time(look: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let late = |_| Err(format!("it did not answer within {} s", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(late)
}

/// A small write reaches the disk.
async fn state(admin: &Admin) -> Result<(), String> {
    let (owner, now) = (admin.app.hosting.process.id.clone(), admin.app.clock.now_ms());
    let touched = admin.app.db.write(move |tx| census::touch(tx, &owner, now)).await;
    touched.map_err(|error: db::Error| error.to_string())
}

fn engine(admin: &Admin) -> Result<(), String> {
    match admin.app.engine.last_looked() {
        None => Err("it is not working".to_owned()),
        Some(ago) if ago > LOOKS => Err(format!("it has not looked for work for {} s", ago.as_secs())),
        Some(_) => Ok(()),
    }
}

/// The folder of the nodes can be read, and the engines that start them are installed.
async fn nodes(admin: &Admin) -> Result<(), String> {
    admin.world.plane.list().await.map_err(|error| error.to_string())?;
    let gone = admin.world.plane.engines().iter().find(|engine| !engine.path.exists());
    gone.map_or(Ok(()), |engine| Err(format!("the engine {} is no longer installed", engine.path.display())))
}
