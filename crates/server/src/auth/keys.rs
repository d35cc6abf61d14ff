//! The access keys in memory, each with the signing keys derived from it lately.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use api::Secret;
use sign::SigningKey;

use super::session::{Session, Who};

/// Whose key it is, and the key.
pub struct AccessKey {
    /// Public half, `AKID…`.
    pub secret_id: String,
    /// Secret half.
    pub secret_key: Secret,
    /// Who holds it.
    pub caller: Caller,
    derived: Mutex<Vec<Derived>>,
    /// When it was used last, since that was taken note of; 0: it was not.
    used_at: AtomicI64,
}

/// Who is asking.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The main account's uin; owns everything.
    pub account: Arc<str>,
    /// The user's own uin; the account's for the root user; for a temporary key that of the user who asked for it.
    pub uin: Arc<str>,
    /// The account's AppId.
    pub app_id: i64,
    /// What a temporary key stands for; `None` with a permanent one.
    pub session: Option<Arc<Session>>,
}

impl Caller {
    /// The holder of a permanent key.
    pub fn user(account: impl Into<Arc<str>>, uin: impl Into<Arc<str>>, app_id: i64) -> Self {
        Self { account: account.into(), uin: uin.into(), app_id, session: None }
    }

    /// Whether it is the account itself, which may do everything with what is its own.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.session.is_none() && self.account == self.uin
    }

    /// What identifies it: a user's uin, `ROLEID:SESSION`, or `UIN:NAME` for a federated user.
    #[must_use]
    pub fn user_id(&self) -> String {
        match self.session.as_deref().map(|session| &session.who) {
            None | Some(Who::User) => self.uin.to_string(),
            Some(Who::Federated { name }) => format!("{}:{name}", self.uin),
            Some(Who::Role { id, session }) => format!("{id}:{session}"),
        }
    }
}

struct Derived {
    date: String,
    service: String,
    key: Arc<SigningKey>,
}

/// How exactly it is known when a key was used, in milliseconds: a busy key is not written to by each of its requests.
const GRAIN: i64 = 1000;

/// A client names date and service itself, so the number of derived keys is bounded.
const DERIVED: usize = 16;

impl AccessKey {
    /// A key that is in use.
    #[must_use]
    pub fn new(secret_id: String, secret_key: Secret, caller: Caller) -> Self {
        Self { secret_id, secret_key, caller, derived: Mutex::default(), used_at: AtomicI64::default() }
    }

    /// A request that was signed with it came at this time, in milliseconds since 1970.
    pub fn use_at(&self, now: i64) {
        if now.saturating_sub(self.used_at.load(Ordering::Relaxed)) >= GRAIN {
            self.used_at.store(now, Ordering::Relaxed);
        }
    }

    /// The TC3 signing key for this date and service; derived once.
    #[must_use]
    pub fn signing_key(&self, date: &str, service: &str) -> Arc<SigningKey> {
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = derived.iter().find(|entry| entry.date == date && entry.service == service) {
            return Arc::clone(&found.key);
        }
        let key = Arc::new(SigningKey::derive(self.secret_key.expose(), date, service));
        if derived.len() == DERIVED {
            derived.remove(0);
        }
        derived.push(Derived { date: date.to_owned(), service: service.to_owned(), key: Arc::clone(&key) });
        key
    }
}

/// All keys by SecretId.
#[derive(Default)]
pub struct Keys {
    by_id: RwLock<HashMap<String, Arc<AccessKey>>>,
    /// Counts the times that all were forgotten: what was read before the last one is not kept.
    version: AtomicU64,
    /// The last uses of keys that were forgotten, until they are taken note of.
    used: Mutex<HashMap<String, i64>>,
}

/// So many uses of forgotten keys are remembered.
const USES: usize = 4096;

impl Keys {
    /// The key with this SecretId.
    #[must_use]
    pub fn find(&self, secret_id: &str) -> Option<Arc<AccessKey>> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(secret_id).cloned()
    }

    /// To be read before the store is, and given to [`Self::add`].
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    /// Forgets all keys: what they are stands in the store.
    pub fn forget_all(&self) {
        self.version.fetch_add(1, Ordering::SeqCst);
        let forgotten = std::mem::take(&mut *self.by_id.write().unwrap_or_else(PoisonError::into_inner));
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, key) in forgotten {
            let at = key.used_at.load(Ordering::Relaxed);
            if at > 0 && used.len() < USES {
                used.insert(id, at);
            }
        }
    }

    /// Takes a key into use that was read from the store when the version was this. It is kept unless all were forgotten since.
    pub fn add(&self, key: AccessKey, version: u64) -> Arc<AccessKey> {
        let key = Arc::new(key);
        let mut by_id = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        if self.version() == version {
            by_id.insert(key.secret_id.clone(), Arc::clone(&key));
        }
        key
    }

    /// The SecretIds of the keys that were used since the last call, each with the time of its last use, in milliseconds since 1970.
    #[must_use]
    pub fn take_uses(&self) -> HashMap<String, i64> {
        let mut used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        for (id, key) in self.by_id.read().unwrap_or_else(PoisonError::into_inner).iter() {
            let at = key.used_at.swap(0, Ordering::Relaxed);
            if at > 0 {
                used.insert(id.clone(), at);
            }
        }
        used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> AccessKey {
        AccessKey::new("AKID1".to_owned(), "secret".into(), Caller::user("1", "1", 1))
    }

    #[test]
    fn what_was_read_before_all_was_forgotten_is_not_kept() {
        let keys = Keys::default();
        let version = keys.version();
        keys.add(key(), version);
        assert!(keys.find("AKID1").is_some());
        keys.forget_all();
        keys.add(key(), version);
        assert!(keys.find("AKID1").is_none());
    }

    #[test]
    fn the_last_use_of_a_key_is_told_once_also_when_the_key_is_forgotten() {
        let keys = Keys::default();
        let key = keys.add(key(), keys.version());
        assert!(keys.take_uses().is_empty());
        for at in [5000, 5999, 6000, 6001] {
            key.use_at(at);
        }
        assert_eq!(keys.take_uses(), HashMap::from([("AKID1".to_owned(), 6000)]));
        assert!(keys.take_uses().is_empty());
        key.use_at(7000);
        keys.forget_all();
        assert_eq!(keys.take_uses(), HashMap::from([("AKID1".to_owned(), 7000)]));
    }
}
