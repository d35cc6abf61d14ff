//! HTTPS: whose certificate answers to which name. How to use it: `docs/tls.md`.
//!
//! A certificate that is given answers to its own names, and to whatever nobody else has a certificate for. The names of the API
//! that it does not cover, and all names when none is given, are answered by certificates of a local authority
//! ([`authority`]), which are made when they are first asked for (`issued.rs`).

pub mod authority;
mod given;
mod issued;
pub mod names;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use engine::Clock;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};

use crate::config;
use authority::Authority;
use given::Given;
use issued::Issued;
use names::{Group, Names};

/// HTTP/2, as ALPN says it.
pub const H2: &[u8] = b"h2";

/// Why there is no HTTPS; each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Only one of the two files is named.
    #[error(
        "tls.certificate and tls.key belong together: name both files, or neither for certificates of a local authority"
    )]
    Half,
    /// The files that are given.
    #[error("{0}; correct tls.certificate and tls.key, or leave both out")]
    Given(String),
    /// The local authority.
    #[error(
        "the local authority in {0}/authority.json cannot be used: {1}; put the file back, or remove it to have another one made, which clients must accept"
    )]
    Authority(String, std::io::Error),
}

/// What makes HTTPS of a connection. Its greater part is made when the first such connection comes.
pub struct Tls {
    certificates: Arc<Certificates>,
    acceptor: OnceLock<TlsAcceptor>,
}

#[derive(Debug)]
struct Certificates {
    names: Names,
    given: Option<Given>,
    issued: Issued,
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Given")
    }
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Issued")
    }
}

impl Tls {
    /// As the settings say; `None` when they say that there is none.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn open(settings: &config::Tls, names: Names, folder: &Path, clock: &Clock) -> Result<Option<Self>, TlsError> {
        if !settings.enabled {
            return Ok(None);
        }
        let empty = |path: &Path| path.as_os_str().is_empty();
        let given = match (empty(&settings.certificate), empty(&settings.key)) {
            (true, true) => None,
            (false, false) => {
                let given = Given::open(settings.certificate.clone(), settings.key.clone(), clock.clone());
                Some(given.map_err(TlsError::Given)?)
            }
            _ => return Err(TlsError::Half),
        };
        Authority::ensure(folder, &names, clock.steady_ms())
            .map_err(|error| TlsError::Authority(folder.display().to_string(), error))?;
        let issued = Issued::new(folder.to_owned(), names.clone(), clock.clone());
        let certificates = Arc::new(Certificates { names, given, issued });
        Ok(Some(Self { certificates, acceptor: OnceLock::new() }))
    }

    /// Whether a CONNECT may ask for this host.
    #[must_use]
    pub fn serves(&self, host: &str) -> bool {
        self.certificates.names.is_served(host)
    }

    /// What shakes hands.
    ///
    /// # Errors
    /// When the library refuses its own defaults.
    pub fn acceptor(&self) -> Result<&TlsAcceptor, rustls::Error> {
        if let Some(there) = self.acceptor.get() {
            return Ok(there);
        }
        let made = self.config()?;
        Ok(self.acceptor.get_or_init(|| TlsAcceptor::from(Arc::new(made))))
    }

    fn config(&self) -> Result<ServerConfig, rustls::Error> {
        let certificates: Arc<dyn ResolvesServerCert> = self.certificates.clone();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(certificates);
        config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
        // Sessions are kept by the clients, not here.
        config.ticketer = ring::Ticketer::new()?;
        Ok(config)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name();
        let group = name.map_or(Group::Own, |name| self.names.group(name));
        if let Some(given) = self.given.as_ref().map(Given::key) {
            let own = group == Group::Own;
            if own || name.is_some_and(|name| given::covers(&given, name)) {
                return Some(given);
            }
        }
        self.issued.of(group)
    }
}
