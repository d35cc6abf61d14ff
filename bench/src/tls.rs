//! TLS on raw sockets, for the load generator, and what the bare server needs of it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig};

use crate::error::Error;

fn unexpected(error: impl std::fmt::Display) -> Error {
    Error::Unexpected(format!("TLS: {error}"))
}

/// A client that accepts what these files vouch for.
pub(crate) fn accepting(authorities: &[&Path]) -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    for file in authorities {
        roots.add(CertificateDer::from_pem_file(file).map_err(unexpected)?).map_err(unexpected)?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(unexpected)?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// Writes a certificate for loopback and its key, of the kind that the server makes.
pub(crate) fn write_pair(certificate: &Path, key: &Path) -> Result<(), Error> {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).map_err(unexpected)?;
    let written = std::fs::write(certificate, made.cert.pem()).and_then(|()| {
        std::fs::write(key, made.signing_key.serialize_pem()) // of a throw-away folder
    });
    written.map_err(Error::io("the bare server's certificate"))
}

/// The bare server's side.
pub(crate) fn serving(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, Error> {
    let chain = vec![CertificateDer::from_pem_file(certificate).map_err(unexpected)?];
    let key = PrivateKeyDer::from_pem_file(key).map_err(unexpected)?;
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(unexpected)?;
    Ok(Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).map_err(unexpected)?))
}

/// Shakes hands on a socket that still blocks.
pub(crate) fn handshake(
    config: &Arc<ClientConfig>,
    server: SocketAddr,
    stream: &mut TcpStream,
) -> Result<ClientConnection, Error> {
    let mut tls = ClientConnection::new(Arc::clone(config), ServerName::from(server.ip())).map_err(unexpected)?;
    while tls.is_handshaking() {
        tls.complete_io(stream).map_err(Error::io("a TLS handshake"))?;
    }
    Ok(tls)
}

/// Sends all of it.
pub(crate) fn write_all(tls: &mut ClientConnection, stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    tls.writer().write_all(bytes)?;
    while tls.wants_write() {
        tls.write_tls(stream)?;
    }
    Ok(())
}

/// What is there.
pub(crate) fn read(tls: &mut ClientConnection, stream: &mut TcpStream, free: &mut [u8]) -> io::Result<usize> {
    if tls.read_tls(stream)? == 0 {
        return Ok(0);
    }
    tls.process_new_packets().map_err(io::Error::other)?;
    tls.reader().read(free)
}
