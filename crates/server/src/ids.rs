//! Ids as the API writes them.

use std::fmt;

use rand::Rng;
use rand::distr::{Distribution, slice::Choose};

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const MIXED: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn random(alphabet: &'static [u8], length: usize) -> String {
    let Ok(choose) = Choose::new(alphabet) else { return String::new() };
    choose.sample_iter(rand::rng()).take(length).map(|&byte| char::from(byte)).collect()
}

/// The number under which one request is answered and logged: a random UUID, written in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(uuid::Uuid);

impl RequestId {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4())
    }

    /// Appends it as text.
    pub fn write(self, out: &mut Vec<u8>) {
        let mut text = uuid::Uuid::encode_buffer();
        out.extend_from_slice(self.0.as_hyphenated().encode_lower(&mut text).as_bytes());
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

/// `crs-` and eight characters.
#[must_use]
pub fn instance_id() -> String {
    format!("crs-{}", random(LOWER, 8))
}

/// `AKID` and 32 characters.
#[must_use]
pub fn secret_id() -> String {
    format!("AKID{}", random(MIXED, 32))
}

/// How many characters the SecretId of a temporary key has after `AKID`: so it is told from a permanent one's.
const TEMPORARY: usize = 64;

/// The SecretId of a temporary key: `AKID` and 64 characters.
#[must_use]
pub fn temporary_secret_id() -> String {
    format!("AKID{}", random(MIXED, TEMPORARY))
}

/// Whether a SecretId has the shape of a temporary key's.
#[must_use]
pub fn is_temporary(secret_id: &str) -> bool {
    secret_id.strip_prefix("AKID").is_some_and(|rest| rest.len() == TEMPORARY)
}

/// The uin of a sub-user: twelve digits.
#[must_use]
pub fn uin() -> String {
    format!("1{:011}", rand::rng().random_range(0..100_000_000_000_u64))
}

/// The number of a policy: nine digits.
#[must_use]
pub fn policy_id() -> i64 {
    rand::rng().random_range(100_000_000..1_000_000_000)
}

/// The id of a role: nineteen digits.
#[must_use]
pub fn role_id() -> String {
    rand::rng().random_range(1_000_000_000_000_000_000..9_000_000_000_000_000_000_u64).to_string()
}

/// Eight characters, for what people tell apart in logs: processes, folders, states.
#[must_use]
pub fn process_id() -> String {
    random(LOWER, 8)
}

/// 32 characters.
#[must_use]
pub fn secret_key() -> String {
    random(MIXED, 32)
}

/// The control secret of an instance's nodes: 64 hexadecimal digits.
#[must_use]
pub fn node_secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// The bearer token of the operator's side: 64 hexadecimal digits.
#[must_use]
pub fn admin_token() -> String {
    node_secret()
}

/// A node id: 40 hexadecimal digits.
#[must_use]
pub fn node_id() -> String {
    hex::encode(rand::random::<[u8; 20]>())
}

/// A DealName: the day (`yyyymmdd`) and 15 digits.
#[must_use]
pub fn deal_name(day: &str) -> String {
    format!("{day}{:015}", rand::rng().random_range(0..1_000_000_000_000_000_u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_shapes_that_clients_expect() {
        assert!(instance_id().starts_with("crs-") && instance_id().len() == 12);
        assert_eq!((secret_id().len(), secret_key().len()), (36, 32));
        assert_eq!((node_id().len(), RequestId::random().to_string().len()), (40, 36));
        let deal = deal_name("20261124");
        assert!(deal.len() == 23 && deal.bytes().all(|byte| byte.is_ascii_digit()));
        assert_ne!(instance_id(), instance_id());
    }
}
