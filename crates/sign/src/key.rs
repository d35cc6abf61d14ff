//! The signing key of TC3.

use ring::hmac;

/// The HMAC key of one secret key, date and service. Deriving it costs four HMACs, so that caching pays.
///
/// Its `Debug` form shows no secret.
#[derive(Debug, Clone)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    /// Derives the key from the secret key, the date `YYYY-MM-DD` and the service as the client gave them.
    #[must_use]
    pub fn derive(secret_key: &str, date: &str, service: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret_signing(secret_key, date, service).as_ref()))
    }

    pub(crate) fn sign(&self, text: &[u8]) -> hmac::Tag {
        hmac::sign(&self.0, text)
    }

    /// In constant time.
    pub(crate) fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.0, text, signature).is_ok()
    }
}

fn secret_signing(secret_key: &str, date: &str, service: &str) -> hmac::Tag {
    let next = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    let secret_date = next(["TC3", secret_key].concat().as_bytes(), date);
    let secret_service = next(secret_date.as_ref(), service);
    next(secret_service.as_ref(), "tc3_request")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::StringToSign;

    /// The published example hides its secret key but shows this key and what it signs.
    #[test]
    fn the_published_signing_key_signs_the_published_signature() {
        let published = hex::decode("b596b923aad85185e2d1f6659d2a062e0a86731226e021e61bfe06f7ed05f5af").unwrap();
        let key = SigningKey(hmac::Key::new(hmac::HMAC_SHA256, &published));
        let hash = "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84";
        let text = format!("TC3-HMAC-SHA256\n1551113065\n2019-02-25/cvm/tc3_request\n{hash}");
        let signature = "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f";
        assert_eq!(hex::encode(key.sign(text.as_bytes())), signature);
        assert!(key.verifies(text.as_bytes(), &hex::decode(signature).unwrap()));
        let mut string_to_sign = StringToSign::new("1551113065", "2019-02-25", "cvm");
        let fixed = "TC3-HMAC-SHA256\n1551113065\n2019-02-25/cvm/tc3_request\n";
        assert!(string_to_sign.of(b"").starts_with(fixed.as_bytes()));
    }

    #[test]
    fn the_key_depends_on_secret_date_and_service() {
        let key = |secret, date, service| hex::encode(secret_signing(secret, date, service));
        let base = key("s", "2019-02-25", "redis");
        assert_eq!(base, key("s", "2019-02-25", "redis"));
        for other in [key("t", "2019-02-25", "redis"), key("s", "2019-02-26", "redis"), key("s", "2019-02-25", "127")] {
            assert_ne!(base, other);
        }
    }
}
