//! What sign signs, verify verifies; and no text makes the readers panic.

use crate::common::{SECRET_ID, SECRET_KEY};
use proptest::prelude::*;
use sign::{
    Authorization, ReceivedRequest, ReceivedV1, SigningKey, Tc3Request, V1Algorithm, VerifyError, host, sign_tc3,
    sign_v1, verify_tc3, verify_v1,
};

/// Years 1970 to 9999.
const TIMES: std::ops::Range<i64> = 0..253_402_300_800;

proptest! {
    #[test]
    fn tc3(
        post in any::<bool>(),
        path in "/[a-z]{0,3}",
        query in "[ -~]{0,40}",
        content_type in "[!-~]([ -~]{0,20}[!-~])?",
        raw_host in "(http://)?[A-Za-z0-9.-]{1,20}(:[0-9]{1,5})?",
        which_host in any::<prop::sample::Index>(),
        extra in prop::collection::btree_map("x-[a-z]{1,5}", "[!-~]{0,10}", 0..3),
        body in prop::collection::vec(any::<u8>(), 0..200),
        timestamp in TIMES,
        skew in -300_i64..=300,
        service in "[a-z0-9:]{1,15}",
        secret_key in "\\PC{0,80}",
    ) {
        let method = if post { "POST" } else { "GET" };
        let hosts: Vec<_> = host::candidates(&raw_host, "redis", "ap-tokyo", &[]).collect();
        let mut headers: Vec<(&str, &str)> = extra.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        headers.push(("Host", which_host.get::<std::borrow::Cow<str>>(&hosts)));
        headers.push(("Content-Type", &content_type));
        let (query, body) = if post { ("", body.as_slice()) } else { (query.as_str(), b"".as_slice()) };
        let header = sign_tc3(&Tc3Request {
            method, uri: &path, query, headers: &headers, body, timestamp,
            service: &service, secret_id: SECRET_ID, secret_key: &secret_key,
        });
        let authorization = Authorization::parse(&header).unwrap();
        prop_assert_eq!((authorization.secret_id, authorization.service), (SECRET_ID, service.as_str()));
        let find = |name: &str| headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_bytes());
        let timestamp = timestamp.to_string();
        let request = ReceivedRequest { method, path: &path, query, headers: &find, body, timestamp: &timestamp };
        let key = SigningKey::derive(&secret_key, authorization.date, &service);
        let now = timestamp.parse::<i64>().unwrap() + skew;
        let verify = |key: &SigningKey| {
            verify_tc3(&authorization, key, &request, host::candidates(&raw_host, "redis", "ap-tokyo", &[]), now)
        };
        prop_assert_eq!(verify(&key), Ok(()));
        let other = SigningKey::derive(&format!("{secret_key}x"), authorization.date, &service);
        prop_assert_eq!(verify(&other), Err(VerifyError::Mismatch));
    }

    #[test]
    fn v1(
        method in "GET|POST",
        params in prop::collection::btree_map("[A-Za-z0-9._]{1,8}", "\\PC{0,10}", 0..12),
        dotted in any::<bool>(),
        sha256 in any::<bool>(),
        timestamp in TIMES,
        skew in -300_i64..=300,
    ) {
        let algorithm = if sha256 { V1Algorithm::HmacSha256 } else { V1Algorithm::HmacSha1 };
        let params: Vec<(String, String)> = params.into_iter().collect();
        let mut signed = params.clone();
        if dotted {
            signed.iter_mut().for_each(|(key, _)| *key = key.replace('_', "."));
        }
        let signature = sign_v1(&method, "h:80", "/", &signed, algorithm, SECRET_KEY);
        let text = timestamp.to_string();
        let request =
            ReceivedV1 { method: &method, path: "/", params: &params, algorithm, signature: &signature, timestamp: &text };
        let verify = |secret| verify_v1(&request, secret, host::candidates("h:80", "redis", "", &[]), timestamp + skew);
        prop_assert_eq!(verify(SECRET_KEY), Ok(()));
        prop_assert_eq!(verify("other"), Err(VerifyError::Mismatch));
    }

    #[test]
    fn any_text_is_read_without_panic(text in "\\PC{0,60}", tail in "(Credential|SignedHeaders|Signature|=|,|;|/|[a-z0-9]){0,20}") {
        let _ = Authorization::parse(&text);
        let _ = Authorization::parse(&format!("TC3-HMAC-SHA256 {tail}"));
        let candidates: Vec<_> = host::candidates(&text, &text, &text, &[]).collect();
        prop_assert_eq!(&*candidates[0], text.as_str());
        prop_assert!(candidates.len() <= 8);
    }
}
