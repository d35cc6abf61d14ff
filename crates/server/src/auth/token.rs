//! The tokens of temporary keys: a token is the key itself, sealed, so that no row stands for it and each process that shares
//! the state can open it. What it allows is looked up at each use, so a role or a user that is gone ends its sessions at once.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::grants::Held;
use super::keys::{AccessKey, Caller};
use super::session::{Grant, Session};
use crate::error::{Error, gateway};

/// What is sealed together with each token: what it is, and the version of its form.
const FORM: &[u8] = b"cinnabar token 1";

/// The longest token that is looked at; the longest that is made is shorter.
const LONGEST: usize = 16 << 10;

/// So many open tokens are remembered, so that a client's next request costs no more than one with a permanent key.
const REMEMBERED: usize = 4096;

/// Makes tokens and opens them.
pub struct Tokens {
    key: LessSafeKey,
    known: RwLock<HashMap<String, Known>>,
}

struct Known {
    token: String,
    key: Arc<AccessKey>,
}

impl Tokens {
    /// With this secret of 64 hexadecimal digits; `None` when it is none.
    #[must_use]
    pub fn new(secret: &str) -> Option<Self> {
        let key = UnboundKey::new(&AES_256_GCM, &hex::decode(secret).ok()?).ok()?;
        Some(Self { key: LessSafeKey::new(key), known: RwLock::default() })
    }

    /// The token of a temporary key.
    ///
    /// # Errors
    /// `InternalError`, which does not happen.
    pub fn seal(&self, grant: &Grant) -> Result<String, Error> {
        let mut text = serde_json::to_vec(grant).map_err(gateway::internal)?;
        // At random: 2^32 tokens of one secret are far from repeating one.
        let nonce: [u8; NONCE_LEN] = rand::random();
        let sealed = self.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(FORM), &mut text);
        sealed.map_err(gateway::internal)?;
        Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &text].concat()))
    }

    /// The temporary key with this SecretId and token. `now` is the date that the server shows, in milliseconds since 1970.
    ///
    /// # Errors
    /// `AuthFailure.TokenFailure` when there is no token, it was not made by this server, it is of another key, or it has expired.
    pub fn find(&self, secret_id: &str, token: &str, now: i64) -> Result<Arc<AccessKey>, Error> {
        if token.is_empty() {
            return Err(gateway::token_failure("a temporary key needs its token", "临时密钥必须携带 Token"));
        }
        let key = match self.remembered(secret_id, token) {
            Some(key) => key,
            None => self.remember(self.open(secret_id, token)?, token),
        };
        let expires = key.caller.session.as_ref().map_or(0, |session| session.expires);
        if now >= expires {
            let en = "it has expired; ask STS for another one";
            return Err(gateway::token_failure(en, "已过期，请重新向 STS 申请"));
        }
        Ok(key)
    }

    /// Forgets what was opened; the tokens stay good.
    pub fn forget_all(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn remembered(&self, secret_id: &str, token: &str) -> Option<Arc<AccessKey>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(secret_id).filter(|known| known.token == token).map(|known| Arc::clone(&known.key))
    }

    fn remember(&self, grant: Grant, token: &str) -> Arc<AccessKey> {
        let secret_id = grant.secret_id.clone();
        let key = Arc::new(key(grant));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // All at once: it happens once in thousands of keys, and each is opened again by its next request.
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(secret_id, Known { token: token.to_owned(), key: Arc::clone(&key) });
        key
    }

    fn open(&self, secret_id: &str, token: &str) -> Result<Grant, Error> {
        let grant = self.unseal(token).filter(|grant| grant.secret_id == secret_id);
        grant.ok_or_else(|| {
            let en = "it is not the one that STS gave together with this SecretId";
            gateway::token_failure(en, "与该 SecretId 不匹配，请使用 STS 一并返回的 Token")
        })
    }

    fn unseal(&self, token: &str) -> Option<Grant> {
        if token.len() > LONGEST {
            return None;
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let text = self.key.open_in_place(nonce, Aad::from(FORM), sealed).ok()?;
        serde_json::from_slice(text).ok()
    }
}

fn key(grant: Grant) -> AccessKey {
    let Grant { secret_id, secret_key, account, uin, app_id, who, policy, expires } = grant;
    let policy = (!policy.is_empty()).then(|| Held::parse([policy.as_str()]));
    let session = Some(Arc::new(Session { who, policy, expires }));
    AccessKey::new(secret_id, secret_key, Caller { session, ..Caller::user(account, uin, app_id) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::session::Who;
    use crate::ids;

    const CODE: &str = "AuthFailure.TokenFailure";

    fn tokens(byte: &str) -> Tokens {
        Tokens::new(&byte.repeat(32)).unwrap()
    }

    fn grant() -> Grant {
        Grant {
            secret_id: ids::temporary_secret_id(),
            secret_key: "secret".into(),
            account: "1".to_owned(),
            uin: "2".to_owned(),
            app_id: 3,
            who: Who::Federated { name: "guest".to_owned() },
            policy: "{}".to_owned(),
            expires: 1000,
        }
    }

    fn refused(tokens: &Tokens, id: &str, token: &str, now: i64) -> String {
        let error = tokens.find(id, token, now).err().expect("it is taken");
        assert_eq!(error.code, CODE);
        assert!(!error.message.zh.is_empty());
        error.message.en.into_owned()
    }

    #[test]
    fn a_token_says_all_of_its_key_until_it_expires() {
        let (tokens, grant) = (tokens("a7"), grant());
        let token = tokens.seal(&grant).unwrap();
        assert!(!token.contains("secret") && !token.contains("guest"));
        for _ in 0..2 {
            let key = tokens.find(&grant.secret_id, &token, 999).unwrap();
            assert_eq!((key.secret_key.expose(), key.caller.user_id().as_str()), ("secret", "2:guest"));
            assert!(!key.caller.is_root());
            assert!(key.caller.session.as_ref().unwrap().policy.is_some());
        }
        assert!(refused(&tokens, &grant.secret_id, &token, 1000).contains("expired"));
        // Another process with the same secret opens it too.
        self::tokens("a7").find(&grant.secret_id, &token, 0).unwrap();
    }

    #[test]
    fn any_other_token_is_refused() {
        let (tokens, grant) = (tokens("a7"), grant());
        let token = tokens.seal(&grant).unwrap();
        let id = &grant.secret_id;
        assert!(refused(&tokens, id, "", 0).contains("needs its token"));
        let foreign = self::tokens("a8").seal(&grant).unwrap();
        let another = tokens.seal(&self::grant()).unwrap();
        let long = "A".repeat(LONGEST + 1);
        for wrong in [&foreign, &another, &long, "A", "***", &token[..token.len() - 1], &format!("{token}A")] {
            assert!(refused(&tokens, id, wrong, 0).contains("not the one"), "{wrong}");
        }
        // Also once the right one is remembered.
        tokens.find(id, &token, 0).unwrap();
        assert!(refused(&tokens, id, &another, 0).contains("not the one"));
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let (tokens, grant) = (tokens("a7"), grant());
        let token = tokens.seal(&grant).unwrap();
        for place in 0..token.len() - 1 {
            let mut bytes = token.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let wrong = String::from_utf8(bytes).unwrap();
            refused(&tokens, &grant.secret_id, &wrong, 0);
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let tokens = tokens("a7");
        for _ in 0..=REMEMBERED {
            let grant = grant();
            let token = tokens.seal(&grant).unwrap();
            tokens.find(&grant.secret_id, &token, 0).unwrap();
        }
        assert!(tokens.known.read().unwrap().len() <= REMEMBERED);
    }
}
