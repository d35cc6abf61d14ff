//! Published examples, and requests recorded from the official Python SDK (common 3.1.195) with its clock held still.

use crate::common::{NOW, SECRET_ID, SECRET_KEY, Wire, WireV1};
use sign::{Tc3Request, UNSIGNED_PAYLOAD, V1Algorithm, sign_tc3, sign_v1};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const BODY: &str = r#"{"TaskId": 10001, "Name": "\u672a\u547d\u540d a_b"}"#;
const QUERY: &str = "TaskId=10001&Name=%E6%9C%AA%E5%91%BD%E5%90%8D+a_b";

fn authorization(service: &str, signature: &str) -> String {
    format!(
        "TC3-HMAC-SHA256 Credential={SECRET_ID}/2019-02-25/{service}/tc3_request, SignedHeaders=content-type;host, \
         Signature={signature}"
    )
}

/// The signer writes exactly `signature`, and the verifier takes it with the Host header that arrives.
fn check(base: &Tc3Request<'_>, signature: &str, wire: &mut Wire) {
    let expected = authorization(base.service, signature);
    assert_eq!(sign_tc3(base), expected);
    wire.set("authorization", &expected);
    assert_eq!(wire.verify(), Ok(()));
}

fn post<'a>(headers: &'a [(&'a str, &'a str)], body: &'a str) -> Tc3Request<'a> {
    Tc3Request {
        method: "POST",
        uri: "/",
        query: "",
        headers,
        body: body.as_bytes(),
        timestamp: NOW,
        service: "redis",
        secret_id: SECRET_ID,
        secret_key: SECRET_KEY,
    }
}

#[test]
fn published_tc3() {
    let headers = [("Content-Type", "application/json; charset=utf-8"), ("Host", "cvm.tencentcloudapi.com")];
    let body = r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
    let request = Tc3Request { service: "cvm", ..post(&headers, body) };
    let received = [("content-type", headers[0].1), ("host", headers[1].1)];
    check(
        &request,
        "2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c",
        &mut Wire::new("POST", "", &received, body),
    );
}

#[test]
fn python_post() {
    let headers = [("content-type", JSON), ("host", "127.0.0.1:8080")];
    check(
        &post(&headers, BODY),
        "001711057b2d4d7dfe43c947fb917f2d9fb11f8139e829c5df70961877e00e98",
        &mut Wire::new("POST", "", &headers, BODY),
    );
}

#[test]
fn python_scheme_in_the_host_as_tccli_sends_it() {
    let headers = [("content-type", JSON), ("host", "http://127.0.0.1:8080")];
    check(
        &post(&headers, BODY),
        "eeb66fc5674519ce293d4d0536a4b8ef422ad75d537a50f88135127d24f08d91",
        &mut Wire::new("POST", "", &headers, BODY),
    );
}

#[test]
fn python_get() {
    let headers = [("content-type", FORM), ("host", "127.0.0.1:8080")];
    let request = Tc3Request { method: "GET", query: QUERY, ..post(&headers, "") };
    check(
        &request,
        "18b642fa77d899df27c9a077ecbf876ab88126d65a7112be4139c2789de7c577",
        &mut Wire::new("GET", QUERY, &headers, ""),
    );
}

#[test]
fn python_unsigned_payload() {
    let headers = [("content-type", JSON), ("host", "127.0.0.1:8080")];
    let mut wire = Wire::new("POST", "", &headers, "whatever body");
    wire.set("x-tc-content-sha256", "UNSIGNED-PAYLOAD");
    let signature = "9fa71b60d67bd3aa969707fa26682d7c65a9fedee4c1fee178ad71111cfbee95";
    check(&post(&headers, UNSIGNED_PAYLOAD), signature, &mut wire);
    for other in ["unsigned-payload", "UNSIGNED-PAYLOAD ", ""] {
        wire.set("x-tc-content-sha256", other);
        assert!(wire.verify().is_err(), "{other:?}");
    }
}

#[test]
fn python_apigw_endpoint_signs_the_public_name() {
    let signed = [("content-type", JSON), ("host", "redis.tencentcloudapi.com")];
    let received = [("content-type", JSON), ("host", "127.0.0.1:8080")];
    check(
        &post(&signed, BODY),
        "36a8edfac58ca8c0f9be68cb1305433b95d438f074e5133cdd504922e95f94c7",
        &mut Wire::new("POST", "", &received, BODY),
    );
}

#[test]
fn published_v1() {
    let mut params = vec![
        ("SecretId", SECRET_ID),
        ("Action", "DescribeInstances"),
        ("InstanceIds.0", "ins-09dx96dg"),
        ("Limit", "20"),
        ("Nonce", "11886"),
        ("Offset", "0"),
        ("Region", "ap-guangzhou"),
        ("Timestamp", "1465185768"),
        ("Version", "2017-03-12"),
    ];
    let host = "cvm.tencentcloudapi.com";
    let signature = sign_v1("GET", host, "/", &params, V1Algorithm::HmacSha1, SECRET_KEY);
    assert_eq!(signature, "zmmjn35mikh6pM3V7sUEuX4wyYM=");
    params.push(("Signature", &signature));
    assert_eq!(sign_v1("GET", host, "/", &params, V1Algorithm::HmacSha1, SECRET_KEY), signature);
    assert_eq!(WireV1::new("GET", host, &params).verify(1_465_185_768), Ok(()));
}

#[test]
fn python_v1_sha1_replaces_underscores_in_keys() {
    let params = [
        ("A_b", "x"),
        ("A.B.0", "1"),
        ("A.B.1", "True"),
        ("TaskId", "10001"),
        ("AB", "未 命&="),
        ("A-", "-"),
        ("Action", "DescribeTaskInfo"),
        ("RequestClient", "SDK_PYTHON_3.1.195"),
        ("Nonce", "11886"),
        ("Timestamp", "1551113065"),
        ("Version", "2018-04-12"),
        ("Region", "ap-guangzhou"),
        ("SecretId", SECRET_ID),
        ("SignatureMethod", "HmacSHA1"),
        ("Language", "en-US"),
        ("Signature", "Va9dPwTlOmjW+ZARe8eqmv29aL0="),
    ];
    assert_eq!(WireV1::new("POST", "127.0.0.1:8080", &params).verify(NOW), Ok(()));
    let signed = params.map(|(key, value)| (key.replace('_', "."), value.to_owned()));
    let algorithm = V1Algorithm::HmacSha1;
    let signature = sign_v1("POST", "127.0.0.1:8080", "/", &signed, algorithm, SECRET_KEY);
    assert_eq!(signature, "Va9dPwTlOmjW+ZARe8eqmv29aL0=");
}

#[test]
fn python_v1_sha256_get() {
    let params = [
        ("TaskId", "10001"),
        ("Name", "未命名 a_b"),
        ("Action", "DescribeTaskInfo"),
        ("RequestClient", "SDK_PYTHON_3.1.195"),
        ("Nonce", "11886"),
        ("Timestamp", "1551113065"),
        ("Version", "2018-04-12"),
        ("Region", "ap-guangzhou"),
        ("SecretId", SECRET_ID),
        ("SignatureMethod", "HmacSHA256"),
        ("Language", "en-US"),
        ("Signature", "4viNCFwz8f3bJVBzBrZW5YMpRgjIQTHjRQTFonj97MI="),
    ];
    let algorithm = V1Algorithm::HmacSha256;
    let signature = sign_v1("GET", "127.0.0.1:8080", "/", &params, algorithm, SECRET_KEY);
    assert_eq!(signature, "4viNCFwz8f3bJVBzBrZW5YMpRgjIQTHjRQTFonj97MI=");
    assert_eq!(WireV1::new("GET", "127.0.0.1:8080", &params).verify(NOW), Ok(()));
}
