//! The client's end of TC3.

use crate::canonical::{self, CanonicalRequest, StringToSign, Values};
use crate::key::SigningKey;
use crate::window;

/// What a client signs with TC3.
#[derive(Clone, Copy)]
pub struct Tc3Request<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// The path, normally `/`.
    pub uri: &'a str,
    /// The query string as it will be sent; signed for GET only.
    pub query: &'a str,
    /// The headers to sign: name in any case, value as it will be sent (trimmed here). `content-type` and `host` must
    /// be there. A foreign server may insist on the published rule: pass `x-tc-action` lower-cased to it.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body, or [`UNSIGNED_PAYLOAD`](crate::UNSIGNED_PAYLOAD) when that is the value of `X-TC-Content-SHA256`.
    pub body: &'a [u8],
    /// Unix seconds, as in `X-TC-Timestamp`; after the year 9999 there is no valid signature.
    pub timestamp: i64,
    /// The service, such as `redis`.
    pub service: &'a str,
    /// Who signs.
    pub secret_id: &'a str,
    /// The secret of `secret_id`.
    pub secret_key: &'a str,
}

/// The value of the `Authorization` header for this request.
#[must_use]
pub fn sign_tc3(request: &Tc3Request<'_>) -> String {
    let date = window::utc_date(request.timestamp).unwrap_or_default();
    let date = std::str::from_utf8(&date).unwrap_or_default();
    let (signed_headers, canonical_request) = canonical_request(request);
    let mut string_to_sign = StringToSign::new(&request.timestamp.to_string(), date, request.service);
    let key = SigningKey::derive(request.secret_key, date, request.service);
    let signature = hex::encode(key.sign(string_to_sign.of(&canonical_request)));
    let (secret_id, service) = (request.secret_id, request.service);
    format!(
        "TC3-HMAC-SHA256 Credential={secret_id}/{date}/{service}/tc3_request, SignedHeaders={signed_headers}, \
         Signature={signature}"
    )
}

/// SignedHeaders and the canonical request.
fn canonical_request(request: &Tc3Request<'_>) -> (String, Vec<u8>) {
    let mut names: Vec<(String, &str)> =
        request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), *value)).collect();
    names.sort();
    let headers: Vec<(&str, &[u8])> = names.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let signed_headers = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let host = names.iter().find(|(name, _)| name == "host").map_or("", |(_, value)| value);
    let mut out = Vec::new();
    CanonicalRequest {
        method: request.method,
        query: canonical::signed_query(request.method, request.query),
        headers: &headers,
        signed_headers: &signed_headers,
        body_hash: canonical::sha256_hex(request.body),
    }
    .write(&mut out, request.uri, host, Values::AsSent);
    (signed_headers, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;

    fn hash_of(headers: &[(&str, &str)]) -> (String, String) {
        let (signed_headers, text) = canonical_request(&Tc3Request {
            method: "POST",
            uri: "/",
            query: "not signed for POST",
            headers,
            body: BODY.as_bytes(),
            timestamp: 1_551_113_065,
            service: "cvm",
            secret_id: "",
            secret_key: "",
        });
        (signed_headers, String::from_utf8(canonical::sha256_hex(&text).to_vec()).unwrap())
    }

    /// The published canonical requests, of two and of three headers, in any order and case of names.
    #[test]
    fn the_published_canonical_requests() {
        let content_type = ("Content-Type", "application/json; charset=utf-8");
        let host = ("Host", "cvm.tencentcloudapi.com");
        let action = ("X-TC-Action", " describeinstances ");
        let body_hash = canonical::sha256_hex(BODY.as_bytes());
        assert!(body_hash.starts_with(b"35e9c5b0") && body_hash.ends_with(b"f064"));
        for (headers, signed_headers, hash) in [
            (
                [host, content_type].as_slice(),
                "content-type;host",
                "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031",
            ),
            (
                &[action, host, content_type],
                "content-type;host;x-tc-action",
                "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84",
            ),
        ] {
            assert_eq!(hash_of(headers), (signed_headers.to_owned(), hash.to_owned()));
        }
    }
}
