//! What a handler knows of the request beside its parameters.

use std::net::SocketAddr;

use engine::Origin;

use crate::auth::authorise::Sight;
use crate::auth::keys::Caller;
use crate::error::{Error, Language, gateway};
use crate::ids::RequestId;
use crate::model::region::Region;

/// Who asks, where, in which language, under which id.
pub struct Context {
    /// The answer's RequestId.
    pub request_id: RequestId,
    /// Whose key signed.
    pub caller: Caller,
    /// The region; always there for redis.
    pub region: Option<&'static Region>,
    /// The language of texts in the answer.
    pub language: Language,
    /// The client: the other end of the connection, or whom a trusted proxy names.
    pub peer: SocketAddr,
    /// When the request was read, milliseconds since 1970.
    pub now: i64,
    /// Which of the account's instances a list may show.
    pub sight: Sight,
}

impl Context {
    /// The main account, which owns everything.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.caller.account
    }

    /// The region of a redis request.
    ///
    /// # Errors
    /// `MissingParameter` when there is none.
    pub fn region(&self) -> Result<&'static Region, Error> {
        self.region.ok_or_else(|| gateway::missing_parameter("Region"))
    }

    /// Where the request came from, as people write it; a proxy may not tell the port.
    #[must_use]
    pub fn client(&self) -> String {
        match self.peer.port() {
            0 => self.peer.ip().to_string(),
            _ => self.peer.to_string(),
        }
    }

    /// What a task remembers of the request that caused it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin { request_id: self.request_id.to_string(), operator: self.caller.user_id(), client: self.client() }
    }
}
