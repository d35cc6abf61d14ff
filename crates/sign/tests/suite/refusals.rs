//! Each way to be refused has its own error, its own words and its public code.

use std::borrow::Cow;
use std::cell::Cell;

use crate::common::{NOW, SECRET_ID, SECRET_KEY};
use sign::{
    Authorization, ParseError, ReceivedRequest, ReceivedV1, SigningKey, V1Algorithm, VerifyError, verify_tc3, verify_v1,
};

const HEX: &str = "2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c";

fn header(credential: &str, signed: &str, signature: &str) -> String {
    format!("TC3-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}")
}

fn refused(header: &str) -> ParseError {
    let error = Authorization::parse(header).expect_err(header);
    assert_eq!(error.code(), "AuthFailure.InvalidAuthorization");
    error
}

#[test]
fn a_header_is_read_with_any_spaces_and_odd_services() {
    for service in ["redis", "127", "localhost:8080"] {
        for comma in [",", ", ", " ,  "] {
            let header = header(&format!("id/with/slash/2019-02-25/{service}/tc3_request"), "content-type;host", HEX);
            let header = header.replace(", ", comma);
            let read = Authorization::parse(&header).unwrap();
            assert_eq!((read.secret_id, read.date, read.service), ("id/with/slash", "2019-02-25", service));
            assert_eq!(read.signed_headers, "content-type;host");
        }
    }
}

#[test]
fn skip_is_its_own_refusal() {
    assert_eq!(refused("SKIP"), ParseError::Skip);
    assert_eq!(refused("skip"), ParseError::Algorithm("skip".into()));
}

#[test]
fn other_algorithms_are_named() {
    assert_eq!(refused(""), ParseError::Algorithm(String::new()));
    assert_eq!(refused("Bearer abc"), ParseError::Algorithm("Bearer".into()));
    assert_eq!(refused("TC3-HMAC-SHA256"), ParseError::UnknownPart(String::new()));
}

#[test]
fn parts_are_there_once() {
    let good = header("id/2019-02-25/redis/tc3_request", "content-type;host", HEX);
    assert_eq!(refused(&format!("{good}, Signature={HEX}")), ParseError::Repeated("Signature"));
    assert_eq!(refused(&format!("{good}, X=y")), ParseError::UnknownPart("X=y".into()));
    assert_eq!(refused(&format!("{good},")), ParseError::UnknownPart(String::new()));
    for name in ["Credential", "SignedHeaders", "Signature"] {
        let parts = good["TC3-HMAC-SHA256 ".len()..].split(", ").filter(|part| !part.starts_with(&format!("{name}=")));
        let rest = parts.collect::<Vec<_>>().join(", ");
        assert_eq!(refused(&format!("TC3-HMAC-SHA256 {rest}")), ParseError::Missing(name));
    }
}

#[test]
fn credentials_have_four_parts() {
    for credential in [
        "",
        "id",
        "id/2019-02-25/redis",
        "2019-02-25/redis/tc3_request",
        "/2019-02-25/redis/tc3_request",
        "id/2019-02-25//tc3_request",
        "id/2019-2-25/redis/tc3_request",
        "id/20190225/redis/tc3_request",
        "id/2019-02-25/redis/tc4_request",
        "id/2019-02-25/red is/tc3_request",
        "i d/2019-02-25/redis/tc3_request",
    ] {
        let error = refused(&header(credential, "content-type;host", HEX));
        assert_eq!(error, ParseError::Credential(credential.into()));
    }
    let long = format!("id/2019-02-25/{}/tc3_request", "x".repeat(254));
    assert_eq!(refused(&header(&long, "content-type;host", HEX)), ParseError::Credential(long));
}

#[test]
fn signed_headers_ascend_in_lower_case_with_the_two_needed() {
    let refused = |signed: &str| refused(&header("id/2019-02-25/redis/tc3_request", signed, HEX));
    assert_eq!(refused("host"), ParseError::UnsignedHeader("content-type"));
    assert_eq!(refused("content-type"), ParseError::UnsignedHeader("host"));
    assert_eq!(refused("host;content-type"), ParseError::HeaderOrder("content-type".into()));
    assert_eq!(refused("content-type;host;host"), ParseError::HeaderOrder("host".into()));
    assert_eq!(refused("Content-Type;host"), ParseError::HeaderName("Content-Type".into()));
    assert_eq!(refused("content-type;host;"), ParseError::HeaderName(String::new()));
    let many: Vec<String> = (0..33).map(|i| format!("h{i:02}")).collect();
    assert_eq!(refused(&many.join(";")), ParseError::TooManyHeaders(32));
}

#[test]
fn signatures_are_64_lower_case_digits() {
    for signature in ["", "12", &HEX[1..], &format!("{HEX}00"), &HEX.to_uppercase(), &HEX.replace('2', "g")] {
        let error = refused(&header("id/2019-02-25/redis/tc3_request", "content-type;host", signature));
        assert_eq!(error, ParseError::Signature, "{signature}");
    }
}

fn verify(signed: &str, timestamp: &str, date: &str, now: i64) -> VerifyError {
    let header = header(&format!("{SECRET_ID}/{date}/redis/tc3_request"), signed, HEX);
    let authorization = Authorization::parse(&header).unwrap();
    let request = ReceivedRequest {
        method: "POST",
        path: "/",
        query: "",
        headers: &|name| (name == "content-type").then_some(b"application/json"),
        body: b"{}",
        timestamp,
    };
    let key = SigningKey::derive(SECRET_KEY, date, "redis");
    verify_tc3(&authorization, &key, &request, [Cow::Borrowed("h")], now).expect_err("refused")
}

#[test]
fn each_verification_error_is_told_apart() {
    let signed = "content-type;host";
    for now in [NOW - 301, NOW + 301] {
        let error = verify(signed, "1551113065", "2019-02-25", now);
        assert_eq!(error, VerifyError::Expired { timestamp: NOW, now });
        assert_eq!(error.code(), "AuthFailure.SignatureExpire");
    }
    let failures = [
        (
            verify(signed, "1551113065", "2019-02-26", NOW),
            VerifyError::DateMismatch { date: "2019-02-26".into(), timestamp: NOW },
        ),
        (verify(signed, "soon", "2019-02-25", NOW), VerifyError::TimestampFormat("soon".into())),
        (
            verify("content-type;host;x-tc-action", "1551113065", "2019-02-25", NOW),
            VerifyError::HeaderAbsent("x-tc-action".into()),
        ),
        (verify(signed, "1551113065", "2019-02-25", NOW + 300), VerifyError::Mismatch),
    ];
    for (error, expected) in failures {
        assert_eq!(error, expected);
        assert_eq!(error.code(), "AuthFailure.SignatureFailure");
    }
}

fn verify_v1_with(signature: &str, timestamp: &str, hosts: &mut dyn Iterator<Item = Cow<'static, str>>) -> VerifyError {
    let params = [("Timestamp", timestamp), ("Under_Score", "x")];
    let algorithm = V1Algorithm::HmacSha256;
    let request = ReceivedV1 { method: "GET", path: "/path", params: &params, algorithm, signature, timestamp };
    verify_v1(&request, SECRET_KEY, hosts, NOW).expect_err("refused")
}

#[test]
fn v1_refusals() {
    let hosts = || Some(Cow::Borrowed("h")).into_iter();
    assert_eq!(verify_v1_with("AAAA", "1551113065", &mut hosts()), VerifyError::Mismatch);
    assert_eq!(verify_v1_with("", "1551113065", &mut hosts()), VerifyError::Mismatch);
    assert_eq!(verify_v1_with("!", "1551113065", &mut hosts()), VerifyError::SignatureFormat);
    assert_eq!(verify_v1_with("AAAA", "x", &mut hosts()), VerifyError::TimestampFormat("x".into()));
    let expired = VerifyError::Expired { timestamp: 1, now: NOW };
    assert_eq!(verify_v1_with("AAAA", "1", &mut hosts()), expired);
}

/// A thousand hosts end after the bounded number of readings.
#[test]
fn a_bad_signature_stays_cheap() {
    let taken = Cell::new(0);
    let hosts = || {
        taken.set(0);
        std::iter::repeat_with(|| {
            taken.set(taken.get() + 1);
            Cow::Borrowed("h")
        })
        .take(1000)
    };
    let header = header(&format!("{SECRET_ID}/2019-02-25/redis/tc3_request"), "content-type;host", HEX);
    let authorization = Authorization::parse(&header).unwrap();
    let key = SigningKey::derive(SECRET_KEY, "2019-02-25", "redis");
    let long = "q".repeat(1 << 20);
    for (query, content_type, path, most) in
        [("", b"a", "/", 33), ("", b"A", "/", 17), ("", b"A", "/p", 9), (&long, b"a", "/", 5)]
    {
        let request = ReceivedRequest {
            method: "GET",
            path,
            query,
            headers: &|_| Some(content_type),
            body: b"",
            timestamp: "1551113065",
        };
        assert_eq!(verify_tc3(&authorization, &key, &request, hosts(), NOW), Err(VerifyError::Mismatch));
        assert_eq!(taken.get(), most);
    }
    assert_eq!(verify_v1_with("AAAA", "1551113065", &mut hosts()), VerifyError::Mismatch);
    assert_eq!(taken.get(), 9);
}

#[test]
fn the_key_does_not_show_itself() {
    let key = format!("{:?}", SigningKey::derive(SECRET_KEY, "2019-02-25", "redis"));
    assert!(!key.contains("Gu5t9"), "{key}");
    assert!(key.len() < 100, "{key}");
}
