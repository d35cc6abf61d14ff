//! What is seen of a request on the way: needed for its answer, and for the audit log, however it ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api::ActionInfo;

use crate::action::Opened;
use crate::audit::Kind;
use crate::audit::record::{self, ANSWERED, Record};
use crate::auth::keys::AccessKey;
use crate::error::{Error, Language};
use crate::ids::RequestId;
use crate::model::region::Region;

/// As far as it is known.
#[derive(Default)]
pub(super) struct Noted {
    /// Of the answer.
    pub language: Language,
    /// The action's line in the table.
    pub line: Option<usize>,
    /// Whether the answer may be compressed.
    pub takes_gzip: bool,
    /// Others may have seen another end of this request, so what follows it is not to be taken for a request.
    pub is_doubtful: bool,
    /// Whether it can change nothing.
    is_read: bool,
    /// The key that was believed to have signed.
    pub key: Option<Arc<AccessKey>>,
    /// Where.
    pub region: Option<&'static Region>,
    /// What the parameters name; only of what is to be recorded in any case.
    pub resources: Vec<String>,
    /// The key that was named by who was not believed.
    claimed: String,
}

/// The longest SecretId that is recorded of who was not believed.
const LONGEST: usize = 64;

impl Noted {
    /// It names this action.
    pub(super) fn names(&mut self, info: &ActionInfo) {
        (self.line, self.is_read) = (Some(info.line), record::is_read(info));
    }

    /// What the audit log asks of it, if it ends with this code.
    pub(super) fn kind<'a>(&self, code: &'a str) -> Kind<'a> {
        Kind { is_read: self.is_read, is_believed: self.key.is_some(), code }
    }

    /// It was not believed that this key signed.
    pub(super) fn claims(&mut self, secret_id: &str) {
        self.claimed = secret_id.chars().take(LONGEST).collect();
    }

    /// Its line of the audit log.
    #[must_use]
    pub(super) fn record(
        &self,
        time: String,
        request_id: RequestId,
        client: SocketAddr,
        ended: &Result<Opened, Error>,
        took: Duration,
    ) -> Record {
        let (key, info) = (self.key.as_deref(), self.line.and_then(|line| api::actions().get(line)));
        let mut resources = self.resources.clone();
        let made = ended.as_ref().ok().filter(|_| !self.is_read).map(Opened::parsed).unwrap_or_default();
        resources.extend(record::names(&made));
        resources.dedup();
        Record {
            time,
            request_id: request_id.to_string(),
            account: key.map_or_else(String::new, |key| key.caller.account.to_string()),
            user: key.map_or_else(String::new, |key| key.caller.user_id()),
            secret_id: key.map_or_else(|| self.claimed.clone(), |key| key.secret_id.clone()),
            client: client.to_string(),
            service: info.map_or("", |info| info.service).to_owned(),
            action: info.map_or("", |info| info.name).to_owned(),
            region: self.region.map_or("", |region| region.name).to_owned(),
            resources,
            code: ended.as_ref().err().map_or(ANSWERED, |error| error.code).to_owned(),
            task: made["TaskId"].as_i64(),
            micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        }
    }
}
