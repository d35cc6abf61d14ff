//! HTTP/2, by ALPN inside TLS: the same answers, and floods that end the connection of whoever sends them.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::client::{Client, Raw};
use crate::harness::Cinnabar;
use crate::tls::handshake;

const HOST: &str = "redis.tencentcloudapi.com";

fn request(raw: &Raw) -> Request<Full<Bytes>> {
    let mut builder = Request::builder().method(raw.method.as_str()).uri(format!("https://{HOST}{}", raw.target));
    for (name, value) in raw.headers.iter().filter(|(name, _)| name != "Host") {
        builder = builder.header(name, value);
    }
    builder.body(Full::new(Bytes::from(raw.body.clone()))).unwrap()
}

#[tokio::test]
async fn many_requests_at_once_on_one_connection() {
    let server = Cinnabar::start().await;
    let stream = handshake(&server, HOST, &[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let client = Client { host: HOST.to_owned(), ..server.client.clone() };
    let pairs = client.v1_pairs("GET", "DescribeTaskInfo", sign::V1Algorithm::HmacSha256, &[("TaskId", "7")]);
    for raw in [
        client.tc3_post("DescribeTaskInfo", b"{\"TaskId\":7}"),
        client.tc3_get("DescribeTaskInfo", "TaskId=7"),
        client.v1_get(&pairs),
    ] {
        let asked: Vec<_> = (0..200).map(|_| sender.clone().send_request(request(&raw))).collect();
        for answer in futures_util::future::join_all(asked).await {
            let answer = answer.unwrap();
            assert_eq!(
                (answer.status().as_u16(), &answer.headers()["content-type"] == "application/json"),
                (200, true)
            );
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            let whole: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(whole["Response"]["Error"]["Code"], "InvalidParameter.InvalidParameter", "{whole}");
        }
    }
}

#[tokio::test]
async fn a_client_that_offers_no_http2_gets_http1() {
    let server = Cinnabar::start().await;
    let stream = handshake(&server, HOST, &[b"http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
}

/// A connection that has said how HTTP/2 begins.
async fn opened(server: &Cinnabar) -> TlsStream<TcpStream> {
    let mut stream = handshake(server, HOST, &[b"h2"]).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, b"")).await.unwrap();
    stream
}

const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const CONTINUATION: u8 = 9;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// POST / by https, out of the static table of HPACK.
const POST: &[u8] = &[0x83, 0x84, 0x87];

/// Sends until the server has had enough; whether it said goodbye or closed, within the time.
async fn is_ended(mut stream: TlsStream<TcpStream>, flood: impl Fn(u32) -> Vec<u8>) -> bool {
    let (mut reader, mut writer) = tokio::io::split(&mut stream);
    let sending = async {
        for number in 0.. {
            if writer.write_all(&flood(number)).await.is_err() {
                break;
            }
        }
    };
    let reading = async {
        loop {
            let mut head = [0; 9];
            if reader.read_exact(&mut head).await.is_err() || head[3] == GO_AWAY {
                return;
            }
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            if reader.read_exact(&mut payload).await.is_err() {
                return;
            }
        }
    };
    let ended = async {
        tokio::select! { () = sending => (), () = reading => () }
    };
    tokio::time::timeout(Duration::from_secs(30), ended).await.is_ok()
}

async fn still_serves(server: &Cinnabar) {
    let asked = server.client.refused("DescribeTaskInfo", serde_json::json!({"TaskId": 1}));
    let (code, _) = tokio::time::timeout(Duration::from_secs(5), asked).await.unwrap();
    assert_eq!(code, "InvalidParameter.InvalidParameter");
}

#[tokio::test]
async fn rapid_resets_end_the_connection() {
    let server = Cinnabar::start().await;
    let flood = |number: u32| {
        let stream = number * 2 + 1;
        [frame(HEADERS, 4, stream, POST), frame(RESET, 0, stream, &8_u32.to_be_bytes())].concat()
    };
    assert!(is_ended(opened(&server).await, flood).await);
    still_serves(&server).await;
}

#[tokio::test]
async fn endless_continuations_end_the_connection() {
    let server = Cinnabar::start().await;
    // A literal header of 1000 bytes, again and again.
    let header = [&[0, 1, b'x', 0x7f, 0xe9, 0x06][..], &[b'y'; 1000]].concat();
    let flood = |number: u32| match number {
        0 => frame(HEADERS, 0, 1, POST),
        _ => frame(CONTINUATION, 0, 1, &header),
    };
    assert!(is_ended(opened(&server).await, flood).await);
    still_serves(&server).await;
}

#[tokio::test]
async fn settings_and_pings_without_end_disturb_nobody() {
    let server = Cinnabar::start().await;
    for flood in [frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0xff, 0xff]), frame(PING, 0, 0, &[0; 8])] {
        // Whoever does not read the answers is not read either, so this stands still before long.
        let mut stream = opened(&server).await;
        let sending = async { while stream.write_all(&flood.repeat(1000)).await.is_ok() {} };
        let flooding = tokio::time::timeout(Duration::from_secs(2), sending);
        let asking = async {
            for _ in 0..20 {
                still_serves(&server).await;
            }
        };
        let _ = tokio::join!(flooding, asking);
    }
}

#[tokio::test]
async fn an_idle_connection_is_ended() {
    let server = Cinnabar::start_with(|config| config.connections.idle = 1).await;
    let mut stream = opened(&server).await;
    let mut all = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut all)).await;
    assert!(read.is_ok(), "it is still open");
}
