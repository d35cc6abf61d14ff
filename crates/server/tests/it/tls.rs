//! HTTPS on the API's port, by every name that is the server's, and CONNECT for clients that know no other.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use server::config::Config;
use server::service::Service;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::client::{Answer, Client, Raw, exchange, read};
use crate::harness::{Cinnabar, config};

const UNKNOWN_TASK: &str = "InvalidParameter.InvalidParameter";

/// A client that accepts the certificate in `ca` and nothing else.
pub(crate) fn trusting(ca: &Path, alpn: &[&[u8]]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let mut config =
        builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

fn name(text: &str) -> ServerName<'static> {
    ServerName::try_from(text.to_owned()).unwrap()
}

pub(crate) async fn handshake(server: &Cinnabar, host: &str, alpn: &[&[u8]]) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(server.client.address).await?;
    trusting(&server.folder.path().join("ca.pem"), alpn).connect(name(host), stream).await
}

fn describe(server: &Cinnabar, host: &str) -> Raw {
    let client = Client { host: host.to_owned(), ..server.client.clone() };
    client.tc3_post("DescribeTaskInfo", b"{\"TaskId\":1}")
}

async fn ask(server: &Cinnabar, host: &str) -> std::io::Result<Answer> {
    read(handshake(server, host, &[]).await?, &describe(server, host).bytes()).await
}

#[tokio::test]
async fn one_port_answers_http_and_https_by_every_name_that_is_its_own() {
    let server = Cinnabar::start_with(|config| config.tls.names = vec!["redis.example.org".to_owned()]).await;
    for host in [
        "127.0.0.1",
        "localhost",
        "redis.example.org",
        "redis.tencentcloudapi.com",
        "tag.intl.tencentcloudapi.com",
        "redis.ap-guangzhou.tencentcloudapi.com",
        "redis.ap-shanghai-fsi.internal.tencentcloudapi.com",
    ] {
        let answer = ask(&server, host).await.unwrap_or_else(|error| panic!("{host}: {error}"));
        // The finance domain does not serve the client's region, which it says.
        let expected = if host.contains("fsi") { "UnsupportedRegion" } else { "" };
        if expected.is_empty() && !host.starts_with("tag") {
            assert_eq!(answer.code(), UNKNOWN_TASK, "{host}");
        } else if !expected.is_empty() {
            assert_eq!(answer.code(), expected, "{host}");
        }
    }
    assert_eq!(describe(&server, "127.0.0.1").send(server.client.address).await.code(), UNKNOWN_TASK);
}

#[tokio::test]
async fn other_names_are_not_vouched_for() {
    let server = Cinnabar::start().await;
    for host in ["www.example.com", "redis.ap-atlantis.tencentcloudapi.com", "10.1.2.3"] {
        let refused = handshake(&server, host, &[]).await.unwrap_err().to_string();
        assert!(refused.contains("certificate"), "{host}: {refused}");
    }
    assert_eq!(ask(&server, "localhost").await.unwrap().code(), UNKNOWN_TASK);
}

async fn connect(address: SocketAddr, head: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => answer.push(byte),
            Err(_) => break,
        }
    }
    (stream, String::from_utf8(answer).unwrap())
}

#[tokio::test]
async fn a_connect_to_a_name_of_the_api_is_answered_by_the_server_itself() {
    let server = Cinnabar::start().await;
    let host = "redis.tencentcloudapi.com";
    let head = format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\nUser-Agent: x\r\n\r\n");
    let (stream, answer) = connect(server.client.address, &head).await;
    assert_eq!(answer, "HTTP/1.1 200 Connection established\r\n\r\n");
    let inside = trusting(&server.folder.path().join("ca.pem"), &[]).connect(name(host), stream).await.unwrap();
    assert_eq!(read(inside, &describe(&server, host).bytes()).await.unwrap().code(), UNKNOWN_TASK);
}

#[tokio::test]
async fn a_connect_to_anywhere_else_is_refused() {
    let server = Cinnabar::start_with(|config| config.connections.idle = 1).await;
    let long = format!("CONNECT localhost:443 HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(9000));
    let cases = [
        ("CONNECT example.com:443 HTTP/1.1\r\n\r\n", "403"),
        ("CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n", "403"),
        ("CONNECT redis.tencentcloudapi.com.example.com:443 HTTP/1.1\r\n\r\n", "403"),
        ("CONNECT redis.tencentcloudapi.com HTTP/1.1\r\n\r\n", "400"),
        ("CONNECT redis.tencentcloudapi.com:443 HTTP/1.1\r\nno colon\r\n\r\n", "400"),
        ("COPY / HTTP/1.1\r\n\r\n", "405"),
        (long.as_str(), "400"),
        // Never whole.
        ("CONNECT redis.tencentcloudapi.com:443 HTTP/1.1\r\n", ""),
    ];
    for (head, status) in cases {
        let (mut stream, answer) = connect(server.client.address, head).await;
        assert_eq!(answer.split(' ').nth(1).unwrap_or_default(), status, "{head}: {answer}");
        let mut rest = String::new();
        // It is over: what follows the refusal is its text alone.
        let _ = stream.read_to_string(&mut rest).await;
        assert!(!rest.contains("HTTP/1.1"), "{rest}");
    }
}

#[tokio::test]
async fn without_tls_there_is_neither_https_nor_connect() {
    let server = Cinnabar::start_with(|config| config.tls.enabled = false).await;
    assert!(!server.folder.path().join("ca.pem").exists());
    let answer = exchange(server.client.address, b"\x16\x03\x01\x00\x05hello\r\n\r\n").await.unwrap();
    assert_eq!(answer.status, 400);
    let head = "CONNECT redis.tencentcloudapi.com:443 HTTP/1.1\r\n\r\n";
    assert!(connect(server.client.address, head).await.1.starts_with("HTTP/1.1 403"));
}

#[tokio::test]
async fn a_given_certificate_answers_to_its_names_and_the_authority_to_the_others() {
    let files = tempfile::tempdir().unwrap();
    let (certificate, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
    let made = rcgen::generate_simple_self_signed(vec!["redis.example.org".to_owned()]).unwrap();
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let server = Cinnabar::start_with(|config| {
        config.tls.certificate = certificate.clone();
        config.tls.key = key;
    })
    .await;
    let stream = TcpStream::connect(server.client.address).await.unwrap();
    let inside = trusting(&certificate, &[]).connect(name("redis.example.org"), stream).await.unwrap();
    assert_eq!(read(inside, &describe(&server, "redis.example.org").bytes()).await.unwrap().code(), UNKNOWN_TASK);
    assert_eq!(ask(&server, "redis.tencentcloudapi.com").await.unwrap().code(), UNKNOWN_TASK);
    assert!(ask(&server, "localhost").await.is_err(), "the given one answers to all other names");
}

#[tokio::test]
async fn what_cannot_be_used_ends_the_start_with_what_to_do() {
    let refused = async |change: fn(&mut Config)| {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        change(&mut config);
        Service::start(config, None).await.err().unwrap().to_string()
    };
    let half = refused(|config| config.tls.key = "/nowhere/key.pem".into()).await;
    assert!(half.contains("tls.certificate and tls.key"), "{half}");
    let gone = refused(|config| {
        config.tls.key = "/nowhere/key.pem".into();
        config.tls.certificate = "/nowhere/cert.pem".into();
    });
    assert!(gone.await.contains("/nowhere/cert.pem"));
    let open = |config: &mut Config| {
        config.tls.enabled = false;
        config.listen = "0.0.0.0:0".parse().unwrap();
    };
    assert!(refused(open).await.contains("--insecure-listen"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("authority.json"), "{").unwrap();
    let broken = Service::start(config(folder.path()), None).await.err().unwrap().to_string();
    assert!(broken.contains("authority.json") && broken.contains("remove it"), "{broken}");
}

#[tokio::test]
async fn beyond_loopback_it_listens_with_tls_or_when_it_is_told_to() {
    let open = |config: &mut Config| config.listen = "0.0.0.0:0".parse().unwrap();
    let server = Cinnabar::start_with(open).await;
    let credentials = server::folder::Credentials::read(server.folder.path()).unwrap();
    assert_eq!(credentials.endpoint, format!("http://127.0.0.1:{}", server.client.address.port()));
    drop(server);
    let insecure = |config: &mut Config| {
        open(config);
        (config.tls.enabled, config.insecure_listen) = (false, true);
    };
    drop(Cinnabar::start_with(insecure).await);
}
