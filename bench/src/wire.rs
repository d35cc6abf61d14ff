//! Requests and answers as bytes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use engine::Clock;
use sign::{Tc3Request, sign_tc3};

use crate::error::Error;
use crate::{load, seed};

/// The key pair that the measured server is given.
pub(crate) const SECRET_ID: &str = "AKIDbench00000000000000000000000000";
/// The key of a sub-user, with the same secret half.
pub(crate) const USER_ID: &str = "AKIDuser000000000000000000000000000";
/// The secret half of both.
pub(crate) const SECRET_KEY: &str = "benchbenchbenchbenchbenchbenchbe";

const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// A kept connection to a server, for one request after the other.
pub(crate) struct Caller {
    stream: TcpStream,
    server: SocketAddr,
}

impl Caller {
    /// Connects.
    pub(crate) fn connect(server: SocketAddr) -> Result<Self, Error> {
        let stream = TcpStream::connect(server).map_err(Error::io(format!("cannot connect to {server}")))?;
        stream.set_nodelay(true).map_err(Error::io("a connection"))?;
        Ok(Self { stream, server })
    }

    /// Signs and sends a request; the body of the answer, which is no refusal.
    pub(crate) fn call(&mut self, action: &str, body: &str) -> Result<String, Error> {
        let answer = self.ask(action, body)?;
        load::accepted(answer.as_bytes()).map(|()| answer)
    }

    /// Signs and sends a request; the body of the answer, also of one that refuses.
    pub(crate) fn ask(&mut self, action: &str, body: &str) -> Result<String, Error> {
        self.exchange(&self.prepare(action, body))
    }

    /// A signed request, so that its sending can be timed alone.
    pub(crate) fn prepare(&self, action: &str, body: &str) -> String {
        whole(self.server, SECRET_ID, action, body, now_seconds())
    }

    /// Sends a request; the body of the answer, also of one that refuses.
    pub(crate) fn exchange(&mut self, request: &str) -> Result<String, Error> {
        self.stream.write_all(request.as_bytes()).map_err(Error::io("a request"))?;
        let (mut answer, mut part) = (Vec::new(), [0; 4096]);
        loop {
            match self.stream.read(&mut part).map_err(Error::io("an answer"))? {
                0 => return Err(Error::Unexpected("the server closed the connection".to_owned())),
                count => answer.extend_from_slice(&part[..count]),
            }
            if let Some(body) = load::body(&answer)? {
                return Ok(String::from_utf8_lossy(body).into_owned());
            }
        }
    }
}

/// A member of the inner Response, as text.
pub(crate) fn member(answer: &str, name: &str) -> Result<String, Error> {
    let whole: serde_json::Value = serde_json::from_str(answer).unwrap_or_default();
    match &whole["Response"][name] {
        serde_json::Value::Null => Err(Error::Unexpected(format!("there is no {name} in {answer}"))),
        serde_json::Value::String(text) => Ok(text.clone()),
        serde_json::Value::Array(list) => {
            Ok(list.first().and_then(|first| first.as_str()).unwrap_or_default().to_owned())
        }
        other => Ok(other.to_string()),
    }
}

/// The body of a DescribeTaskInfo.
pub(crate) fn body(id: impl std::fmt::Display) -> String {
    format!("{{\"TaskId\":{id}}}")
}

/// A request signed with this key at `now`, in unix seconds.
pub(crate) fn whole(host: SocketAddr, key: &str, action: &str, body: &str, now: i64) -> String {
    let (authorization, length) = (authorization(host, key, body, now), body.len());
    format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: {CONTENT_TYPE}\r\nAuthorization: {authorization}\r\n\
         X-TC-Action: {action}\r\nX-TC-Version: 2018-04-12\r\nX-TC-Timestamp: {now}\r\nX-TC-Region: {}\r\n\
         X-TC-RequestClient: bench\r\nContent-Length: {length}\r\n\r\n{body}",
        seed::REGION
    )
}

/// The Authorization header of a request.
pub(crate) fn authorization(host: SocketAddr, key: &str, body: &str, now: i64) -> String {
    sign_tc3(&Tc3Request {
        method: "POST",
        uri: "/",
        query: "",
        headers: &[("content-type", CONTENT_TYPE), ("host", &host.to_string())],
        body: body.as_bytes(),
        timestamp: now,
        service: "redis",
        secret_id: key,
        secret_key: SECRET_KEY,
    })
}

/// Unix seconds.
pub(crate) fn now_seconds() -> i64 {
    Clock::system().now_ms() / 1000
}
