//! May the caller do this, on what the request works on?
//!
//! The account itself may do everything with what is its own. All others go by their policies, for each action with its real
//! resource. What is not the account's is let through here and *not found* by the handler, as what never existed.

use std::collections::HashMap;
use std::sync::Arc;

use api::ActionInfo;
use policy::{Decision, Facts, Query, Resource};
use serde_json::Value;

use super::grants::Rights;
use super::keys::Caller;
use super::target::{self, Target};
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, permission};
use crate::store;

/// Which of the account's instances a list may show.
#[derive(Debug, Clone, Default)]
pub enum Sight {
    /// All.
    #[default]
    All,
    /// Those with these ids.
    Only(Arc<[String]>),
}

impl Sight {
    /// The ids that may be shown; `None`: all.
    #[must_use]
    pub fn ids(&self) -> Option<&[String]> {
        match self {
            Self::All => None,
            Self::Only(ids) => Some(ids),
        }
    }
}

/// Decides about a request; answers what its list may show.
///
/// # Errors
/// The refusal with the action's own code ([`permission::code`]); `AuthFailure.TokenFailure` when the role or user of a temporary
/// key is gone; the database's.
pub fn check(app: &App, context: &Context, info: &'static ActionInfo, params: &Value) -> Result<Sight, Error> {
    if context.caller.is_root() {
        return Ok(Sight::All);
    }
    let rights = app.grants.of(app, &context.caller)?;
    if rights.everywhere(info) {
        return Ok(Sight::All);
    }
    let asked = Asked { app, context, info, rights: &rights, request_tags: request_tags(params) };
    match target::of(info, params) {
        Target::Instances(ids) => ids.into_iter().try_for_each(|id| asked.instance(id))?,
        Target::Task(id) => asked.task(id)?,
        Target::Whole => asked.whole(false)?,
        Target::Public => asked.whole(true)?,
        Target::Own => {}
        Target::List => return asked.list(),
    }
    Ok(Sight::All)
}

struct Asked<'a> {
    app: &'a App,
    context: &'a Context,
    info: &'static ActionInfo,
    rights: &'a Rights,
    request_tags: Vec<(String, String)>,
}

impl Asked<'_> {
    fn caller(&self) -> &Caller {
        &self.context.caller
    }

    /// An instance of the account; any other is not found by the handler.
    fn instance(&self, id: &str) -> Result<(), Error> {
        let Some(region) = self.app.grants.region(self.app, &self.caller().account, id)? else { return Ok(()) };
        let path = format!("instance/{id}");
        let resource = self.redis(region, &path);
        match self.decide(resource, &self.tags(id)?) {
            Decision::Allowed => Ok(()),
            _ => Err(permission::refused(self.info, &text(&resource))),
        }
    }

    /// The task's instance; a task that is not the account's is not found by the handler.
    fn task(&self, id: u64) -> Result<(), Error> {
        let Ok(id) = i64::try_from(id) else { return Ok(()) };
        match self.app.engine.brief(self.context.account(), id, |task| task.subject.to_owned())? {
            Some(subject) => self.instance(&subject),
            None => Ok(()),
        }
    }

    /// An action without a resource of its own.
    fn whole(&self, unless_denied: bool) -> Result<(), Error> {
        let resource = self.of_service();
        match self.decide(resource, &[]) {
            Decision::Allowed => Ok(()),
            Decision::Silent if unless_denied => Ok(()),
            _ => Err(permission::refused(self.info, &text(&resource))),
        }
    }

    /// What may be seen; refused when that is nothing and the action is not allowed as such.
    fn list(&self) -> Result<Sight, Error> {
        let region = self.context.region.map(|region| region.name).filter(|_| self.info.service == "redis");
        let account = self.context.account();
        let (all, mut tags) = self.app.db.read(|tx| {
            let all = store::grants::instances(tx, account, region)?;
            let asked = self.rights.asks_tags();
            let tags = if asked { store::tag::of_account(tx, account)? } else { HashMap::new() };
            Ok::<_, db::Error>((all, tags))
        })?;
        let may_be_seen = |(id, region): &(String, String)| {
            let tags = tags.remove(id).unwrap_or_default();
            self.decide(self.redis(region, &format!("instance/{id}")), &tags) == Decision::Allowed
        };
        let seen: Vec<_> = all.into_iter().filter(may_be_seen).map(|(id, _)| id).collect();
        if seen.is_empty() {
            self.whole(false)?;
        }
        Ok(Sight::Only(seen.into()))
    }

    fn decide(&self, resource: Resource<'_>, resource_tags: &[(String, String)]) -> Decision {
        let facts = Facts {
            ip: Some(self.context.peer.ip()),
            now_ms: self.context.now,
            uin: &self.caller().uin,
            external_id: None,
            resource_tags,
            request_tags: &self.request_tags,
        };
        let query =
            Query { service: self.info.service, action: self.info.name, resource, facts: &facts, principal: None };
        self.rights.decide(self.info, &query)
    }

    fn redis<'r>(&'r self, region: &'r str, path: &'r str) -> Resource<'r> {
        Resource { service: "redis", region, account: self.context.account(), path }
    }

    fn of_service(&self) -> Resource<'_> {
        let region = self.context.region.map_or("", |region| region.name);
        Resource { service: self.info.service, region, account: self.context.account(), path: "*" }
    }

    /// Looked up only when a condition can ask for them.
    fn tags(&self, id: &str) -> Result<Vec<(String, String)>, Error> {
        if !self.rights.asks_tags() {
            return Ok(Vec::new());
        }
        Ok(self.app.db.read(|tx| store::tag::of_instance(tx, id))?)
    }
}

/// The tags that the request would set: `ResourceTags` of an order, `ReplaceTags` of the tag service.
fn request_tags(params: &Value) -> Vec<(String, String)> {
    let lists = ["ResourceTags", "ReplaceTags"].map(|name| params[name].as_array());
    let pair = |tag: &Value| Some((tag["TagKey"].as_str()?.to_owned(), tag["TagValue"].as_str()?.to_owned()));
    lists.into_iter().flatten().flatten().filter_map(pair).collect()
}

/// The resource as a policy would name it.
fn text(resource: &Resource<'_>) -> String {
    let Resource { service, region, account, path } = resource;
    if *path == "*" { "*".to_owned() } else { format!("qcs::{service}:{region}:uin/{account}:{path}") }
}
