//! A certificate that the operator gives, read again when its files change.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use engine::Clock;
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::sign::CertifiedKey;

/// How often the files are looked at, milliseconds.
const LOOK: i64 = 60_000;

/// The files and what was last read of them.
pub(super) struct Given {
    certificate: PathBuf,
    key: PathBuf,
    clock: Clock,
    current: Mutex<Current>,
}

struct Current {
    read: Read,
    /// When the files were last looked at.
    looked: i64,
}

/// The two files and what they are.
struct Read {
    texts: (Vec<u8>, Vec<u8>),
    key: Arc<CertifiedKey>,
}

impl Given {
    /// Reads the files.
    ///
    /// # Errors
    /// Why they cannot be used.
    pub(super) fn open(certificate: PathBuf, key: PathBuf, clock: Clock) -> Result<Self, String> {
        let read = read(&certificate, &key)?;
        let current = Mutex::new(Current { read, looked: clock.steady_ms() });
        Ok(Self { certificate, key, clock, current })
    }

    /// The certificate of now.
    pub(super) fn key(&self) -> Arc<CertifiedKey> {
        let now = self.clock.steady_ms();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if now - current.looked >= LOOK {
            current.looked = now;
            match read(&self.certificate, &self.key) {
                Ok(read) if read.texts != current.read.texts => {
                    tracing::info!(certificate = %self.certificate.display(), "there is a new certificate");
                    current.read = read;
                }
                Ok(_) => {}
                Err(error) => tracing::error!(error, "the certificate cannot be read again; the former one goes on"),
            }
        }
        Arc::clone(&current.read.key)
    }
}

/// Whether a certificate is for this name.
pub(super) fn covers(key: &CertifiedKey, name: &str) -> bool {
    let parsed = key.cert.first().and_then(|certificate| ParsedCertificate::try_from(certificate).ok());
    let name = ServerName::try_from(name);
    matches!((parsed, name), (Some(parsed), Ok(name)) if verify_server_name(&parsed, &name).is_ok())
}

fn read(certificate: &PathBuf, key: &PathBuf) -> Result<Read, String> {
    let content = |path: &PathBuf| fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()));
    let unusable = |path: &PathBuf, why: &dyn std::fmt::Display| format!("{} cannot be used: {why}", path.display());
    let texts = (content(certificate)?, content(key)?);
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&texts.0)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(certificate, &error))?;
    if chain.is_empty() {
        return Err(unusable(certificate, &"it has no certificate in PEM form"));
    }
    let der = PrivateKeyDer::from_pem_slice(&texts.1).map_err(|error| unusable(key, &error))?;
    let made = CertifiedKey::from_der(chain, der, &ring::default_provider());
    let key =
        made.map_err(|error| unusable(key, &format!("{error}; it must be the key of {}", certificate.display())))?;
    Ok(Read { texts, key: Arc::new(key) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn write(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let paths = (folder.join("cert.pem"), folder.join("key.pem"));
        fs::write(&paths.0, made.cert.pem()).unwrap();
        fs::write(&paths.1, made.signing_key.serialize_pem()).unwrap();
        paths
    }

    #[test]
    fn new_files_are_taken_within_a_minute_and_broken_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = write(folder.path(), "a.example");
        let mut given = Given::open(certificate.clone(), key, Clock::fixed_for_tests(0)).unwrap();
        assert!(covers(&given.key(), "a.example") && !covers(&given.key(), "b.example"));
        write(folder.path(), "b.example");
        assert!(covers(&given.key(), "a.example"));
        given.clock = Clock::fixed_for_tests(LOOK);
        assert!(covers(&given.key(), "b.example"));
        fs::write(certificate, "nothing").unwrap();
        given.clock = Clock::fixed_for_tests(2 * LOOK);
        assert!(covers(&given.key(), "b.example"));
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let clock = || Clock::fixed_for_tests(0);
        let (certificate, key) = write(folder.path(), "a.example");
        let refused = |certificate: &Path, key: &Path| {
            Given::open(certificate.to_owned(), key.to_owned(), clock()).err().unwrap()
        };
        assert!(refused(Path::new("/nowhere"), &key).contains("/nowhere"));
        assert!(refused(&key, &key).contains("no certificate"));
        assert!(refused(&certificate, &certificate).contains("cert.pem"));
        let other = tempfile::tempdir().unwrap();
        let (_, strange) = write(other.path(), "a.example");
        assert!(refused(&certificate, &strange).contains("must be the key of"));
    }
}
