//! A whole request in memory, or the reason why it is not taken: size, time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Request};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::app::App;
use crate::error::{Error, gateway};

/// The largest JSON or multipart body.
const BODY_LIMIT: usize = 10 << 20;
/// The largest form body.
const FORM_LIMIT: usize = 1 << 20;
/// The longest query string of a GET.
const QUERY_LIMIT: usize = 32 << 10;
/// How much of a body that is too large is still read, so that its sender gets to see the answer.
const DRAIN_LIMIT: usize = 64 << 20;
/// Bodies take room in memory by pieces of this size, and a small one takes none.
pub const PIECE: usize = 64 << 10;
/// How many pieces there are for all: 256 MiB. Who finds no room waits, at most for as long as a body may take.
pub const PIECES: usize = 4096;

/// A request as received.
pub struct Received<'r> {
    /// Method, target and headers; what was read of its body is no longer in it.
    pub head: &'r Request<Incoming>,
    /// The whole body.
    pub body: Bytes,
    /// Who is at the other end of the connection.
    pub peer: SocketAddr,
    /// The room that the body takes.
    _room: Option<OwnedSemaphorePermit>,
}

impl<'r> Received<'r> {
    /// Reads the request to its end.
    ///
    /// # Errors
    /// `UnsupportedProtocol`, `RequestSizeLimitExceeded`, or `InvalidParameter` for a body that breaks off or takes too long.
    pub async fn read(request: &'r mut Request<Incoming>, peer: SocketAddr, app: &App) -> Result<Self, Error> {
        let limit = limit(request)?;
        let time = Duration::from_secs(app.config.connections.body);
        let (body, room) = in_time(read_body(request.body_mut(), limit, &app.room), time).await?;
        Ok(Self { head: request, body, peer, _room: room })
    }
}

fn limit(head: &Request<Incoming>) -> Result<usize, Error> {
    let is_form = || {
        head.headers()
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(super::envelope::FORM.as_bytes()))
    };
    match *head.method() {
        Method::GET if head.uri().query().map_or(0, str::len) > QUERY_LIMIT => Err(gateway::too_large(QUERY_LIMIT)),
        Method::GET => Ok(QUERY_LIMIT),
        Method::POST if is_form() => Ok(FORM_LIMIT),
        Method::POST => Ok(BODY_LIMIT),
        ref other => Err(gateway::unsupported_protocol(other.as_str())),
    }
}

async fn in_time<T>(reading: impl Future<Output = Result<T, Error>>, time: Duration) -> Result<T, Error> {
    let late = || {
        let seconds = time.as_secs();
        let en = format!("The body did not arrive within {seconds} seconds.");
        gateway::malformed(en, format!("请求体未在 {seconds} 秒内到达。"))
    };
    // A body that came with its head is here already, and then no timer is set.
    tokio::time::timeout(time, reading).await.map_err(|_| late())?
}

/// A whole body, and the room that it takes.
type Whole = (Bytes, Option<OwnedSemaphorePermit>);

async fn read_body(body: &mut Incoming, limit: usize, room: &Arc<Semaphore>) -> Result<Whole, Error> {
    let first = piece(body).await?;
    // The ordinary body is one piece, which is not copied.
    if body.is_end_stream() && first.len() <= limit {
        return Ok((first, None));
    }
    let (mut whole, mut taken) = (BytesMut::from(first), None);
    while whole.len() <= limit {
        match piece(body).await? {
            end if end.is_empty() => return Ok((whole.freeze(), taken)),
            more => {
                take(room, &mut taken, (whole.len() + more.len()) / PIECE).await;
                whole.extend_from_slice(&more);
            }
        }
    }
    drop((whole, taken));
    drain(body).await;
    Err(gateway::too_large(limit))
}

/// Has `pieces` in all, once they are free.
async fn take(room: &Arc<Semaphore>, taken: &mut Option<OwnedSemaphorePermit>, pieces: usize) {
    let missing = pieces.saturating_sub(taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits));
    let Some(missing) = u32::try_from(missing).ok().filter(|missing| *missing > 0) else { return };
    // It is never closed.
    let Ok(more) = Arc::clone(room).acquire_many_owned(missing).await else { return };
    match taken {
        Some(taken) => taken.merge(more),
        None => *taken = Some(more),
    }
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

async fn drain(body: &mut Incoming) {
    let mut left = DRAIN_LIMIT;
    while let Ok(more) = piece(body).await
        && !more.is_empty()
        && let Some(rest) = left.checked_sub(more.len())
    {
        left = rest;
    }
}
