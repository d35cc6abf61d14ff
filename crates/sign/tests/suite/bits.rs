//! A request changed by one bit in any signed part is refused: every bit of every part, one at a time.

use crate::common::{NOW, SECRET_ID, SECRET_KEY, Wire, WireV1};
use sign::{Tc3Request, V1Algorithm, sign_tc3, sign_v1};

const HOST: &str = "127.0.0.1:8250";
const QUERY: &str = "TaskId=10001&Name=%E6%9C%AA+a_b";
const BODY: &str = r#"{"InstanceId": "crs-0000000a", "Password": "Päss_word"}"#;

/// A well signed request: the headers of `received` that are not under `x-tc-timestamp` are all signed.
fn tc3(method: &str, headers: &[(&'static str, &str)]) -> Wire {
    let (query, body) = if method == "GET" { (QUERY, "") } else { ("", BODY) };
    let mut wire = Wire::new(method, query, headers, body);
    let authorization = sign_tc3(&Tc3Request {
        method,
        uri: "/",
        query,
        headers,
        body: body.as_bytes(),
        timestamp: NOW,
        service: "redis",
        secret_id: SECRET_ID,
        secret_key: SECRET_KEY,
    });
    wire.set("authorization", &authorization);
    assert_eq!(wire.verify(), Ok(()), "the request itself is good");
    wire
}

/// The changed requests that pass, as (byte before, byte after); `part` picks the bytes to change.
fn survivors<W: Clone>(good: &W, part: impl Fn(&mut W) -> &mut Vec<u8>, passes: impl Fn(&W) -> bool) -> Vec<(u8, u8)> {
    let mut changed = good.clone();
    let bits = part(&mut changed).len() * 8;
    let mut passed = Vec::new();
    for bit in 0..bits {
        part(&mut changed)[bit / 8] ^= 1 << (bit % 8);
        if passes(&changed) {
            let after = part(&mut changed)[bit / 8];
            passed.push((after ^ 1 << (bit % 8), after));
        }
        part(&mut changed)[bit / 8] ^= 1 << (bit % 8);
    }
    assert!(passes(&changed), "all bits are back");
    passed
}

fn tc3_survivors(good: &Wire, part: impl Fn(&mut Wire) -> &mut Vec<u8>) -> Vec<(u8, u8)> {
    survivors(good, part, |wire| wire.verify().is_ok())
}

fn all_refused(good: &Wire) {
    assert_eq!(tc3_survivors(good, |wire| &mut wire.method), []);
    assert_eq!(tc3_survivors(good, |wire| &mut wire.query), []);
    assert_eq!(tc3_survivors(good, |wire| &mut wire.body), []);
    // The Authorization header holds secret id, date, service, SignedHeaders and the signature; the timestamp is here too.
    for index in 0..good.headers.len() {
        let passed = tc3_survivors(good, |wire| &mut wire.headers[index].1);
        assert_eq!(passed, [], "{}", good.headers[index].0);
    }
}

#[test]
fn tc3_post() {
    all_refused(&tc3(
        "POST",
        &[("content-type", "application/json"), ("host", HOST), ("x-tc-action", "ClearInstance")],
    ));
}

#[test]
fn tc3_get() {
    all_refused(&tc3(
        "GET",
        &[("content-type", "application/x-www-form-urlencoded"), ("host", HOST), ("x-tc-action", "ClearInstance")],
    ));
}

/// The published rule signs lower-cased values: where all that is signed is lower-case, the case of what arrives is
/// the one thing that is not bound.
#[test]
fn only_letter_case_of_a_header_passes() {
    for method in ["GET", "POST"] {
        let good = tc3(method, &[("content-type", "application/json"), ("host", HOST)]);
        assert_eq!(tc3_survivors(&good, |wire| &mut wire.body), []);
        assert_eq!(tc3_survivors(&good, |wire| &mut wire.query), []);
        for index in 0..good.headers.len() {
            let passed = tc3_survivors(&good, |wire| &mut wire.headers[index].1);
            if good.headers[index].0 == "content-type" {
                assert_eq!(passed.len(), "applicationjson".len());
                assert!(passed.iter().all(|(before, after)| before.eq_ignore_ascii_case(after)));
            } else {
                assert_eq!(passed, [], "{}", good.headers[index].0);
            }
        }
    }
}

#[test]
fn a_foreign_secret_is_refused() {
    let headers = [("content-type", "application/json"), ("host", HOST)];
    let mut secret = SECRET_KEY.as_bytes().to_vec();
    for bit in 0..secret.len() * 8 {
        secret[bit / 8] ^= 1 << (bit % 8);
        if let Ok(secret_key) = std::str::from_utf8(&secret) {
            let mut wire = tc3("POST", &headers);
            let request = Tc3Request {
                method: "POST",
                uri: "/",
                query: "",
                headers: &headers,
                body: BODY.as_bytes(),
                timestamp: NOW,
                service: "redis",
                secret_id: SECRET_ID,
                secret_key,
            };
            wire.set("authorization", &sign_tc3(&request));
            assert!(wire.verify().is_err(), "bit {bit}");
        }
        secret[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn v1_every_bit_of_every_parameter() {
    for (method, algorithm) in [("GET", V1Algorithm::HmacSha1), ("POST", V1Algorithm::HmacSha256)] {
        let mut params = vec![
            ("Action", "ClearInstance"),
            ("InstanceIds.0", "crs-0000000a"),
            ("Nonce", "11886"),
            ("Password", "P&=+ä_/"),
            ("Region", "ap-guangzhou"),
            ("SecretId", SECRET_ID),
            ("SignatureMethod", algorithm.name()),
            ("Timestamp", "1551113065"),
            ("Under_Score", "x"),
            ("Version", "2018-04-12"),
        ];
        let signature = sign_v1(method, HOST, "/", &params, algorithm, SECRET_KEY);
        params.push(("Signature", &signature));
        let good = WireV1::new(method, HOST, &params);
        let refused = |part: &dyn Fn(&mut WireV1) -> &mut Vec<u8>| {
            assert_eq!(survivors(&good, part, |wire| wire.verify(NOW).is_ok()), []);
        };
        refused(&|wire| &mut wire.method);
        refused(&|wire| &mut wire.host);
        for index in 0..params.len() {
            refused(&|wire| &mut wire.params[index].0);
            refused(&|wire| &mut wire.params[index].1);
        }
    }
}
