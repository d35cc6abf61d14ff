//! Is a port free?

use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpListener;

/// Whether the port can be bound right now; it may be taken a moment later, which the start then says.
pub(super) async fn is_free(address: IpAddr, port: u16) -> bool {
    TcpListener::bind(SocketAddr::new(address, port)).await.is_ok()
}
