//! Every way to sign and to write a request, and every way to get it wrong.

use serde_json::json;
use sign::V1Algorithm::{HmacSha1, HmacSha256};

use crate::client::Raw;
use crate::harness::Cinnabar;

const UNKNOWN_TASK: &str = "InvalidParameter.InvalidParameter";

#[tokio::test]
async fn every_way_to_sign_reaches_the_action() {
    let server = Cinnabar::start().await;
    let client = &server.client;
    let form = |algorithm, method| client.v1_pairs(method, "DescribeTaskInfo", algorithm, &[("TaskId", "18215")]);
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"TaskId\"\r\n\r\n18215\r\n--x--\r\n";
    let requests = [
        client.tc3_post("DescribeTaskInfo", b"{\"TaskId\": 18215}"),
        client.tc3_get("DescribeTaskInfo", "TaskId=18215"),
        client.tc3("POST", "DescribeTaskInfo", "", "application/json; charset=utf-8", b"{\"TaskId\":18215}"),
        client.tc3("POST", "DescribeTaskInfo", "", "multipart/form-data; boundary=x", multipart.as_bytes()),
        client.v1_post(&form(HmacSha1, "POST")),
        client.v1_post(&form(HmacSha256, "POST")),
        client.v1_get(&form(HmacSha1, "GET")),
        client.v1_get(&form(HmacSha256, "GET")),
    ];
    for request in requests {
        let refusal = request.send(client.address).await.result().unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.message.contains("`18215`")), (UNKNOWN_TASK, true), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_nonce_is_any_whole_number_that_is_not_negative() {
    let server = Cinnabar::start().await;
    let client = &server.client;
    let cases =
        [("0", UNKNOWN_TASK), ("65535", UNKNOWN_TASK), ("-1", "InvalidParameterValue"), ("x", "InvalidParameterValue")];
    for (nonce, code) in cases {
        let own = [("TaskId", "18215"), ("Nonce", nonce)];
        let pairs = client.v1_pairs("GET", "DescribeTaskInfo", HmacSha1, &own);
        let refusal = client.v1_get(&pairs).send(client.address).await.result().unwrap_err();
        let names_it = code == UNKNOWN_TASK || refusal.message.contains("`Nonce`");
        assert!(refusal.code == code && names_it, "{nonce}: {refusal:?}");
    }
}

#[tokio::test]
async fn a_multipart_part_may_hold_json() {
    let server = Cinnabar::start().await;
    let client = &server.client;
    let part = |name: &str, head: &str, value: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{head}\r\n\r\n{value}\r\n")
    };
    let json = "\r\nContent-Type: application/json";
    let send = async |parts: String| {
        let body = format!("{parts}--x--\r\n");
        let request = client.tc3("POST", "DescribeInstances", "", "multipart/form-data; boundary=x", body.as_bytes());
        request.send(client.address).await.result()
    };
    let fine = part("Limit", "", "5") + &part("InstanceIds", json, "[\"crs-x\"]");
    assert_eq!(send(fine).await.unwrap()["TotalCount"], 0);
    let broken = send(part("InstanceIds", json, "[crs-x")).await.unwrap_err();
    assert_eq!(broken.code, "InvalidParameter");
    let twice = send(part("Limit", "", "5") + &part("Limit", json, "5")).await.unwrap_err();
    assert!(twice.message.contains("`Limit` is given more than once"), "{twice:?}");
}

#[tokio::test]
async fn the_clients_own_trace_id_comes_back() {
    let server = Cinnabar::start().await;
    let request = server.client.tc3_post("DescribeTaskInfo", b"{\"TaskId\":1}").header("X-TC-TraceId", "trace-1");
    let answer = request.send(server.client.address).await;
    assert_eq!(answer.header("x-tc-traceid"), Some("trace-1"));
}

#[tokio::test]
async fn an_absolute_target_works_as_through_a_proxy() {
    let server = Cinnabar::start().await;
    let mut client = server.client.clone();
    client.host = "redis.tencentcloudapi.com".to_owned();
    let mut request = client.tc3_post("DescribeTaskInfo", b"{\"TaskId\":1}");
    request.target = "http://redis.tencentcloudapi.com/".to_owned();
    assert_eq!(request.send(client.address).await.code(), UNKNOWN_TASK);
}

#[tokio::test]
async fn the_host_quirks_of_the_official_clients_are_taken() {
    let server = Cinnabar::start().await;
    let plain = &server.client;
    let signed_as = |host: &str, sent: &str, service| {
        let mut client = plain.for_service(service, "2018-04-12");
        client.host = host.to_owned();
        client.tc3_post("DescribeTaskInfo", b"{\"TaskId\":1}").header("Host", sent)
    };
    let (address, port) = (plain.host.as_str(), plain.address.port());
    let quirks = [
        // tccli and the Python SDK with a scheme in the endpoint.
        signed_as(&format!("http://{address}"), &format!("http://{address}"), "redis"),
        // Node: the port is not signed, and the service is the first label of the endpoint.
        signed_as("127.0.0.1", address, "127"),
        signed_as("localhost", &format!("localhost:{port}"), "localhost:8250"),
        // Java: the service is the first label.
        signed_as(address, address, "127"),
        // An API gateway in front: the public name is signed, another Host is sent.
        signed_as("redis.tencentcloudapi.com", address, "redis"),
        signed_as("redis.ap-guangzhou.tencentcloudapi.com", address, "redis"),
    ];
    for request in quirks {
        assert_eq!(request.send(plain.address).await.code(), UNKNOWN_TASK, "{:?}", request.headers);
    }
}

#[tokio::test]
async fn each_fault_of_authentication_has_its_own_code() {
    let server = Cinnabar::start().await;
    let client = &server.client;
    let post = |client: &crate::client::Client| client.tc3_post("DescribeTaskInfo", b"{\"TaskId\":1}");
    let with = |change: fn(&mut crate::client::Client)| {
        let mut changed = client.clone();
        change(&mut changed);
        post(&changed)
    };
    let cases: Vec<(Raw, &str)> = vec![
        (post(client).without("Authorization"), "AuthFailure.InvalidAuthorization"),
        (post(client).header("Authorization", "SKIP"), "AuthFailure.InvalidAuthorization"),
        (post(client).header("Authorization", "Bearer x"), "AuthFailure.InvalidAuthorization"),
        (post(client).header("Authorization", "TC3-HMAC-SHA256 Credential=a/b"), "AuthFailure.InvalidAuthorization"),
        (with(|client| client.secret_id = "AKIDnobody".to_owned()), "AuthFailure.SecretIdNotFound"),
        (with(|client| client.secret_key = "wrong".to_owned()), "AuthFailure.SignatureFailure"),
        (with(|client| client.skew = -301), "AuthFailure.SignatureExpire"),
        (with(|client| client.skew = 302), "AuthFailure.SignatureExpire"),
        (post(client).header("X-TC-Timestamp", "yesterday"), "AuthFailure.SignatureFailure"),
        (post(client).without("X-TC-Timestamp"), "MissingParameter"),
        (post(client).header("X-TC-Token", "t"), "AuthFailure.TokenFailure"),
    ];
    for (request, code) in cases {
        assert_eq!(request.send(client.address).await.code(), code, "{:?}", request.headers);
    }
    let unsigned =
        [("Action", "DescribeTaskInfo"), ("Version", "2018-04-12"), ("Region", "ap-guangzhou"), ("TaskId", "1")];
    let unsigned = unsigned.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(client.v1_get(&unsigned).send(client.address).await.code(), "AuthFailure.InvalidAuthorization");
    let mut wrong = client.v1_pairs("GET", "DescribeTaskInfo", HmacSha256, &[("TaskId", "1")]);
    wrong.push(("Extra".to_owned(), "x".to_owned()));
    assert_eq!(client.v1_get(&wrong).send(client.address).await.code(), "AuthFailure.SignatureFailure");
}

#[tokio::test]
async fn the_envelope_names_what_it_misses_or_does_not_know() {
    let server = Cinnabar::start().await;
    let client = &server.client;
    let post = |action: &str| client.tc3_post(action, b"{\"TaskId\":1}");
    let cases: Vec<(Raw, &str, &str)> = vec![
        (post("DescribeTaskInfo").without("X-TC-Action"), "MissingParameter", "`Action`"),
        (post("DescribeTaskInfo").without("X-TC-Version"), "MissingParameter", "`Version`"),
        (post("DescribeTaskInfo").without("X-TC-Region"), "MissingParameter", "`Region`"),
        (post("DescribeNothing"), "InvalidAction", "`DescribeNothing`"),
        (post("describetaskinfo"), "InvalidAction", "`describetaskinfo`"),
        (post("DescribeTaskInfo").header("X-TC-Version", "2017-01-01"), "NoSuchVersion", "`2018-04-12`"),
        (post("DescribeTaskInfo").header("X-TC-Region", "ap-atlantis"), "UnsupportedRegion", "`ap-atlantis`"),
        (client.for_service("cls", "2020-10-16").tc3_post("DescribeTopics", b"{}"), "NoSuchProduct", "`cls`"),
        (client.tc3("PUT", "DescribeTaskInfo", "", "application/json", b"{}"), "UnsupportedProtocol", "`PUT`"),
        (client.tc3("POST", "DescribeTaskInfo", "", "text/plain", b"{}"), "InvalidParameter", "`text/plain`"),
        (
            client.tc3("POST", "DescribeTaskInfo", "TaskId=1", "application/json", b"{}"),
            "InvalidParameter",
            "query string",
        ),
    ];
    for (request, code, text) in cases {
        let refusal = request.send(client.address).await.result().unwrap_err();
        assert_eq!(refusal.code, code, "{refusal:?}");
        assert!(refusal.message.contains(text), "{refusal:?}");
    }
}

#[tokio::test]
async fn messages_come_in_the_language_that_was_asked_for() {
    let server = Cinnabar::start().await;
    for (language, text) in
        [(None, "is missing"), (Some("en-US"), "is missing"), (Some("zh-CN"), "缺少"), (Some("xx"), "is missing")]
    {
        let client = crate::client::Client { language, ..server.client.clone() };
        let (code, message) = client.refused("DescribeTaskInfo", json!({})).await;
        assert_eq!(code, "MissingParameter");
        assert!(message.contains(text), "{language:?}: {message}");
    }
    let pairs = server.client.v1_pairs("GET", "DescribeTaskInfo", HmacSha1, &[("Language", "zh-CN")]);
    let refusal = server.client.v1_get(&pairs).send(server.client.address).await.result().unwrap_err();
    assert!(refusal.message.contains("缺少"), "{refusal:?}");
}

#[tokio::test]
async fn a_finance_region_is_served_under_its_own_domain_only() {
    let server = Cinnabar::start().await;
    let ask = async |host: &str, region: &str| {
        let mut client = server.client.with_region(region);
        client.host = host.to_owned();
        client.refused("DescribeTaskInfo", json!({"TaskId": 1})).await
    };
    let served = [
        ("redis.ap-shanghai-fsi.tencentcloudapi.com", "ap-shanghai-fsi"),
        ("127.0.0.1", "ap-shanghai-fsi"),
        ("redis.tencentcloudapi.com", "ap-tokyo"),
    ];
    for (host, region) in served {
        assert_eq!(ask(host, region).await.0, UNKNOWN_TASK, "{host} {region}");
    }
    let refused =
        [("redis.tencentcloudapi.com", "ap-shanghai-fsi"), ("redis.ap-shanghai-fsi.tencentcloudapi.com", "ap-tokyo")];
    for (host, region) in refused {
        let (code, message) = ask(host, region).await;
        assert_eq!(code, "UnsupportedRegion");
        assert!(message.contains("Use `redis."), "{message}");
    }
}

#[tokio::test]
async fn the_rate_limit_counts_by_account_region_and_action() {
    let server = Cinnabar::start_with(|config| config.rate_limit = server::config::RateLimit::Documented).await;
    let mut limited = Vec::new();
    for _ in 0..60 {
        let (code, message) = server.client.refused("DescribeTaskInfo", json!({"TaskId": 1})).await;
        if code == "RequestLimitExceeded" {
            limited.push(message);
        }
    }
    // 60 requests may fall into several seconds on a slow machine, but hardly into three full ones.
    let first = limited.first().expect("60 requests at once were all let through");
    assert!(first.contains("`21`") && first.contains("`20`"), "{first}");
    let (code, _) = server.client.with_region("ap-tokyo").refused("DescribeTaskInfo", json!({"TaskId": 1})).await;
    assert_eq!(code, UNKNOWN_TASK);
}
