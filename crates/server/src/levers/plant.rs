//! Makes what the seed says: by CreateInstances, as a customer would, and only what is not there yet.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::redis::actions::CreateInstances;
use redis::{ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo, RedisResult};
use tokio::time::{Instant, sleep};

use super::Levers;
use super::seed::{Planned, Seed};
use crate::action::Action;
use crate::app::App;
use crate::auth::authorise::Sight;
use crate::auth::keys::Caller;
use crate::context::Context;
use crate::error::{Error, Language};
use crate::ids::RequestId;
use crate::model::instance::{Instance, State};
use crate::service::{ROOT_APP_ID, ROOT_UIN};
use crate::store::lever_seed;

/// An instance of the seed that could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the seed's instance `{name}` could not be made: {problem}")]
pub struct NotPlanted {
    name: String,
    problem: String,
}

/// Between two looks at an instance that is being made.
const LOOK: Duration = Duration::from_millis(5);
/// More than a task may take, and some waiting for a worker.
const PATIENCE: Duration = Duration::from_secs(900);
/// So many keys are written at once.
const BATCH: usize = 1_000;

/// Says for as long as it lives that plans and paces do not apply.
struct Seeding<'a>(&'a AtomicBool);

impl Drop for Seeding<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Levers {
    /// Makes the instances that have not been made yet, all at once, and writes their keys. Those that a tester has
    /// destroyed since stay so. The engine must be working.
    ///
    /// # Errors
    /// The first instance that could not be made.
    pub async fn plant(&self, app: &App, seed: &Seed) -> Result<(), NotPlanted> {
        self.seeding.store(true, Ordering::SeqCst);
        let _seeding = Seeding(&self.seeding);
        for planned in &seed.instances {
            told(planned, order(app, planned).await.map_err(|error| error.to_string()))?;
        }
        for planned in &seed.instances {
            told(planned, finish(app, planned).await)?;
        }
        Ok(())
    }
}

fn told<T>(planned: &Planned, result: Result<T, String>) -> Result<T, NotPlanted> {
    result.map_err(|problem| NotPlanted { name: planned.name.clone(), problem })
}

/// Orders the instance unless that was done before.
async fn order(app: &App, planned: &Planned) -> Result<(), Error> {
    let region = planned.region.name;
    let made = app.db.read(|tx| match lever_seed::find(tx, &planned.name)? {
        Some(_) => Ok::<_, db::Error>(None),
        None => Ok(Some(lever_seed::unnoted(tx, ROOT_UIN, region, &planned.name)?)),
    })?;
    let id = match made {
        None => return Ok(()),
        Some(Some(id)) => id,
        Some(None) => {
            let context = context(app, planned);
            let bought = CreateInstances::handle(&context, app, planned.request.clone()).await?;
            bought.instance_ids.into_iter().next().unwrap_or_default()
        }
    };
    let name = planned.name.clone();
    app.db.write(move |tx| lever_seed::add(tx, &name, &id)).await?;
    Ok(())
}

fn context(app: &App, planned: &Planned) -> Context {
    Context {
        request_id: RequestId::random(),
        caller: Caller::user(ROOT_UIN, ROOT_UIN, ROOT_APP_ID),
        region: Some(planned.region),
        language: Language::English,
        peer: SocketAddr::from(([127, 0, 0, 1], 0)),
        now: app.clock.now_ms(),
        sight: Sight::All,
    }
}

/// Waits until the instance runs and writes its keys, unless that was done before.
async fn finish(app: &App, planned: &Planned) -> Result<(), String> {
    let database = |error: db::Error| error.to_string();
    let seeded = app.db.read(|tx| lever_seed::find(tx, &planned.name)).map_err(database)?;
    let Some(seeded) = seeded.filter(|seeded| !seeded.filled) else { return Ok(()) };
    let instance = running(app, &seeded.instance_id).await?;
    if let Some(instance) = instance {
        let password = planned.request.password.as_ref().map(|password| password.expose().to_owned());
        let filled = fill(&instance, password, &planned.keys).await;
        filled.map_err(|error| format!("its keys could not be written: {error}"))?;
        tracing::info!(instance = instance.id, name = planned.name, keys = planned.keys.len(), "seeded");
    }
    let name = planned.name.clone();
    app.db.write(move |tx| lever_seed::set_filled(tx, &name)).await.map_err(database)
}

/// The instance once it runs; `None` when it is past that.
async fn running(app: &App, id: &str) -> Result<Option<Instance>, String> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let read = app.db.read(|tx| {
            let instance = crate::store::instance::get(tx, id)?;
            let message = lever_seed::last_message(tx, id)?;
            Ok::<_, db::Error>((instance, message))
        });
        let (instance, message) = read.map_err(|error| error.to_string())?;
        match instance.state {
            State::Running => return Ok(Some(instance)),
            State::Failed => return Err(message),
            State::Isolated | State::Cleaned => return Ok(None),
            State::Creating if message.is_empty() => sleep(LOOK).await,
            State::Creating => return Err(message),
        }
    }
    Err(format!("it does not run after {} s", PATIENCE.as_secs()))
}

/// Writes the keys as the customer would.
async fn fill(instance: &Instance, password: Option<String>, keys: &BTreeMap<String, String>) -> RedisResult<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let mut login = RedisConnectionInfo::default();
    if let Some(password) = password {
        login = login.set_password(password);
    }
    let place = ConnectionAddr::Tcp(instance.address.clone(), instance.port).into_connection_info()?;
    let client = redis::Client::open(place.set_redis_settings(login))?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let keys: Vec<_> = keys.iter().collect();
    for batch in keys.chunks(BATCH) {
        let mut pipe = redis::pipe();
        for (key, value) in batch {
            pipe.set(*key, *value).ignore();
        }
        pipe.query_async::<()>(&mut connection).await?;
    }
    Ok(())
}
