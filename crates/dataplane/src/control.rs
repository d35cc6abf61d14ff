//! The control connection: RESP over the node's unix socket, as the ACL user `cinnabar`, every call with a deadline.

use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, RedisConnectionInfo, RedisError};
use rustix::fs::{Mode, OFlags};
use tokio::net::UnixStream;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::redis_conf::CONTROL_USER;
use crate::{Error, NodeRef};

/// The socket's name within the node's folder.
pub(crate) const SOCKET: &str = "redis.sock";

/// An open control connection; closed when dropped.
pub(crate) struct Control {
    node: NodeRef,
    connection: MultiplexedConnection,
    driver: AbortHandle,
    deadline: Duration,
}

impl Control {
    /// Connects to the node that works in `folder`; `None` when nobody listens there (any more).
    pub(crate) async fn connect(
        node: &NodeRef,
        folder: &Path,
        secret: &str,
        deadline: Duration,
    ) -> Result<Option<Self>, Error> {
        let unresponsive = || Error::Unresponsive { node: node.clone(), after: deadline };
        let stream = match timeout(deadline, open_socket(folder)).await.map_err(|_| unresponsive())? {
            Ok(stream) => stream,
            Err(error) if is_nobody(error.kind()) => {
                return Ok(None);
            }
            Err(error) => return Err(Error::io("connect to", folder.join(SOCKET))(error)),
        };
        match timeout(deadline, handshake(stream, secret)).await.map_err(|_| unresponsive())? {
            Ok((connection, driver)) => Ok(Some(Self { node: node.clone(), connection, driver, deadline })),
            Err(error) => match refused(node, "AUTH", &error) {
                Error::NotRunning { .. } => Ok(None),
                refusal => Err(refusal),
            },
        }
    }

    /// Runs a command within the connection's deadline. `name` is what errors show; arguments are never shown.
    pub(crate) async fn query<T: FromRedisValue>(&mut self, name: &'static str, command: &Cmd) -> Result<T, Error> {
        self.query_within(name, command, self.deadline).await
    }

    /// Calls off whatever an older generation has begun over other connections or by a signal: those connections are cut
    /// (also of those who only look), and a node that was asked to end goes on (since Redis 7.0; an older one ends).
    pub(crate) async fn take_over(&mut self) -> Result<(), Error> {
        let mut kill = redis::cmd("CLIENT");
        kill.arg("KILL").arg("TYPE").arg("normal").arg("USER").arg(CONTROL_USER).arg("SKIPME").arg("yes");
        let cut: u64 = self.query("CLIENT KILL", &kill).await?;
        if cut > 0 {
            tracing::debug!(node = %self.node, cut, "older control connections are cut");
        }
        self.stay().await
    }

    /// Has a node go on that was asked to end just now, whoever asked (since Redis 7.0; an older one ends). Mostly nobody
    /// has, which is an answer of its own.
    pub(crate) async fn stay(&mut self) -> Result<(), Error> {
        match self.query::<()>("SHUTDOWN ABORT", redis::cmd("SHUTDOWN").arg("ABORT")).await {
            Err(Error::Control { .. }) => Ok(()),
            other => other,
        }
    }

    /// As [`Control::query`], with a deadline of its own.
    pub(crate) async fn query_within<T: FromRedisValue>(
        &mut self,
        name: &'static str,
        command: &Cmd,
        deadline: Duration,
    ) -> Result<T, Error> {
        match timeout(deadline, command.query_async(&mut self.connection)).await {
            Ok(answer) => answer.map_err(|error| refused(&self.node, name, &error)),
            Err(_) => Err(Error::Unresponsive { node: self.node.clone(), after: deadline }),
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Nobody listens, or whoever did ended just now.
fn is_nobody(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset)
}

/// A socket path has at most 107 bytes, a folder's may be longer: so the folder is opened and named by its descriptor.
async fn open_socket(folder: &Path) -> io::Result<UnixStream> {
    let directory = rustix::fs::open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    UnixStream::connect(format!("/proc/self/fd/{}/{SOCKET}", directory.as_raw_fd())).await
}

async fn handshake(stream: UnixStream, secret: &str) -> Result<(MultiplexedConnection, AbortHandle), RedisError> {
    let login = RedisConnectionInfo::default().set_username(CONTROL_USER).set_password(secret).set_skip_set_lib_name();
    // Deadlines are ours, one a call.
    let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
    let (connection, driver) = MultiplexedConnection::new_with_config(&login, stream, config).await?;
    Ok((connection, tokio::spawn(driver).abort_handle()))
}

fn refused(node: &NodeRef, command: &'static str, error: &RedisError) -> Error {
    let node = node.clone();
    if error.is_io_error() {
        // The process ended meanwhile.
        return Error::NotRunning { node };
    }
    match error.code() {
        Some("LOADING") => Error::Loading { node },
        Some("READONLY") => Error::NotMaster { node },
        _ => Error::Control { node, command, reason: error.to_string() },
    }
}
