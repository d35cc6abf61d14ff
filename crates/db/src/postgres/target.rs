//! Where the database is, and how a session begins.

use std::error::Error as _;
use std::future::Future;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_postgres::config::{Config, Host, SslMode};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Connection};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::fault;
use super::session::Session;
use super::socket::{Driver, Plug, Raw, Socket};
use super::tls::{self, Wanted};
use super::values::column;
use crate::Error;

/// How long the other end may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// How long a statement may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How long the hand-shake of a new connection may take.
const HANDSHAKE: Duration = Duration::from_secs(3);
/// After a failed connection the next try is made no sooner: until then the same answer is given at once. The longer the
/// failure took, the longer the pause.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
const PORT: u16 = 5432;

/// What a session is for, and what it is told when it begins. A session whose process stands still in the middle of a
/// transaction is ended by the server, so that the others can go on.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// Waits for its turn at most as long as for an answer.
    Writer,
    /// Each of its transactions sees one state.
    Reader,
    Listener,
}

impl Role {
    const fn settings(self) -> &'static str {
        match self {
            Self::Writer => {
                "SET jit = off; SET idle_in_transaction_session_timeout = '3s'; SET lock_timeout = '4s'; \
                 SELECT set_config('synchronous_commit', 'on', false) \
                 WHERE current_setting('synchronous_commit') IN ('off', 'local')"
            }
            Self::Reader => {
                "SET jit = off; SET idle_in_transaction_session_timeout = '10s'; SET statement_timeout = '4500ms'; \
                 SET default_transaction_read_only = on; SET default_transaction_isolation = 'repeatable read'"
            }
            Self::Listener => "SET jit = off",
        }
    }
}

/// The database's address, and whether it could be reached lately.
pub(super) struct Target {
    config: Config,
    /// Whether TLS is wanted; over a Unix socket there is none.
    is_encrypted: bool,
    tls: MakeRustlsConnect,
    /// Until when no connection is tried, and why.
    closed: Mutex<Option<(Instant, Error)>>,
    /// Whether there ever was a connection: at the start the error itself says enough.
    reached: AtomicBool,
}

impl Target {
    /// # Errors
    /// [`Error::Unusable`] for a text that is no URL of a database, and when nobody's certificates can be believed.
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let unusable = |why: String| {
            Error::Unusable(format!(
                "the database's URL {why}; it looks like postgres://USER:PASSWORD@HOST:5432/DATABASE"
            ))
        };
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(unusable("does not begin with postgres://".to_owned()));
        }
        let (wanted, url) = Wanted::take(url).map_err(&unusable)?;
        let mut config: Config =
            url.parse().map_err(|error| unusable(format!("cannot be read ({})", fault::words(&error))))?;
        if config.get_hosts().is_empty() {
            return Err(unusable("names no host".to_owned()));
        }
        let tls = wanted.connector().map_err(&unusable)?;
        if config.get_application_name().is_none() {
            config.application_name("cinnabar");
        }
        Ok(Self { config, is_encrypted: wanted.is_on, tls, closed: Mutex::new(None), reached: AtomicBool::new(false) })
    }

    /// Opens a session. When that failed a moment ago, answers the same at once.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be reached at the moment, [`Error::Unusable`] when it refuses us.
    pub(super) fn connect(&self, role: Role) -> Result<Session, Error> {
        if let Some((until, error)) = &*self.closed()
            && Instant::now() < *until
        {
            return Err(error.clone());
        }
        let begun = Instant::now();
        let opened = self.open(role);
        let pause = begun.elapsed().clamp(PAUSES.0, PAUSES.1);
        let now = opened.as_ref().err().map(|error| (Instant::now() + pause, error.clone()));
        let before = std::mem::replace(&mut *self.closed(), now);
        // Once a change, however many ask.
        match (&opened, before) {
            (Err(error), None) if self.reached.load(Ordering::Relaxed) => {
                tracing::warn!(%error, "no connection; every further try is made when one is wanted")
            }
            (Ok(_), Some(_)) => tracing::info!("the database can be reached again"),
            (Ok(_), None) => self.reached.store(true, Ordering::Relaxed),
            _ => {}
        }
        opened
    }

    fn open(&self, role: Role) -> Result<Session, Error> {
        let mut failed = Error::Unusable("the database's URL names no host".to_owned());
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            let port =
                self.config.get_ports().get(index).or_else(|| self.config.get_ports().first()).copied().unwrap_or(PORT);
            match self.open_at(host, port, role) {
                Ok(session) => return Ok(session),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    fn open_at(&self, host: &Host, port: u16, role: Role) -> Result<Session, Error> {
        let place = place(host, port);
        let away = |why: &dyn std::fmt::Display| Error::Unavailable(format!("postgresql at {place}: {why}"));
        let plug = dial(host, port).and_then(Plug::new).map_err(|error| away(&error))?;
        let driver = Driver::new(plug);
        let socket = Socket(std::sync::Arc::clone(&driver.plug));
        let (config, tls) = self.security(host);
        let (client, connection) =
            shake_hands(&driver, config.connect_raw(socket, tls)).map_err(|refusal| match refusal {
                Some(error) => self.refusal(&error, &place),
                None => away(&format!("no answer within {} s", HANDSHAKE.as_secs())),
            })?;
        let session = Session::new(client, connection, driver, PATIENCE);
        session.batch(role.settings())?;
        // It takes no writes, and what it shows may be old.
        let standby = session.query("SELECT pg_is_in_recovery()", &[])?;
        match standby.first().map(|row| column::<bool>(row, 0)).transpose()? {
            Some(true) => Err(away(&"it is a standby")),
            _ => Ok(session),
        }
    }

    /// How the library is to speak with this host.
    fn security(&self, host: &Host) -> (Config, Tls) {
        let (name, is_encrypted) = match host {
            Host::Tcp(name) => (name.as_str(), self.is_encrypted),
            Host::Unix(_) => ("", false),
        };
        let mut config = self.config.clone();
        config.ssl_mode(if is_encrypted { SslMode::Require } else { SslMode::Disable });
        let Ok(tls) = MakeTlsConnect::<Socket>::make_tls_connect(&mut self.tls.clone(), name);
        (config, tls)
    }

    /// What the server says to a newcomer, and what to do about it.
    fn refusal(&self, error: &tokio_postgres::Error, place: &str) -> Error {
        if let Some(advice) = tls::advice(error) {
            return Error::Unusable(format!("postgresql at {place}: {advice}"));
        }
        let user = self.config.get_user().unwrap_or("(the system's user)");
        let database = self.config.get_dbname().unwrap_or(user);
        let said = error.as_db_error().map_or_else(|| fault::words(error), |said| said.message().to_owned());
        let code = error.code().map_or("", |code| code.code());
        let advice = match code {
            "28P01" => format!("the password of the user `{user}` is wrong; correct it in the database's URL"),
            "28000" => {
                format!("the user `{user}` may not connect ({said}); correct the URL, or allow it in pg_hba.conf")
            }
            "3D000" => {
                format!("there is no database `{database}`; make it with: createdb -T template0 -E UTF8 {database}")
            }
            _ if error.as_db_error().is_none() && self.config.get_password().is_none() && !is_broken_off(error) => {
                format!("it does not let the user `{user}` in ({said}); the database's URL has no password")
            }
            _ => match fault::read(error).error {
                Error::Unavailable(why) => return Error::Unavailable(format!("postgresql at {place}: {why}")),
                other => other.to_string(),
            },
        };
        Error::Unusable(format!("postgresql at {place}: {advice}"))
    }

    fn closed(&self) -> std::sync::MutexGuard<'_, Option<(Instant, Error)>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the other end went away.
fn is_broken_off(error: &tokio_postgres::Error) -> bool {
    error.is_closed() || error.source().is_some_and(|source| source.is::<io::Error>())
}

type Tls = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;
type Opened = (Client, Connection<Socket, tls::Stream>);

/// `None` inside when it took too long.
fn shake_hands(
    driver: &Driver,
    hands: impl Future<Output = Result<Opened, tokio_postgres::Error>>,
) -> Result<Opened, Option<tokio_postgres::Error>> {
    let mut hands = pin!(hands);
    let shaken = driver.run(Instant::now() + HANDSHAKE, |cx| hands.as_mut().poll(cx));
    shaken.ok_or(None)?.map_err(Some)
}

fn place(host: &Host, port: u16) -> String {
    match host {
        Host::Tcp(name) => format!("{name}:{port}"),
        Host::Unix(folder) => format!("{}/.s.PGSQL.{port}", folder.display()),
    }
}

fn dial(host: &Host, port: u16) -> io::Result<Raw> {
    match host {
        Host::Unix(folder) => UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).map(Raw::Unix),
        Host::Tcp(name) => {
            let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
            for address in (name.as_str(), port).to_socket_addrs()? {
                match TcpStream::connect_timeout(&address, CONNECT) {
                    Ok(stream) => return Ok(Raw::Tcp(stream)),
                    Err(error) => failed = error,
                }
            }
            Err(failed)
        }
    }
}
