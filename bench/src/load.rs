//! The load generator: one thread, raw sockets, ready-made requests, the least parsing that finds the end of an answer.
//!
//! It never sleeps: a wake-up would cost more than a request. Each connection has one request under way at any time.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::epoll;
use tokio_rustls::rustls::{ClientConfig, ClientConnection};

use crate::error::Error;
use crate::histogram::Histogram;
use crate::requests::Requests;
use crate::tls;

/// How many connections.
pub(crate) const CONNECTIONS: usize = 64;
/// An answer with its headers fits.
const ANSWER: usize = 4096;
/// What a refusal begins with; its HTTP status is 200 too.
const REFUSAL: &[u8] = b"{\"Response\":{\"Error\"";

/// What a run measured.
pub(crate) struct Measured {
    /// Answers a second.
    pub(crate) rate: f64,
    /// How many answers.
    pub(crate) answers: u64,
    /// From the write of a request to the end of its answer.
    pub(crate) latency: Histogram,
}

struct Connection {
    stream: TcpStream,
    tls: Option<ClientConnection>,
    request: Vec<u8>,
    answer: Vec<u8>,
    read: usize,
    sent: Instant,
    check: Check,
}

/// Whether the body of an answer is what was expected.
type Check = fn(&[u8]) -> Result<(), Error>;

/// Asks `server` for `time`, beginning with the request of number `first`; over TLS, if that is set up.
pub(crate) fn run(
    server: SocketAddr,
    requests: &Requests,
    first: usize,
    time: Duration,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<Measured, Error> {
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(|error| Error::io("epoll")(error.into()))?;
    let mut next = first;
    let mut connections = Vec::with_capacity(CONNECTIONS);
    let start = Instant::now();
    for index in 0..CONNECTIONS {
        let mut connection = Connection::open(server, requests, tls)?;
        let data = epoll::EventData::new_u64(index as u64);
        epoll::add(&poll, &connection.stream, data, epoll::EventFlags::IN)
            .map_err(|error| Error::io("epoll")(error.into()))?;
        connection.send(requests, &mut next)?;
        connections.push(connection);
    }
    let mut latency = Histogram::new();
    let mut ready = Vec::with_capacity(CONNECTIONS);
    let nothing = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    while start.elapsed() < time {
        ready.clear();
        epoll::wait(&poll, rustix::buffer::spare_capacity(&mut ready), Some(&nothing))
            .map_err(|error| Error::io("epoll")(error.into()))?;
        for event in &ready {
            let connection = &mut connections[usize::try_from(event.data.u64()).unwrap_or(0)];
            if connection.receive()? {
                latency.record(connection.sent.elapsed());
                connection.send(requests, &mut next)?;
            }
        }
    }
    let answers = latency.total();
    Ok(Measured { rate: answers as f64 / start.elapsed().as_secs_f64(), answers, latency })
}

/// Asks once; the body of the answer.
pub(crate) fn one(server: SocketAddr, requests: &Requests) -> Result<String, Error> {
    let mut connection = Connection::open(server, requests, None)?;
    connection.send(requests, &mut 0)?;
    while !connection.receive()? {
        std::thread::yield_now();
    }
    let answer = String::from_utf8_lossy(&connection.answer[..connection.read]).into_owned();
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    body.ok_or(Error::Unexpected(answer))
}

impl Connection {
    fn open(server: SocketAddr, requests: &Requests, tls: Option<&Arc<ClientConfig>>) -> Result<Self, Error> {
        let mut stream = TcpStream::connect(server).map_err(Error::io(format!("cannot connect to {server}")))?;
        let tls = tls.map(|config| tls::handshake(config, server, &mut stream)).transpose()?;
        stream.set_nodelay(true).and_then(|()| stream.set_nonblocking(true)).map_err(Error::io("a connection"))?;
        let check = if requests.forged { refused } else { accepted };
        let (request, answer) = (requests.buffer(), vec![0; ANSWER]);
        Ok(Self { stream, tls, request, answer, read: 0, sent: Instant::now(), check })
    }

    fn send(&mut self, requests: &Requests, next: &mut usize) -> Result<(), Error> {
        requests.fill(&mut self.request, *next);
        *next += 1;
        self.read = 0;
        self.sent = Instant::now();
        // Nothing of an earlier request is left in the socket's buffer, so that a small one fits as a whole.
        let sent = match &mut self.tls {
            None => self.stream.write_all(&self.request),
            Some(tls) => tls::write_all(tls, &mut self.stream, &self.request),
        };
        sent.map_err(Error::io("cannot send a request"))
    }

    /// Reads what is there; whether the answer is whole.
    fn receive(&mut self) -> Result<bool, Error> {
        let free = &mut self.answer[self.read..];
        let read = match &mut self.tls {
            None => self.stream.read(free),
            Some(tls) => tls::read(tls, &mut self.stream, free),
        };
        match read {
            Ok(0) => Err(Error::Unexpected("the server closed a connection, or its answer is too long".to_owned())),
            Ok(count) => {
                self.read += count;
                body(&self.answer[..self.read])?.map(self.check).transpose().map(|whole| whole.is_some())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(Error::Io("cannot read an answer".to_owned(), error)),
        }
    }
}

/// The body of an answer that has come to its end.
///
/// # Errors
/// When it is not one of the API's, which are all 200 and tell their length.
pub(crate) fn body(answer: &[u8]) -> Result<Option<&[u8]>, Error> {
    let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let (head, body) = (&answer[..head], &answer[head + 4..]);
    match content_length(head) {
        Some(length) if head.starts_with(b"HTTP/1.1 200") => Ok((length == body.len()).then_some(body)),
        _ => Err(unexpected(answer)),
    }
}

/// Lets no refusal pass.
pub(crate) fn accepted(body: &[u8]) -> Result<(), Error> {
    if body.starts_with(REFUSAL) { Err(unexpected(body)) } else { Ok(()) }
}

/// Lets nothing but a refusal pass.
fn refused(body: &[u8]) -> Result<(), Error> {
    if body.starts_with(REFUSAL) { Ok(()) } else { Err(unexpected(body)) }
}

fn unexpected(answer: &[u8]) -> Error {
    Error::Unexpected(format!("the server answered {}", String::from_utf8_lossy(answer)))
}

fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"\r\ncontent-length: ";
    let start = head.windows(NAME.len()).position(|window| window == NAME)? + NAME.len();
    let digits = head[start..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_answer_is_found() {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 12\r\ndate: x\r\n\r\n";
        let whole = |text: &str| body(format!("{head}{text}").as_bytes()).map(|body| body.is_some());
        assert!(whole("0123456789ab").unwrap());
        assert!(!whole("0123").unwrap() && body(&head.as_bytes()[..30]).unwrap().is_none());
        assert!(body(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").is_err());
        assert!(accepted(b"{\"Response\":{\"Error\":{").is_err() && accepted(b"{\"Response\":{}}").is_ok());
    }
}
