//! What a handler may reach. The data plane is not among it: a handler writes intent, a task makes it so.

use std::sync::Arc;

use db::Db;
use engine::{Clock, Engine};
use time::UtcOffset;
use tokio::sync::Semaphore;

use crate::action::Actions;
use crate::auth::grants::Grants;
use crate::auth::keys::Keys;
use crate::auth::rate_limit::Limiter;
use crate::auth::stranger::Strangers;
use crate::auth::token::Tokens;
use crate::config::Config;
use crate::http::proxies::Proxies;
use crate::levers::Levers;
use crate::metrics::Metrics;
use crate::model::host::Hosting;
use crate::model::product;
use crate::store::instance_names::InstanceNames;

/// The server's parts, shared by all requests.
pub struct App {
    /// All settings.
    pub config: Config,
    /// The only source of time.
    pub clock: Clock,
    /// The store.
    pub db: Db,
    /// Who this process is among those that share the store.
    pub hosting: Arc<Hosting>,
    /// The tasks.
    pub engine: Engine,
    /// The names and projects of instances, for lists of tasks.
    pub instance_names: Arc<InstanceNames>,
    /// The access keys.
    pub keys: Keys,
    /// What was asked for by keys that nobody has.
    pub strangers: Strangers,
    /// What callers may do.
    pub grants: Grants,
    /// The temporary keys.
    pub tokens: Tokens,
    /// The request counts.
    pub limiter: Limiter,
    /// The counters.
    pub metrics: Metrics,
    /// Whose word on others' addresses is taken.
    pub proxies: Proxies,
    /// How much of bodies may be in memory, in pieces of [`crate::http::received::PIECE`].
    pub room: Arc<Semaphore>,
    /// The handlers.
    pub actions: Actions,
    /// The engines that were found on this machine.
    pub engines: Vec<product::Engine>,
    /// Names of this server that a client may have signed instead of the Host that arrives.
    pub public_hosts: Vec<String>,
    /// The levers for those who test clients, when they are on.
    pub levers: Option<Arc<Levers>>,
    /// Of the times in answers.
    pub time_offset: UtcOffset,
}

impl App {
    /// Pay-as-you-go instances isolated before this time show −3 (see `store::instance`).
    #[must_use]
    pub fn to_delete_cutoff(&self) -> i64 {
        self.clock.now_ms() - self.config.isolation.to_delete_after * 1000
    }

    /// A time as the API writes it.
    #[must_use]
    pub fn wire_time(&self, millis: i64) -> String {
        crate::model::wire_time::format(millis, self.time_offset)
    }
}
