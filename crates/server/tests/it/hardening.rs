//! What attackers send: tried, and held.

use std::io::Read;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Raw, exchange};
use crate::harness::Cinnabar;

const UNKNOWN_TASK: &str = "InvalidParameter.InvalidParameter";

/// Everything that comes back for these bytes until the server closes, or says nothing more.
async fn all(server: &Cinnabar, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.client.address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let mut received = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut received)).await;
    String::from_utf8_lossy(&received).into_owned()
}

/// A signed request as bytes, with these lines instead of its Content-Length, and this after its head.
fn with(server: &Cinnabar, lines: &str, rest: &[u8]) -> Vec<u8> {
    let whole = server.client.tc3_post("DescribeTaskInfo", b"{\"TaskId\":1}").bytes();
    let text = String::from_utf8(whole).unwrap();
    let (head, _) = text.split_once("Content-Length").unwrap();
    [format!("{head}{lines}\r\n").as_bytes(), rest].concat()
}

#[tokio::test]
async fn a_request_inside_another_is_never_answered() {
    let server = Cinnabar::start().await;
    let body = "{\"TaskId\":1}";
    let inner = String::from_utf8(server.client.tc3_post("DescribeTaskInfo", b"{\"TaskId\":2}").bytes()).unwrap();
    let chunked = format!("c\r\n{body}\r\n0\r\n\r\n{inner}");
    let plain = format!("{body}{inner}");
    let both = format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", chunked.len());
    let cases = [
        // Two ways to tell the length, in both orders.
        (both.as_str(), chunked.as_str()),
        ("Transfer-Encoding: chunked\r\nContent-Length: 12\r\n", &chunked),
        // Ways to hide the one from somebody.
        ("Transfer-Encoding: xchunked\r\nContent-Length: 12\r\n", &plain),
        ("Transfer-Encoding: chunked, identity\r\nContent-Length: 12\r\n", &plain),
        ("Transfer-Encoding : chunked\r\nContent-Length: 12\r\n", &plain),
        ("Transfer-Encoding:\x0bchunked\r\nContent-Length: 12\r\n", &plain),
        ("X: a\nTransfer-Encoding: chunked\r\n", &chunked),
        ("X: a\rTransfer-Encoding: chunked\r\nContent-Length: 12\r\n", &plain),
        // Two lengths, a list of them, one that is none.
        ("Content-Length: 12\r\nContent-Length: 0\r\n", &plain),
        ("Content-Length: 12, 0\r\n", &plain),
        ("Content-Length: +12\r\n", &plain),
        ("Content-Length: 0x0c\r\n", &plain),
        ("Content-Length: -1\r\n", &plain),
        // A folded line.
        ("Content-Length: 12\r\n folded: yes\r\n", &plain),
        ("X: a\r\n Content-Length: 12\r\n", &plain),
    ];
    for (lines, rest) in cases {
        let answer = all(&server, &with(&server, lines, rest.as_bytes())).await;
        assert!(answer.matches("HTTP/1.1 ").count() <= 1 && !answer.contains("`2`"), "{lines:?}: {answer}");
    }
    // That the test can tell: an honest pipeline is answered twice.
    let first = with(&server, "Content-Length: 12\r\n", plain.as_bytes());
    let answer = all(&server, &first).await;
    assert!(answer.matches("HTTP/1.1 200").count() == 2 && answer.contains("`2`"), "{answer}");
}

#[tokio::test]
async fn a_get_with_a_body_is_the_last_of_its_connection() {
    let server = Cinnabar::start().await;
    let inner = String::from_utf8(server.client.tc3_post("DescribeTaskInfo", b"{\"TaskId\":2}").bytes()).unwrap();
    let outer = String::from_utf8(server.client.tc3_get("DescribeTaskInfo", "TaskId=1").bytes()).unwrap();
    let outer = outer.replace("Content-Length: 0\r\nConnection: close\r\n", "Content-Length: 3\r\n");
    let answer = all(&server, format!("{outer}abc{inner}").as_bytes()).await;
    // The body is not what was signed; what counts is that nothing after it is taken for a request.
    assert!(answer.matches("HTTP/1.1 ").count() == 1 && answer.contains("connection: close"), "{answer}");
}

/// Writes the parts with pauses; how long it took until the server closed, and what it said.
async fn dribble(server: &Cinnabar, parts: impl IntoIterator<Item = Vec<u8>>) -> (Duration, String) {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(server.client.address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let writing = async {
        for part in parts {
            if writer.write_all(&part).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        std::future::pending::<()>().await
    };
    let mut received = Vec::new();
    tokio::select! {
        () = writing => {}
        _ = reader.read_to_end(&mut received) => {}
    }
    (begun.elapsed(), String::from_utf8_lossy(&received).into_owned())
}

#[tokio::test]
async fn a_slow_head_a_slow_body_and_silence_are_cut_off() {
    let server = Cinnabar::start_with(|config| (config.connections.idle, config.connections.body) = (1, 1)).await;
    let soon = |took: Duration| took < Duration::from_secs(8);
    let head = |index: usize| if index == 0 { b"POST / HTTP/1.1\r\n".to_vec() } else { b"X-A: b\r\n".to_vec() };
    let (took, _) = dribble(&server, (0..600).map(head)).await;
    assert!(soon(took), "a slow head: {took:?}");
    let start = with(&server, "Content-Length: 5000\r\n", b"");
    let (took, answer) = dribble(&server, std::iter::once(start).chain((0..600).map(|_| b" ".to_vec()))).await;
    assert!(soon(took) && answer.contains("did not arrive within 1 seconds"), "a slow body: {took:?} {answer}");
    let (took, answer) = dribble(&server, []).await;
    assert!(soon(took) && answer.is_empty(), "silence: {took:?}");
    let (took, answer) = dribble(&server, [b"\x16\x03\x01".to_vec()]).await;
    assert!(soon(took) && answer.is_empty(), "half a handshake: {took:?}");
    // After an answer the connection waits no longer than before it.
    let kept = with(&server, "Content-Length: 12\r\n", b"{\"TaskId\":1}");
    let (took, answer) = dribble(&server, [kept]).await;
    assert!(soon(took) && answer.contains("200 OK"), "kept alive: {took:?}");
}

#[tokio::test]
async fn a_client_that_takes_no_answers_is_cut_off() {
    let server = Cinnabar::start_with(|config| config.connections.idle = 1).await;
    let asked = server.client.tc3_post("DescribeProductInfo", b"{}").bytes();
    let asked = String::from_utf8(asked).unwrap().replace("Connection: close\r\n", "").repeat(20_000).into_bytes();
    let mut stream = TcpStream::connect(server.client.address).await.unwrap();
    let begun = Instant::now();
    // It stands still once all buffers are full, and fails when the connection is cut.
    let written = tokio::time::timeout(Duration::from_secs(60), stream.write_all(&asked)).await;
    assert!(written.is_ok_and(|written| written.is_err()), "{:?}", begun.elapsed());
    let open = || server.service().app.metrics.connections.read().0;
    while open() > 0 && begun.elapsed() < Duration::from_secs(60) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(open(), 0);
}

#[tokio::test]
async fn floods_of_headers_are_refused_by_count_and_by_size() {
    let server = Cinnabar::start().await;
    let many: String = (0..200).map(|index| format!("X-{index}: y\r\n")).collect();
    let long = format!("X: {}\r\n", "y".repeat(1 << 20));
    for lines in [many, long] {
        let answer = exchange(server.client.address, &with(&server, &lines, b"")).await;
        assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 431));
    }
    let (code, _) = server.client.refused("DescribeTaskInfo", json!({"TaskId": 1})).await;
    assert_eq!(code, UNKNOWN_TASK);
}

#[tokio::test]
async fn a_compressed_request_is_refused_unread() {
    let server = Cinnabar::start().await;
    // 10 MB of zeros in 10 kB.
    let mut bomb = Vec::new();
    let zeros = std::io::repeat(0).take(10 << 20);
    flate2::read::GzEncoder::new(zeros, flate2::Compression::best()).read_to_end(&mut bomb).unwrap();
    for encoding in ["gzip", "deflate", "br", "zstd", "gzip, gzip"] {
        let request = server.client.tc3_post("DescribeTaskInfo", &bomb).header("Content-Encoding", encoding);
        let refusal = request.send(server.client.address).await.result().unwrap_err();
        assert_eq!(
            (refusal.code.as_str(), refusal.message.contains(encoding)),
            ("InvalidParameter", true),
            "{refusal:?}"
        );
    }
    let fine = server.client.tc3_post("DescribeTaskInfo", b"{\"TaskId\":1}").header("Content-Encoding", "identity");
    assert_eq!(fine.send(server.client.address).await.code(), UNKNOWN_TASK);
}

#[tokio::test]
async fn deep_and_huge_bodies_are_refused_before_they_cost_much() {
    let server = Cinnabar::start().await;
    let client = &server.client;
    let deep = format!("{{\"InstanceIds\":{}{}}}", "[".repeat(1 << 20), "]".repeat(1 << 20));
    let wide = format!("{{\"InstanceIds\":[{}1]}}", "1,".repeat(4 << 20));
    let forms = "a&".repeat(500_000);
    let parts: String = (0..60_000)
        .map(|index| format!("--x\r\nContent-Disposition: form-data; name=\"P{index}\"\r\n\r\n1\r\n"))
        .collect();
    let levels = format!("{}=1", ["A"; 5000].join("."));
    let requests = [
        client.tc3_post("DescribeInstances", deep.as_bytes()),
        client.tc3_post("DescribeInstances", wide.as_bytes()),
        Raw { body: forms.into_bytes(), ..client.v1_post(&[]) },
        client.tc3(
            "POST",
            "DescribeInstances",
            "",
            "multipart/form-data; boundary=x",
            format!("{parts}--x--\r\n").as_bytes(),
        ),
        client.tc3_get("DescribeInstances", &levels),
        client.tc3_get("DescribeInstances", "InstanceIds.4294967295=x"),
    ];
    for request in requests {
        let begun = Instant::now();
        let code = request.send(client.address).await.code();
        assert_eq!(code, "InvalidParameter");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn parameters_in_two_places_are_refused() {
    let server = Cinnabar::start().await;
    let client = &server.client;
    let pairs = |method| client.v1_pairs(method, "DescribeTaskInfo", sign::V1Algorithm::HmacSha1, &[("TaskId", "1")]);
    let to = |raw: Raw, target: &str| Raw { target: target.to_owned(), ..raw };
    let mut twice = pairs("GET");
    twice.push(("TaskId".to_owned(), "2".to_owned()));
    let posted = client.tc3_post("DescribeTaskInfo", b"{\"TaskId\":1}");
    let requests = [
        to(posted.clone(), "/?TaskId=2"),
        to(posted.clone(), "/?Action=DestroyPostpaidInstance"),
        to(client.v1_post(&pairs("POST")), "/?TaskId=2"),
        client.v1_get(&twice),
        client.tc3_get("DescribeTaskInfo", "TaskId=1&TaskId=2"),
        client.tc3_post("DescribeTaskInfo", b"{\"TaskId\":1,\"TaskId\":2}"),
        {
            let mut raw = posted.clone();
            raw.headers.push(("X-TC-Action".to_owned(), "DestroyPostpaidInstance".to_owned()));
            raw
        },
        {
            let mut raw = posted.clone();
            raw.headers.push(("Host".to_owned(), "example.com".to_owned()));
            raw
        },
    ];
    for request in requests {
        assert_eq!(request.send(client.address).await.code(), "InvalidParameter", "{request:?}");
    }
    // A header that names the action makes it TC3, whatever the query says.
    let mixed = client.v1_get(&pairs("GET")).header("X-TC-Action", "DescribeInstances");
    assert_eq!(mixed.send(client.address).await.code(), "MissingParameter");
}

#[tokio::test]
async fn there_is_room_for_so_many_connections_and_then_again() {
    let server = Cinnabar::start_with(|config| config.connections.max = 3).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(TcpStream::connect(server.client.address).await.unwrap());
    }
    assert_eq!(all(&server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await, "");
    held.clear();
    let asked = async {
        while server
            .client
            .tc3_post("DescribeTaskInfo", b"{\"TaskId\":1}")
            .try_send(server.client.address)
            .await
            .is_err()
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), asked).await.unwrap();
    assert!(server.service().app.metrics.connections.read().1 >= 1);
}

#[tokio::test]
async fn long_answers_are_compressed_for_who_takes_that() {
    let server = Cinnabar::start().await;
    let ask = async |action: &str, encoding: &str| {
        let request = server.client.tc3_post(action, b"{}").header("Accept-Encoding", encoding).bytes();
        let mut stream = TcpStream::connect(server.client.address).await.unwrap();
        stream.write_all(&request).await.unwrap();
        let mut received = Vec::new();
        stream.read_to_end(&mut received).await.unwrap();
        let end = received.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let body = received.split_off(end + 4);
        (String::from_utf8(received).unwrap(), body)
    };
    let (_, whole) = ask("DescribeProductInfo", "identity").await;
    let (head, packed) = ask("DescribeProductInfo", "gzip, deflate").await;
    assert!(head.contains("content-encoding: gzip") && head.contains("content-type: application/json\r\n"), "{head}");
    assert!(packed.len() * 3 < whole.len(), "{} of {}", packed.len(), whole.len());
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    let part = |text: &str| text.split("\"RequestId\"").next().unwrap().len();
    assert_eq!(part(&text), part(std::str::from_utf8(&whole).unwrap()));
    for (action, encoding) in
        [("DescribeProductInfo", "gzip;q=0"), ("DescribeTaskInfo", "gzip"), ("DescribeInstances", "gzip")]
    {
        assert!(!ask(action, encoding).await.0.contains("content-encoding"), "{action} {encoding}");
    }
}

#[tokio::test]
async fn a_trusted_proxy_says_who_asks_and_nobody_else_does() {
    for (trusted, expected) in [(vec!["127.0.0.0/8".parse().unwrap()], "203.0.113.9"), (vec![], "127.0.0.1:")] {
        let server = Cinnabar::start_with(|config| config.trusted_proxies = trusted).await;
        let body = json!({"TypeId": 15, "MemSize": 1024, "GoodsNum": 1, "ZoneId": 100_003, "Password": "Passw0rd!",
            "RedisShardNum": 1, "RedisReplicasNum": 1})
        .to_string();
        let order = server
            .client
            .tc3_post("CreateInstances", body.as_bytes())
            .header("X-Forwarded-For", "6.6.6.6, 203.0.113.9");
        order.send(server.client.address).await.result().unwrap();
        let operators = crate::admin::Operators::of(&server);
        let (_, list) = operators.get("/tasks?limit=1").await;
        let id = list["tasks"][0]["id"].clone();
        let (_, task) = operators.get(&format!("/tasks/{id}")).await;
        let client = task["request"]["client"].as_str().unwrap();
        assert!(client == expected || client.starts_with("127.0.0.1:") && expected.ends_with(':'), "{client}");
        server.client.wait_for_task(&id).await;
    }
}

/// So that a refusal to connect is no end of the test.
impl Raw {
    async fn try_send(&self, address: std::net::SocketAddr) -> std::io::Result<()> {
        exchange(address, &self.bytes()).await.map(drop)
    }
}
