//! One connection: its first byte says what it speaks.
//!
//! A TLS record begins with 22, and none of HTTP's methods but CONNECT begins with a C. So one port serves plain HTTP, HTTPS and
//! the proxy's CONNECT, and a connection that has not said anything yet costs no buffers.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use rustix::net::sockopt::set_tcp_user_timeout;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::{connect, dispatch, h2, proxies};
use crate::app::App;
use crate::tls::{self, Tls};

/// What the first byte of a TLS handshake is.
const HANDSHAKE: u8 = 22;
/// How long a TLS handshake may take.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// The most that is kept of a head; the longest query is 32 KiB.
const HEAD: usize = 128 << 10;

/// What all connections share.
pub struct Door {
    /// The server's parts.
    pub app: Arc<App>,
    /// HTTPS, unless it is switched off.
    pub tls: Option<Tls>,
    /// The end of it all.
    pub stop: CancellationToken,
}

impl Door {
    /// How long a connection may be without a whole head.
    pub fn idle(&self) -> Duration {
        Duration::from_secs(self.app.config.connections.idle)
    }

    /// What the other end speaks; none when it says nothing in time, or the server stops.
    async fn first_byte(&self, stream: &TcpStream) -> Option<u8> {
        let mut byte = [0];
        let peeked = tokio::time::timeout(self.idle(), stream.peek(&mut byte));
        let peeked = self.stop.run_until_cancelled(peeked).await?;
        matches!(peeked, Ok(Ok(1..))).then_some(byte[0])
    }

    /// Whether what is said need not be encrypted: it does not leave this machine, or somebody has said that it may.
    fn may_be_plain(&self, stream: &TcpStream, peer: SocketAddr) -> bool {
        let local = stream.local_addr().map(|local| local.ip().to_canonical()).ok();
        self.app.config.insecure_listen || is_this_machine(peer.ip(), local) || self.app.proxies.trust(peer.ip())
    }
}

/// Whether what comes from `peer` to the address `local` has not left this machine.
fn is_this_machine(peer: IpAddr, local: Option<IpAddr>) -> bool {
    peer.is_loopback() || local == Some(peer)
}

/// Serves a connection to its end, which `watcher` lives to see.
pub async fn serve(mut stream: TcpStream, peer: SocketAddr, door: Arc<Door>, watcher: Watcher) {
    if let Err(error) = prepare(&stream, door.idle()) {
        tracing::debug!(%error, "cannot set the options of a socket");
    }
    let peer = proxies::canonical(peer);
    let mut first = door.first_byte(&stream).await;
    if first == Some(b'C') {
        let tunnelled = connect::accept(&mut stream, door.tls.as_ref(), door.idle());
        if door.stop.run_until_cancelled(Box::pin(tunnelled)).await != Some(true) {
            return;
        }
        first = door.first_byte(&stream).await;
    }
    // What follows is large, and most of a crowd of idle connections does not come to it.
    match first {
        None => {}
        Some(HANDSHAKE) if door.tls.is_some() => Box::pin(secure(stream, peer, door, watcher)).await,
        Some(_) => {
            let is_let_in = door.may_be_plain(&stream, peer);
            Box::pin(http1(TokioIo::new(stream), peer, door, watcher, is_let_in)).await;
        }
    }
}

/// Small answers leave at once; and the system ends a connection whose client takes nothing of its answer for `idle`.
fn prepare(stream: &TcpStream, idle: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    set_tcp_user_timeout(stream, u32::try_from(idle.as_millis()).unwrap_or(u32::MAX))?;
    Ok(())
}

async fn secure(stream: TcpStream, peer: SocketAddr, door: Arc<Door>, watcher: Watcher) {
    let acceptor = match door.tls.as_ref().map(Tls::acceptor) {
        Some(Ok(acceptor)) => acceptor,
        Some(Err(error)) => return tracing::error!(%error, "there is no TLS"),
        None => return,
    };
    let time = door.idle().min(HANDSHAKE_TIME);
    let shaken = door.stop.run_until_cancelled(tokio::time::timeout(time, acceptor.accept(stream))).await;
    let stream = match shaken {
        Some(Ok(Ok(stream))) => stream,
        Some(Ok(Err(error))) => return tracing::debug!(%error, %peer, "a TLS handshake failed"),
        Some(Err(_)) | None => return,
    };
    let is_h2 = stream.get_ref().1.alpn_protocol() == Some(tls::H2);
    let io = TokioIo::new(stream);
    if is_h2 {
        h2::serve(io, peer, door).await;
    } else {
        http1(io, peer, door, watcher, true).await;
    }
}

async fn http1<I>(io: I, peer: SocketAddr, door: Arc<Door>, watcher: Watcher, is_let_in: bool)
where
    I: Read + Write + Unpin + 'static,
{
    let idle = door.idle();
    let service = service_fn(move |request| {
        let door = Arc::clone(&door);
        async move {
            let answer = if is_let_in {
                dispatch::dispatch(&door.app, request, peer).await
            } else {
                dispatch::refuse_plain(&request)
            };
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .max_buf_size(HEAD)
        // An answer is short: to copy it behind its head costs less than to hand two pieces to the kernel.
        .writev(false)
        .serve_connection(io, service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, %peer, "a connection ended badly");
    }
}

#[cfg(test)]
mod tests {
    use super::is_this_machine;

    #[test]
    fn only_what_stays_on_this_machine_is_let_in_unencrypted() {
        let from = |peer: &str, local: &str| is_this_machine(peer.parse().unwrap(), local.parse().ok());
        assert!(from("127.0.0.1", "127.0.0.1") && from("::1", "::1") && from("127.0.0.9", "127.0.0.1"));
        assert!(from("10.0.0.5", "10.0.0.5"));
        assert!(!from("10.0.0.6", "10.0.0.5") && !from("10.0.0.5", "unknown") && !from("2001:db8::1", "2001:db8::2"));
    }
}
