//! HTTP/2, which is only spoken inside TLS.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::Instant;

use super::connection::Door;
use super::dispatch;

/// Requests at a time on one connection; more wait at the client. Clients begin with as many before they are told.
const STREAMS: u32 = 100;
/// The longest list of headers; the longest query is 32 KiB.
const HEADERS: u32 = 64 << 10;
/// What a client may send ahead: of one request, and of all.
const WINDOWS: (u32, u32) = (256 << 10, 1 << 20);
/// Streams that a client may begin and reset before the server has looked at them; then the connection ends.
const RESETS: usize = 20;

/// The requests of one connection.
#[derive(Default)]
struct Work {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// Serves a connection until it ends, is idle for too long, or the server stops.
pub async fn serve<I: Read + Write + Unpin + 'static>(io: I, peer: SocketAddr, door: Arc<Door>) {
    let work = Arc::new(Work::default());
    let service = {
        let (door, work) = (Arc::clone(&door), Arc::clone(&work));
        service_fn(move |request| {
            let (door, work) = (Arc::clone(&door), Arc::clone(&work));
            async move {
                work.begun.fetch_add(1, Ordering::Relaxed);
                let _ended = Ended(&work);
                Ok::<_, std::convert::Infallible>(dispatch::dispatch(&door.app, request, peer).await)
            }
        })
    };
    let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1)
        .max_pending_accept_reset_streams(RESETS)
        .keep_alive_interval(door.idle())
        .keep_alive_timeout(door.idle());
    let mut connection = pin!(builder.serve_connection(io, service));
    let mut quiet = pin!(quiet(&door, &work));
    let mut is_ending = false;
    // For answers that the client does not take.
    let mut late = pin!(tokio::time::sleep(Duration::MAX));
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, %peer, "a connection ended badly");
                }
                return;
            }
            () = quiet.as_mut(), if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
                late.as_mut().reset(Instant::now() + door.idle());
            }
            () = late.as_mut(), if is_ending => return,
        }
    }
}

/// Comes when the server stops, or when nothing was asked and nothing was being answered for the idle time.
async fn quiet(door: &Door, work: &Work) {
    let mut seen = u64::MAX;
    while door.stop.run_until_cancelled(tokio::time::sleep(door.idle())).await.is_some() {
        let (begun, ended) = (work.begun.load(Ordering::Relaxed), work.ended.load(Ordering::Relaxed));
        if seen == begun && begun == ended {
            return;
        }
        seen = begun;
    }
}

/// A request has ended, however it did: one whose stream is reset is dropped.
struct Ended<'w>(&'w Work);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}
