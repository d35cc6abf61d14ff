//! Where the operator's side listens, and its life.

use std::future::IntoFuture;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::access::Access;
use super::{Admin, router};
use crate::config;

/// The port that `auto` tries first.
pub const PORT: u16 = 8251;
/// How long running requests may take after the stop.
const STOP_TIME: Duration = Duration::from_secs(5);

/// Why it does not listen; each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The address is not this machine's own, and nobody said that this is meant.
    #[error(
        "--admin {0} is not a loopback address: whoever has the token could act on all tasks from elsewhere, and nothing is encrypted; if that is meant, set admin.exposed = true"
    )]
    Exposed(SocketAddr),
    /// The address cannot be had.
    #[error(
        "cannot listen on {0} for operators: {1}; choose another address with --admin (port 0 picks a free one), or --admin off"
    )]
    Listen(SocketAddr, io::Error),
    /// The data folder's file.
    #[error("cannot write admin.json into the data folder: {0}")]
    Access(io::Error),
}

/// Listens as the settings say; `None` when they say that nobody does.
///
/// # Errors
/// [`AdminError`].
pub async fn bind(settings: &config::Admin) -> Result<Option<TcpListener>, AdminError> {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    let bind = async |address| TcpListener::bind(address).await.map_err(|error| (address, error));
    let bound = match settings.listen {
        config::AdminListen::Off => return Ok(None),
        config::AdminListen::At(address) if !address.ip().is_loopback() && !settings.exposed => {
            return Err(AdminError::Exposed(address));
        }
        config::AdminListen::At(address) => bind(address).await,
        config::AdminListen::Auto => match bind(usual).await {
            Err((_, error)) if error.kind() == ErrorKind::AddrInUse => {
                bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
            }
            other => other,
        },
    };
    bound.map(Some).map_err(|(address, error)| AdminError::Listen(address, error))
}

/// Writes down where it listens and with which token, for the command line; answers both.
///
/// # Errors
/// [`AdminError::Access`].
pub fn announce(listener: Option<&TcpListener>, folder: &Path) -> Result<Option<(SocketAddr, Access)>, AdminError> {
    let Some(listener) = listener else {
        return Access::remove(folder).map(|()| None).map_err(AdminError::Access);
    };
    let address = listener.local_addr().map_err(AdminError::Access)?;
    let access = Access { endpoint: format!("http://{address}"), token: Access::token(folder) };
    access.write(folder).map_err(AdminError::Access)?;
    tracing::info!(%address, "operators are answered");
    Ok(Some((address, access)))
}

/// Serves until `stop`, and then until running requests have ended, for a while.
pub async fn serve(listener: TcpListener, admin: Arc<Admin>, stop: CancellationToken) {
    let service = router(&admin).into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(stop.clone().cancelled_owned());
    let too_long = async {
        stop.cancelled().await;
        tokio::time::sleep(STOP_TIME).await;
    };
    tokio::select! {
        ended = serving.into_future() => if let Err(error) = ended {
            tracing::error!(%error, "operators are not answered any more");
        },
        () = too_long => tracing::warn!("some requests of operators did not end in time"),
    }
}
