//! A whole request in memory, or the reason why it is not taken: size, time.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use hyper::{Method, Request};

use crate::error::{Error, gateway};

/// The largest JSON or multipart body.
const BODY_LIMIT: usize = 10 << 20;
/// The largest form body.
const FORM_LIMIT: usize = 1 << 20;
/// The longest query string of a GET.
const QUERY_LIMIT: usize = 32 << 10;
/// How much of a body that is too large is still read, so that its sender gets to see the answer.
const DRAIN_LIMIT: usize = 64 << 20;
/// How long a client may take to send its body.
const BODY_TIME: Duration = Duration::from_secs(30);

/// A request as received.
pub struct Received {
    /// Method, target and headers.
    pub parts: Parts,
    /// The whole body.
    pub body: Bytes,
    /// Who is at the other end of the connection.
    pub peer: SocketAddr,
}

impl Received {
    /// Reads the request to its end.
    ///
    /// # Errors
    /// `UnsupportedProtocol`, `RequestSizeLimitExceeded`, or `InvalidParameter` for a body that breaks off or takes too long.
    pub async fn read(request: Request<Incoming>, peer: SocketAddr) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        let limit = limit(&parts)?;
        let body = in_time(body, limit).await?;
        Ok(Self { parts, body, peer })
    }
}

fn limit(parts: &Parts) -> Result<usize, Error> {
    let is_form = || {
        parts
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(super::envelope::FORM.as_bytes()))
    };
    match parts.method {
        Method::GET if parts.uri.query().map_or(0, str::len) > QUERY_LIMIT => Err(gateway::too_large(QUERY_LIMIT)),
        Method::GET => Ok(QUERY_LIMIT),
        Method::POST if is_form() => Ok(FORM_LIMIT),
        Method::POST => Ok(BODY_LIMIT),
        ref other => Err(gateway::unsupported_protocol(other.as_str())),
    }
}

async fn in_time(body: Incoming, limit: usize) -> Result<Bytes, Error> {
    let late = || {
        let (en, zh) = ("The body did not arrive within 30 seconds.", "请求体未在 30 秒内到达。");
        gateway::malformed(en, zh)
    };
    let mut whole = pin!(read_body(body, limit));
    match soon(whole.as_mut()).await {
        Some(there) => there,
        None => tokio::time::timeout(BODY_TIME, whole).await.map_err(|_| late())?,
    }
}

/// What is done at the second look. A body that came with its head is handed over right after the first one, and a timer
/// that is set and taken back costs as much as a hash.
async fn soon<F: Future>(mut work: Pin<&mut F>) -> Option<F::Output> {
    let mut looked = false;
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if looked => Poll::Ready(None),
        Poll::Pending => {
            looked = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

async fn read_body(mut body: Incoming, limit: usize) -> Result<Bytes, Error> {
    let first = piece(&mut body).await?;
    // The ordinary body is one piece, which is not copied.
    if body.is_end_stream() && first.len() <= limit {
        return Ok(first);
    }
    let mut whole = BytesMut::from(first);
    while whole.len() <= limit {
        match piece(&mut body).await? {
            end if end.is_empty() => return Ok(whole.freeze()),
            more => whole.extend_from_slice(&more),
        }
    }
    drain(body).await;
    Err(gateway::too_large(limit))
}

/// The next piece of the body; empty at its end.
async fn piece(body: &mut Incoming) -> Result<Bytes, Error> {
    let broken = |error| gateway::malformed("The body broke off.", "请求体不完整。").with_detail(error);
    while let Some(frame) = body.frame().await {
        match frame.map_err(broken)?.into_data() {
            Ok(data) if !data.is_empty() => return Ok(data),
            _ => {}
        }
    }
    Ok(Bytes::new())
}

async fn drain(mut body: Incoming) {
    let mut left = DRAIN_LIMIT;
    while let Ok(more) = piece(&mut body).await
        && !more.is_empty()
        && let Some(rest) = left.checked_sub(more.len())
    {
        left = rest;
    }
}
