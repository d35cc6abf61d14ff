//! What can be measured: requests, tasks, steps, instances, nodes, and the process itself. `docs/operating.md` lists it all.
//!
//! What is counted is counted where it happens, by atomic additions; what the state knows is asked for when somebody
//! reads, at most once a second, and by indexes of what is alive, however many tasks have ended.

pub mod census;
pub mod connections;
mod process;
pub mod requests;
mod text;

pub use text::{CONTENT_TYPE, text};

use census::Cached;
use connections::Connections;
use requests::Requests;

/// The counters of a server.
#[derive(Default)]
pub struct Metrics {
    /// The requests of the API.
    pub requests: Requests,
    /// The connections of the API's listener.
    pub connections: std::sync::Arc<Connections>,
    /// What the state knew when it was last asked.
    pub census: Cached,
}
