//! The access keys in memory, each with the signing keys derived from it lately.

use std::collections::HashMap;
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

/// A client names date and service itself, so the number of derived keys is bounded.
const DERIVED: usize = 16;

impl AccessKey {
    /// A key that is in use.
    #[must_use]
    pub fn new(secret_id: String, secret_key: Secret, caller: Caller) -> Self {
        Self { secret_id, secret_key, caller, derived: Mutex::default() }
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
}

impl Keys {
    /// The key with this SecretId.
    #[must_use]
    pub fn find(&self, secret_id: &str) -> Option<Arc<AccessKey>> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(secret_id).cloned()
    }

    /// Forgets all keys: what they are stands in the store.
    pub fn forget_all(&self) {
        self.by_id.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Takes a key into use.
    pub fn add(&self, key: AccessKey) {
        let mut by_id = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        by_id.insert(key.secret_id.clone(), Arc::new(key));
    }
}
