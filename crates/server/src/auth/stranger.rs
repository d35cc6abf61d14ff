//! Keys that this process has not met yet: another one that shares the store may have made them.
//!
//! Whoever sends keys that do not exist must not keep the store busy: each is looked up once in a while, and
//! in all no more than so many a second (`MISSES`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::keys::{AccessKey, Caller};
use crate::app::App;
use crate::error::{Error, gateway};
use crate::store;

/// So many look-ups a second may find nothing.
const MISSES: u32 = 100;
/// How long a SecretId is taken for unknown without another look, in milliseconds.
const MEMORY: i64 = 5000;
/// So many of them are remembered; [`MISSES`] and [`MEMORY`] allow for no more.
const REMEMBERED: usize = 1024;

/// What was looked for in vain lately.
#[derive(Default)]
pub struct Strangers(Mutex<State>);

#[derive(Default)]
struct State {
    second: i64,
    misses: u32,
    /// Until when each is unknown.
    unknown: HashMap<String, i64>,
}

/// The key with this SecretId: out of memory, else out of the store.
///
/// # Errors
/// `AuthFailure.SecretIdNotFound`; `RequestLimitExceeded` when too many are looked for in vain; `InternalError` when the store
/// does not answer.
pub fn find(app: &App, secret_id: &str, now: i64) -> Result<Arc<AccessKey>, Error> {
    if let Some(key) = app.keys.find(secret_id) {
        return Ok(key);
    }
    app.strangers.admit(secret_id, now)?;
    let version = app.keys.version();
    match app.db.read(|tx| store::account::key(tx, secret_id))? {
        Some(key) => {
            let caller = Caller::user(key.account, key.uin, key.app_id);
            Ok(app.keys.add(AccessKey::new(key.secret_id, key.secret_key, caller), version))
        }
        None => {
            app.strangers.note(secret_id, now);
            Err(gateway::secret_id_not_found())
        }
    }
}

impl Strangers {
    /// Everybody may be known now.
    pub fn forget_all(&self) {
        self.with(|state| state.unknown.clear());
    }

    /// Whether it may be looked for.
    fn admit(&self, secret_id: &str, now: i64) -> Result<(), Error> {
        self.with(|state| {
            if state.unknown.get(secret_id).is_some_and(|until| now < *until) {
                return Err(gateway::secret_id_not_found());
            }
            if state.second == now.div_euclid(1000) && state.misses >= MISSES {
                return Err(gateway::too_many_strangers(MISSES));
            }
            Ok(())
        })
    }

    fn note(&self, secret_id: &str, now: i64) {
        self.with(|state| {
            let second = now.div_euclid(1000);
            if state.second != second {
                (state.second, state.misses) = (second, 0);
                state.unknown.retain(|_, until| now < *until);
            }
            state.misses += 1;
            if state.unknown.len() < REMEMBERED {
                state.unknown.insert(secret_id.to_owned(), now.saturating_add(MEMORY));
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::account::StoredKey;
    use crate::testing::{House, ME, NOW};

    async fn put(house: &House, secret_id: &str) {
        let (secret_id, secret_key) = (secret_id.to_owned(), "secret".into());
        let key = StoredKey { secret_id, secret_key, account: ME.to_owned(), uin: ME.to_owned(), app_id: 1 };
        house.app.db.write(move |tx| store::account::put_key(tx, &key, NOW)).await.unwrap();
    }

    fn code(house: &House, secret_id: &str, now: i64) -> &'static str {
        find(&house.app, secret_id, now).map_or_else(|error| error.code, |_| "found")
    }

    #[tokio::test]
    async fn a_key_that_another_process_made_is_found_and_one_that_nobody_made_is_not() {
        let house = House::new().await;
        assert_eq!(code(&house, "AKIDnew", NOW), "AuthFailure.SecretIdNotFound");
        put(&house, "AKIDnew").await;
        assert_eq!(
            code(&house, "AKIDnew", NOW + MEMORY - 1),
            "AuthFailure.SecretIdNotFound",
            "not looked for again yet"
        );
        assert_eq!(code(&house, "AKIDnew", NOW + MEMORY), "found");
        put(&house, "AKIDtwo").await;
        assert_eq!(code(&house, "AKIDtwo", NOW), "found");
        assert_eq!(find(&house.app, "AKIDtwo", NOW).unwrap().secret_key.expose(), "secret");
    }

    #[tokio::test]
    async fn news_of_keys_ends_the_wait() {
        let house = House::new().await;
        assert_eq!(code(&house, "AKIDnew", NOW), "AuthFailure.SecretIdNotFound");
        put(&house, "AKIDnew").await;
        house.app.strangers.forget_all();
        assert_eq!(code(&house, "AKIDnew", NOW), "found");
    }

    #[tokio::test]
    async fn a_flood_of_strangers_stays_cheap_and_ends_with_its_second() {
        let house = House::new().await;
        put(&house, "AKIDknown").await;
        assert_eq!(code(&house, "AKIDknown", NOW), "found");
        let codes: Vec<_> = (0..1000).map(|number| code(&house, &format!("AKID{number}"), NOW)).collect();
        let looked = codes.iter().filter(|code| **code == "AuthFailure.SecretIdNotFound").count();
        assert_eq!((looked, codes[999]), (MISSES as usize, "RequestLimitExceeded"));
        assert_eq!(code(&house, "AKIDknown", NOW), "found", "who is known is served all the same");
        assert_eq!(code(&house, "AKID999", NOW + 1000), "AuthFailure.SecretIdNotFound");
        for second in 0..20 {
            let codes = (0..1000).map(|number| code(&house, &format!("AKID{number}"), NOW + 1000 * second));
            assert!(codes.filter(|code| *code == "RequestLimitExceeded").count() > 0);
        }
        assert!(house.app.strangers.with(|state| state.unknown.len()) <= REMEMBERED);
    }
}
