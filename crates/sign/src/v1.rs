//! The v1 signature, both ends: an HMAC over the method, host, path and the decoded parameters in the order of their keys.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use crate::error::VerifyError;
use crate::verifier::{readings_allowed, uris};
use crate::window;

/// The parameter that carries the signature and is therefore not signed.
const SIGNATURE: &str = "Signature";

/// The algorithm of a v1 signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum V1Algorithm {
    /// What an absent SignatureMethod means.
    #[default]
    HmacSha1,
    /// The stronger one.
    HmacSha256,
}

impl V1Algorithm {
    /// The algorithm of a SignatureMethod, `HmacSHA1` or `HmacSHA256`; none for any other text.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "HmacSHA1" => Some(Self::HmacSha1),
            "HmacSHA256" => Some(Self::HmacSha256),
            _ => None,
        }
    }

    /// The text of SignatureMethod.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HmacSHA1",
            Self::HmacSha256 => "HmacSHA256",
        }
    }

    fn key(self, secret_key: &str) -> hmac::Key {
        let algorithm = match self {
            Self::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::HmacSha256 => hmac::HMAC_SHA256,
        };
        hmac::Key::new(algorithm, secret_key.as_bytes())
    }
}

/// The value of the parameter `Signature`, in base64, for these decoded parameters. A `Signature` among them is passed
/// over.
///
/// `host` is the endpoint as configured, with its port; `path` normally `/`.
#[must_use]
pub fn sign_v1<P: AsRef<str>>(
    method: &str,
    host: &str,
    path: &str,
    params: &[(P, P)],
    algorithm: V1Algorithm,
    secret_key: &str,
) -> String {
    let text = [method, host, path, &joined(&plain(params))].concat();
    STANDARD.encode(hmac::sign(&algorithm.key(secret_key), text.as_bytes()))
}

/// A request signed with v1 as the server received it.
#[derive(Clone, Copy)]
pub struct ReceivedV1<'a, P> {
    /// The method as received.
    pub method: &'a str,
    /// The path of the target, without scheme, host and query.
    pub path: &'a str,
    /// All decoded parameters, without repeated keys. A `Signature` among them is passed over.
    pub params: &'a [(P, P)],
    /// The one that SignatureMethod names.
    pub algorithm: V1Algorithm,
    /// The decoded value of the parameter `Signature`: base64.
    pub signature: &'a str,
    /// The value of the parameter `Timestamp`.
    pub timestamp: &'a str,
}

/// Checks that the holder of `secret_key` signed `request` within 300 seconds of `now` (unix seconds).
///
/// `hosts` as for [`verify_tc3`](crate::verify_tc3).
///
/// # Errors
///
/// [`VerifyError`]: the timestamp malformed or outside the window, the signature not base64, or no match.
pub fn verify_v1<'h, P: AsRef<str>>(
    request: &ReceivedV1<'_, P>,
    secret_key: &str,
    hosts: impl IntoIterator<Item = Cow<'h, str>>,
    now: i64,
) -> Result<(), VerifyError> {
    window::check(request.timestamp, now)?;
    let signature = STANDARD.decode(request.signature).map_err(|_| VerifyError::SignatureFormat)?;
    let key = request.algorithm.key(secret_key);
    let params = plain(request.params);
    let readings: Vec<String> = [Some(joined(&params)), dotted(&params)].into_iter().flatten().collect();
    let mut left = readings_allowed(readings[0].len());
    let mut text = String::new();
    for host in hosts {
        for (params, uri) in readings.iter().flat_map(|params| uris(request.path).map(move |uri| (params, uri))) {
            if left == 0 {
                return Err(VerifyError::Mismatch);
            }
            left -= 1;
            text.clear();
            text.extend([request.method, &*host, uri, params.as_str()]);
            if hmac::verify(&key, text.as_bytes(), &signature).is_ok() {
                return Ok(());
            }
        }
    }
    Err(VerifyError::Mismatch)
}

/// The signed parameters in the byte order of their keys.
fn plain<P: AsRef<str>>(params: &[(P, P)]) -> Vec<(Cow<'_, str>, &str)> {
    let pairs = params.iter().map(|(key, value)| (Cow::Borrowed(key.as_ref()), value.as_ref()));
    let mut pairs: Vec<_> = pairs.filter(|(key, _)| key != SIGNATURE).collect();
    pairs.sort();
    pairs
}

/// The parameters as some SDKs sign them, `_` replaced by `.` in keys; none when that changes nothing.
fn dotted(params: &[(Cow<'_, str>, &str)]) -> Option<String> {
    if !params.iter().any(|(key, _)| key.contains('_')) {
        return None;
    }
    let mut pairs: Vec<_> = params.iter().map(|(key, value)| (Cow::Owned(key.replace('_', ".")), *value)).collect();
    pairs.sort();
    Some(joined(&pairs))
}

/// `?k=v&k=v`.
fn joined(pairs: &[(Cow<'_, str>, &str)]) -> String {
    let length = pairs.iter().map(|(key, value)| key.len() + value.len() + 2).sum();
    let mut text = String::with_capacity(length);
    for (index, (key, value)) in pairs.iter().enumerate() {
        text.extend([if index == 0 { "?" } else { "&" }, key, "=", value]);
    }
    text
}
