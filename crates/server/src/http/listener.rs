//! Accepts connections, as many as there may be, until told to stop.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;

use super::connection::{self, Door};
use super::crowd::Crowd;

/// How long running requests may take after the stop.
const STOP_TIME: Duration = Duration::from_secs(10);
/// A pause after a failed accept, which means that descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `listener` until the door's stop; then running requests end and idle connections are closed.
pub async fn serve(listener: TcpListener, door: Arc<Door>) {
    let app = &door.app;
    let counts = Arc::clone(&app.metrics.connections);
    let crowd = Arc::new(Crowd::new(&app.config.connections, app.proxies.clone(), counts));
    let graceful = GracefulShutdown::new();
    while let Some(accepted) = door.stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, peer)) => {
                // Without a place it is closed at once; the metrics count it.
                let Some(place) = crowd.enter(peer.ip()) else { continue };
                let serving = connection::serve(stream, peer, Arc::clone(&door), graceful.watcher());
                tokio::spawn(async move {
                    serving.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(STOP_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}
