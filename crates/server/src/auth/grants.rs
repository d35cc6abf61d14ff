//! The policies that callers hold, parsed once and kept until somebody's identity changes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use api::ActionInfo;
use policy::{About, Decision, Policy, Purpose, Query};

use super::keys::Caller;
use super::session::{Session, Who};
use crate::app::App;
use crate::error::{Error, gateway};
use crate::model::region;
use crate::store;

/// So many holders, and so many instances' regions, are remembered.
const REMEMBERED: usize = 65_536;

/// The policies of one holder.
#[derive(Debug)]
pub struct Held {
    policies: Vec<Policy>,
    /// What they say of each action, by its line in the contract's table, once it was asked.
    about: Box<[OnceLock<About>]>,
    /// Whether a condition looks at the tags of the resource.
    asks_tags: bool,
}

impl Held {
    /// Out of these texts. One that cannot be read was stored by a newer version: then nothing is allowed at all.
    #[must_use]
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let (mut policies, mut asks_tags) = (Vec::new(), false);
        for text in texts {
            match Policy::parse(text, Purpose::Identity) {
                Ok(policy) => policies.push(policy),
                Err(error) => {
                    tracing::error!(%error, "a stored policy cannot be read; its holder may do nothing");
                    policies.clear();
                    break;
                }
            }
            asks_tags |= text.contains("resource_tag") || text.contains('\\');
        }
        Self { policies, about: api::actions().iter().map(|_| OnceLock::new()).collect(), asks_tags }
    }

    fn about(&self, info: &ActionInfo) -> &About {
        self.about[info.line].get_or_init(|| About::of(&self.policies, info.service, info.name))
    }
}

/// What one caller may do: what its own policies allow, as far as the session's allows it too.
pub struct Rights {
    /// `None`: everything, as the account itself.
    own: Option<Arc<Held>>,
    session: Option<Arc<Session>>,
}

impl Rights {
    /// Whether this may be done, which is a request for this action.
    #[must_use]
    pub fn decide(&self, info: &ActionInfo, query: &Query<'_>) -> Decision {
        self.all().map(|held| held.about(info).decide(query)).fold(Decision::Allowed, |both, one| match (both, one) {
            (Decision::Denied, _) | (_, Decision::Denied) => Decision::Denied,
            (Decision::Allowed, Decision::Allowed) => Decision::Allowed,
            _ => Decision::Silent,
        })
    }

    /// Whether the action may be done on whatever there is, so that nothing of it need be looked at.
    #[must_use]
    pub fn everywhere(&self, info: &ActionInfo) -> bool {
        self.all().all(|held| held.about(info).everywhere())
    }

    /// Whether the tags of a resource can matter.
    #[must_use]
    pub fn asks_tags(&self) -> bool {
        self.all().any(|held| held.asks_tags)
    }

    /// What must all allow what is done.
    fn all(&self) -> impl Iterator<Item = &Held> {
        let narrowed = self.session.as_ref().and_then(|session| session.policy.as_ref());
        self.own.iter().map(AsRef::as_ref).chain(narrowed)
    }
}

/// What this process remembers.
#[derive(Default)]
pub struct Grants {
    /// Counts the times that all was forgotten: what was read before the last one is not kept.
    version: AtomicU64,
    /// The number of changes in the store when it was compared last.
    stored: AtomicI64,
    held: RwLock<HashMap<String, Arc<Held>>>,
    /// Account and region of instances, which never change.
    places: RwLock<HashMap<String, (Arc<str>, &'static str)>>,
}

impl Grants {
    /// To be called by whoever changed users, roles, policies or what is attached to whom.
    pub fn forget_all(&self) {
        self.version.fetch_add(1, Ordering::SeqCst);
        self.held.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.places.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether the number of changes in the store is another one than at the last call.
    pub fn is_news(&self, version: i64) -> bool {
        self.stored.swap(version, Ordering::SeqCst) != version
    }

    /// What the caller may do.
    ///
    /// # Errors
    /// `AuthFailure.TokenFailure` when the role or the user of a temporary key is gone; the database's.
    pub fn of(&self, app: &App, caller: &Caller) -> Result<Rights, Error> {
        let session = caller.session.clone();
        let own = match session.as_deref().map(|session| &session.who) {
            Some(Who::Role { id, .. }) => {
                Some(self.held(app, id, |tx| store::grants::of_role(tx, &caller.account, id))?)
            }
            _ if caller.account == caller.uin => None,
            _ => Some(self.held(app, &caller.uin, |tx| store::grants::of_user(tx, &caller.account, &caller.uin))?),
        };
        Ok(Rights { own, session })
    }

    fn held(
        &self,
        app: &App,
        holder: &str,
        read: impl FnOnce(&db::Tx<'_>) -> Result<Option<Vec<String>>, db::Error>,
    ) -> Result<Arc<Held>, Error> {
        if let Some(held) = self.held.read().unwrap_or_else(PoisonError::into_inner).get(holder) {
            return Ok(Arc::clone(held));
        }
        let version = self.version.load(Ordering::SeqCst);
        let texts = app.db.read(read)?.ok_or_else(|| {
            gateway::token_failure("who it was given to does not exist any more", "其所属的用户或角色已被删除")
        })?;
        let held = Arc::new(Held::parse(texts.iter().map(String::as_str)));
        let mut all = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if self.version.load(Ordering::SeqCst) == version {
            if all.len() >= REMEMBERED {
                all.clear();
            }
            all.insert(holder.to_owned(), Arc::clone(&held));
        }
        Ok(held)
    }

    /// The region of the account's instance with this id.
    ///
    /// # Errors
    /// The database's.
    pub fn region(&self, app: &App, account: &Arc<str>, id: &str) -> Result<Option<&'static str>, Error> {
        if let Some((owner, region)) = self.places.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok((owner == account).then_some(*region));
        }
        let found = app.db.read(|tx| store::grants::region(tx, account, id))?;
        let Some(region) = found.and_then(|name| region::find(&name)) else { return Ok(None) };
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= REMEMBERED {
            places.clear();
        }
        places.insert(id.to_owned(), (Arc::clone(account), region.name));
        Ok(Some(region.name))
    }
}
