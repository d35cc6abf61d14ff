//! The only SQL outside the engine. Every query of a customer's things is scoped by account.

pub mod account;
pub mod attachment;
pub mod census;
mod conditions;
pub mod deal;
pub mod deal_progress;
pub mod doctor;
pub mod grants;
pub mod host;
pub mod identity;
pub mod instance;
pub mod instance_change;
pub mod instance_list;
pub mod instance_names;
pub mod key;
pub mod lever;
pub mod lever_seed;
pub mod node;
pub mod policy;
pub mod role;
pub mod seal;
pub mod tag;
pub mod tag_list;
pub mod task_list;
pub mod user;

use std::path::Path;

use api::Secret;
use db::{Db, Migration};

/// The numbered steps of the schema; a published one is never changed.
pub const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, sql: engine::MIGRATION_SQL },
    Migration { number: 2, sql: include_str!("../../../../migrations/0002_server.sql") },
    Migration { number: 3, sql: include_str!("../../../../migrations/0003_lists.sql") },
    Migration { number: 4, sql: engine::LISTS_SQL },
    Migration { number: 5, sql: engine::OPERATORS_SQL },
    Migration { number: 6, sql: include_str!("../../../../migrations/0006_levers.sql") },
    Migration { number: 7, sql: engine::HOSTS_SQL },
    Migration { number: 8, sql: include_str!("../../../../migrations/0008_hosts.sql") },
    Migration { number: 9, sql: engine::LEASES_SQL },
    Migration { number: 10, sql: include_str!("../../../../migrations/0010_instance_lists.sql") },
    Migration { number: 11, sql: include_str!("../../../../migrations/0011_identity.sql") },
    Migration { number: 12, sql: include_str!("../../../../migrations/0012_tokens.sql") },
    Migration { number: 13, sql: include_str!("../../../../migrations/0013_instance_names.sql") },
];

/// Opens the state: in the data folder, or in the PostgreSQL of this URL when it is not empty.
///
/// # Errors
/// As [`Db::open`] and [`Db::connect`].
pub fn open(folder: &Path, url: &Secret) -> Result<Db, db::Error> {
    match url.expose() {
        "" => Db::open(&folder.join("state.db"), MIGRATIONS),
        url => Db::connect(url, MIGRATIONS),
    }
}

/// A list as it stands in a TEXT column.
fn to_json(list: &[String]) -> String {
    serde_json::Value::from(list).to_string()
}

fn from_json(text: &str) -> Result<Vec<String>, db::Error> {
    serde_json::from_str(text).map_err(|error| db::Error::Database(format!("a list in the store is not one: {error}")))
}

/// Tags as they stand in a TEXT column.
fn tags_to_json(tags: &[(String, String)]) -> String {
    serde_json::Value::from_iter(tags.iter().map(|(key, value)| vec![key.as_str(), value])).to_string()
}

fn tags_from_json(text: &str) -> Result<Vec<(String, String)>, db::Error> {
    serde_json::from_str(text).map_err(|error| db::Error::Database(format!("tags in the store are none: {error}")))
}
