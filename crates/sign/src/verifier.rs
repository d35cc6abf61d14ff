//! The server's end of TC3.

use std::borrow::Cow;
use std::iter;

use crate::authorization::Authorization;
use crate::canonical::{self, CanonicalRequest, StringToSign, UNSIGNED_PAYLOAD, Values};
use crate::error::VerifyError;
use crate::key::SigningKey;
use crate::window;

/// A request as the server received it.
#[derive(Clone, Copy)]
pub struct ReceivedRequest<'a> {
    /// The method as received.
    pub method: &'a str,
    /// The path of the target, without scheme, host and query.
    pub path: &'a str,
    /// The raw query string, without `?`; looked at for GET only.
    pub query: &'a str,
    /// Finds the raw value of a header by its lower-case name.
    pub headers: &'a dyn Fn(&str) -> Option<&'a [u8]>,
    /// The whole body as received.
    pub body: &'a [u8],
    /// The raw value of `X-TC-Timestamp`.
    pub timestamp: &'a str,
}

/// Checks that the holder of `key` signed `request` within the last 300 seconds before or after `now` (unix seconds).
///
/// `key` is that of the date and the service of `authorization`. `hosts` are the hosts that the client may have signed,
/// normally [`host::candidates`](crate::host::candidates); they are taken one by one while the signature does not match.
///
/// # Errors
///
/// [`VerifyError`]: the timestamp malformed or outside the window, the date not that of the timestamp, a signed header
/// absent, or no match.
pub fn verify_tc3<'h>(
    authorization: &Authorization<'_>,
    key: &SigningKey,
    request: &ReceivedRequest<'_>,
    hosts: impl IntoIterator<Item = Cow<'h, str>>,
    now: i64,
) -> Result<(), VerifyError> {
    let timestamp = window::check(request.timestamp, now)?;
    window::check_date(authorization.date, timestamp)?;
    let headers = signed_headers(authorization, request)?;
    let canonical_request = CanonicalRequest {
        method: request.method,
        query: canonical::signed_query(request.method, request.query),
        headers: &headers,
        signed_headers: authorization.signed_headers,
        body_hash: body_hash(request),
    };
    let mut string_to_sign = StringToSign::new(request.timestamp, authorization.date, authorization.service);
    let mut buffer = Vec::with_capacity(canonical_request.len() + request.path.len() + 64);
    let mut left = readings_allowed(buffer.capacity());
    for host in hosts {
        for (uri, values) in readings(&canonical_request, request.path) {
            if left == 0 {
                return Err(VerifyError::Mismatch);
            }
            left -= 1;
            canonical_request.write(&mut buffer, uri, &host, values);
            if key.verifies(string_to_sign.of(&buffer), &authorization.signature) {
                return Ok(());
            }
        }
    }
    Err(VerifyError::Mismatch)
}

/// The signed headers with their values. Host's value comes from the candidates, so that it need not be there.
fn signed_headers<'n, 'v>(
    authorization: &Authorization<'n>,
    request: &ReceivedRequest<'v>,
) -> Result<Vec<(&'n str, &'v [u8])>, VerifyError> {
    let names = authorization.signed_headers.split(';');
    names
        .map(|name| match (request.headers)(name) {
            Some(value) => Ok((name, value)),
            None if name == "host" => Ok((name, b"".as_slice())),
            None => Err(VerifyError::HeaderAbsent(name.into())),
        })
        .collect()
}

fn body_hash(request: &ReceivedRequest<'_>) -> [u8; 64] {
    let unsigned = (request.headers)("x-tc-content-sha256") == Some(UNSIGNED_PAYLOAD.as_bytes());
    canonical::sha256_hex(if unsigned { UNSIGNED_PAYLOAD.as_bytes() } else { request.body })
}

/// The ways to read one request with one host; a single one for the ordinary request.
fn readings<'a>(canonical_request: &CanonicalRequest<'_>, path: &'a str) -> impl Iterator<Item = (&'a str, Values)> {
    let lower = canonical_request.has_upper_case().then_some(Values::LowerCase);
    let values = iter::once(Values::AsSent).chain(lower);
    values.flat_map(move |values| uris(path).map(move |uri| (uri, values)))
}

/// The URIs that the client may have signed.
pub(crate) fn uris(path: &str) -> impl Iterator<Item = &str> {
    iter::once(path).chain((path != "/").then_some("/"))
}

/// How many readings of `bytes` each may be tried: enough for every quirk of an ordinary request, few of a huge one.
pub(crate) fn readings_allowed(bytes: usize) -> usize {
    const WORK_BYTES: usize = 1 << 20;
    (WORK_BYTES / bytes.max(1)).clamp(4, 32)
}
