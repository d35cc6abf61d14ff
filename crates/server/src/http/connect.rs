//! CONNECT, for clients that know one address alone, `https://redis.tencentcloudapi.com`: with this server as their
//! HTTPS proxy they come here. Nothing is passed on: whatever host of the API is asked for, it is this server that answers.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::tls::Tls;

/// The longest head.
const HEAD: usize = 8 << 10;
/// The most headers in it.
const HEADERS: usize = 64;

/// Why there is no tunnel, or that the connection is gone.
enum Refusal {
    Gone,
    Answer(&'static str, String),
}

/// Reads the head of a CONNECT and answers it; whether what follows is for the API.
pub async fn accept(stream: &mut TcpStream, tls: Option<&Tls>, time: Duration) -> bool {
    let told = tokio::time::timeout(time, target(stream)).await.unwrap_or(Err(Refusal::Gone));
    let answer = match told.and_then(|host| allowed(&host, tls)) {
        Ok(()) => "HTTP/1.1 200 Connection established\r\n\r\n".to_owned(),
        Err(Refusal::Gone) => return false,
        Err(Refusal::Answer(status, text)) => refused(status, &text),
    };
    let sent = stream.write_all(answer.as_bytes()).await.is_ok();
    sent && answer.starts_with("HTTP/1.1 200")
}

fn allowed(host: &str, tls: Option<&Tls>) -> Result<(), Refusal> {
    match tls {
        None => Err(Refusal::Answer("403 Forbidden", "HTTPS is switched off here (tls.enabled)".to_owned())),
        Some(tls) if tls.serves(host) => Ok(()),
        Some(_) => Err(Refusal::Answer(
            "403 Forbidden",
            "this is no proxy to other hosts: it only answers for the API's own names (regions.domains, tls.names); set NO_PROXY for others".to_owned(),
        )),
    }
}

/// The host that is asked for.
async fn target(stream: &mut TcpStream) -> Result<String, Refusal> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= HEAD {
            return Err(bad("its head is too long"));
        }
        match stream.read_buf(&mut head).await {
            Ok(1..) => {}
            _ => return Err(Refusal::Gone),
        }
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(&head) {
        Ok(httparse::Status::Complete(length)) if length == head.len() => {}
        _ => return Err(bad("its head cannot be read")),
    }
    if request.method != Some("CONNECT") {
        return Err(Refusal::Answer("405 Method Not Allowed", "use GET, POST or CONNECT".to_owned()));
    }
    let host = request.path.and_then(|target| target.rsplit_once(':')).filter(|(_, port)| port.parse::<u16>().is_ok());
    host.map(|(host, _)| host.to_owned()).ok_or_else(|| bad("its target must be HOST:PORT"))
}

fn bad(why: &str) -> Refusal {
    Refusal::Answer("400 Bad Request", format!("the CONNECT is not valid: {why}"))
}

fn refused(status: &str, text: &str) -> String {
    let length = text.len() + 1;
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}\n"
    )
}
