//! Each client signs what it signs; the Host header and the path that arrive may say something else.

use crate::common::{NOW, SECRET_ID, SECRET_KEY, Wire};
use sign::{Tc3Request, sign_tc3};

const JSON: &str = "application/json";

/// What a client signs, and what of it differs on the wire.
struct Client {
    signed_host: &'static str,
    host: &'static str,
    service: &'static str,
    content_type: &'static str,
    uri: &'static str,
    path: &'static str,
}

const PLAIN: Client = Client {
    signed_host: "127.0.0.1:8080",
    host: "127.0.0.1:8080",
    service: "redis",
    content_type: JSON,
    uri: "/",
    path: "/",
};

fn verify(client: &Client) -> Result<(), String> {
    let signed = [("content-type", client.content_type), ("host", client.signed_host)];
    let authorization = sign(client, &signed);
    let mut wire = Wire::new("POST", "", &[("content-type", client.content_type), ("host", client.host)], "{}");
    wire.path = client.path.into();
    wire.set("authorization", &authorization);
    wire.verify()
}

fn sign(client: &Client, headers: &[(&str, &str)]) -> String {
    sign_tc3(&Tc3Request {
        method: "POST",
        uri: client.uri,
        query: "",
        headers,
        body: b"{}",
        timestamp: NOW,
        service: client.service,
        secret_id: SECRET_ID,
        secret_key: SECRET_KEY,
    })
}

#[test]
fn python() {
    assert_eq!(verify(&PLAIN), Ok(()));
}

#[test]
fn tccli_puts_the_scheme_into_host() {
    let host = "http://127.0.0.1:8080";
    assert_eq!(verify(&Client { signed_host: host, host, ..PLAIN }), Ok(()));
    assert_eq!(verify(&Client { host, ..PLAIN }), Ok(()), "signed without the scheme");
}

#[test]
fn go_signs_the_root_whatever_the_path() {
    assert_eq!(verify(&Client { path: "/some/prefix", ..PLAIN }), Ok(()));
    assert_eq!(verify(&Client { path: "/p", uri: "/p", ..PLAIN }), Ok(()));
    assert!(verify(&Client { path: "/p", uri: "/q", ..PLAIN }).is_err());
}

#[test]
fn node_drops_the_port_and_takes_the_service_from_the_host() {
    assert_eq!(verify(&Client { signed_host: "127.0.0.1", service: "127", ..PLAIN }), Ok(()));
    let localhost = Client { signed_host: "localhost", host: "localhost:8080", service: "localhost:8080", ..PLAIN };
    assert_eq!(verify(&localhost), Ok(()));
}

#[test]
fn java_takes_the_service_from_the_host() {
    let content_type = "application/json; charset=utf-8";
    assert_eq!(verify(&Client { service: "127", content_type, ..PLAIN }), Ok(()));
}

#[test]
fn an_api_gateway_replaces_the_host_after_signing() {
    for signed_host in
        ["redis.tencentcloudapi.com", "redis.ap-guangzhou.tencentcloudapi.com", "redis.intl.tencentcloudapi.com"]
    {
        assert_eq!(verify(&Client { signed_host, ..PLAIN }), Ok(()));
    }
    assert!(verify(&Client { signed_host: "cvm.tencentcloudapi.com", ..PLAIN }).is_err());
}

#[test]
fn a_host_is_signed_in_lower_case() {
    let client = Client { signed_host: "redis.example.com", host: "Redis.Example.com", ..PLAIN };
    assert_eq!(verify(&client), Ok(()));
}

#[test]
fn values_are_signed_as_sent_or_lower_cased() {
    let content_type = "Multipart/form-data; boundary=AbC";
    assert_eq!(verify(&Client { content_type, ..PLAIN }), Ok(()));
    for signed_action in ["DescribeTaskInfo", "describetaskinfo"] {
        let headers = [("content-type", JSON), ("host", PLAIN.host), ("X-TC-Action", signed_action)];
        let authorization = sign(&PLAIN, &headers);
        let received = [("content-type", JSON), ("host", PLAIN.host), ("x-tc-action", " DescribeTaskInfo ")];
        let mut wire = Wire::new("POST", "", &received, "{}");
        wire.set("authorization", &authorization);
        assert_eq!(wire.verify(), Ok(()), "{signed_action}");
    }
}

#[test]
fn the_hash_of_third_party_clients_in_the_payload_header_means_nothing() {
    let headers = [("content-type", JSON), ("host", PLAIN.host)];
    let mut wire = Wire::new("POST", "", &headers, "{}");
    wire.set("authorization", &sign(&PLAIN, &headers));
    wire.set("x-tc-content-sha256", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    assert_eq!(wire.verify(), Ok(()));
}
