//! What no client should send: answered or closed cleanly, and nobody else is disturbed.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Raw, exchange};
use crate::harness::Cinnabar;

/// A good client still gets its answer.
async fn still_serves(server: &Cinnabar) {
    let (code, _) = server.client.refused("DescribeTaskInfo", json!({"TaskId": 1})).await;
    assert_eq!(code, "InvalidParameter.InvalidParameter");
}

#[tokio::test]
async fn parameters_of_the_wrong_form_name_themselves() {
    let server = Cinnabar::start().await;
    let cases: [(&[u8], &str, &str); 12] = [
        (b"{}", "MissingParameter", "`TaskId`"),
        (b"{\"TaskId\": null}", "MissingParameter", "`TaskId`"),
        (b"{\"TaskId\": \"1\"}", "InvalidParameter", "`TaskId`"),
        (b"{\"TaskId\": 1.0}", "InvalidParameter", "`TaskId`"),
        (b"{\"TaskId\": 1e3}", "InvalidParameter", "`TaskId`"),
        (b"{\"TaskId\": -1}", "InvalidParameter", "`TaskId`"),
        (b"{\"TaskId\": 18446744073709551616}", "InvalidParameter", "`TaskId`"),
        (b"{\"TaskId\": 1, \"TaskId\": 2}", "InvalidParameter", "`TaskId` is given more than once"),
        (b"{\"TaskId\": 1, \"Colour\": \"red\"}", "UnknownParameter", "`Colour` is not recognized"),
        (b"garbage", "InvalidParameter", "not valid JSON"),
        (b"[]", "InvalidParameter", "JSON object"),
        (b"{\"TaskId\": \"\xff\xfe\"}", "InvalidParameter", "not valid JSON"),
    ];
    for (body, code, text) in cases {
        let refusal =
            server.client.tc3_post("DescribeTaskInfo", body).send(server.client.address).await.result().unwrap_err();
        assert_eq!(refusal.code, code, "{refusal:?}");
        assert!(refusal.message.contains(text), "{refusal:?}");
    }
    // Larger than an id can be, but a uint64.
    let (code, _) = server.client.refused("DescribeTaskInfo", json!({"TaskId": u64::MAX})).await;
    assert_eq!(code, "InvalidParameter.InvalidParameter");
}

#[tokio::test]
async fn bodies_and_queries_over_the_limit_are_refused_by_size() {
    let server = Cinnabar::start().await;
    let client = &server.client;
    let text = |size: usize| "x".repeat(size);
    let big_json = format!("{{\"TaskId\": 1, \"X\": \"{}\"}}", text(20 << 20));
    let form = Raw { body: text(2 << 20).into_bytes(), ..client.v1_post(&[]) };
    let requests = [
        client.tc3_post("DescribeTaskInfo", big_json.as_bytes()),
        form,
        client.tc3_get("DescribeTaskInfo", &format!("X={}", text(33 << 10))),
    ];
    for request in requests {
        assert_eq!(request.send(client.address).await.code(), "RequestSizeLimitExceeded");
    }
    still_serves(&server).await;
}

#[tokio::test]
async fn ten_thousand_headers_and_garbage_end_cleanly() {
    // Garbage that looks like TLS is given up after this time.
    let server = Cinnabar::start_with(|config| config.connections.idle = 1).await;
    let mut request = server.client.tc3_post("DescribeTaskInfo", b"{}");
    request.headers.extend((0..10_000).map(|i| (format!("X-H{i}"), "v".to_owned())));
    let answered = exchange(server.client.address, &request.bytes()).await;
    assert!(answered.map_or(true, |answer| answer.status == 431 || answer.status == 400), "neither refused nor closed");
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"[..],
        b"\r\n\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        &[0xff; 4096],
    ] {
        let answered = exchange(server.client.address, garbage).await;
        assert!(answered.map_or(true, |answer| (400..600).contains(&answer.status)));
    }
    still_serves(&server).await;
}

#[tokio::test]
async fn a_slow_client_holds_nobody_up() {
    let server = Cinnabar::start().await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(server.client.address).await.unwrap();
        stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{").await.unwrap();
        slow.push(stream);
    }
    still_serves(&server).await;
    // Its request is not taken for whole when it goes away.
    drop(slow);
    still_serves(&server).await;
}

#[tokio::test]
async fn a_body_that_breaks_off_changes_nothing() {
    let server = Cinnabar::start().await;
    let request = server
        .client
        .tc3_post("CreateInstances", b"{\"TypeId\":17,\"MemSize\":1024,\"GoodsNum\":1,\"Password\":\"Passw0rd\"}")
        .bytes();
    let mut stream = TcpStream::connect(server.client.address).await.unwrap();
    stream.write_all(&request[..request.len() - 1]).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer))
        .await
        .expect("the connection hangs")
        .unwrap();
    let count = server
        .service()
        .app
        .db
        .read(|tx| server::store::instance::count(tx, server::service::ROOT_UIN, "ap-guangzhou"));
    assert_eq!(count.unwrap(), 0);
    still_serves(&server).await;
}

#[tokio::test]
async fn repeated_headers_that_count_are_refused() {
    let server = Cinnabar::start().await;
    for name in ["Host", "Content-Type", "Authorization", "X-TC-Action", "X-TC-Region"] {
        let mut request = server.client.tc3_post("DescribeTaskInfo", b"{\"TaskId\":1}");
        request.headers.push((name.to_owned(), "x".to_owned()));
        let refusal = request.send(server.client.address).await.result().unwrap_err();
        assert_eq!(refusal.code, "InvalidParameter", "{name}");
        assert!(refusal.message.to_lowercase().contains(&format!("`{}`", name.to_lowercase())), "{refusal:?}");
    }
}

#[tokio::test]
async fn an_order_with_too_many_tags_is_refused_whole() {
    let server = Cinnabar::start().await;
    let tags: Vec<_> = (0..51).map(|i| json!({"TagKey": format!("k{i}"), "TagValue": "v"})).collect();
    let order = json!({"TypeId": 17, "MemSize": 1024, "GoodsNum": 1, "Password": "Passw0rd", "ResourceTags": tags});
    let (code, message) = server.client.refused("CreateInstances", order).await;
    assert_eq!((code.as_str(), message.contains("`ResourceTags.50`")), ("InvalidParameterValue", true), "{message}");
    assert_eq!(server.client.ok("DescribeInstances", json!({})).await["TotalCount"], 0);
}
