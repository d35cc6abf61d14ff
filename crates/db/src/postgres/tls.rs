//! TLS to the database: whether it is wanted, and whose certificates are believed.
//!
//! `sslmode` and `sslrootcert` are libpq's parameters. TLS that believes any certificate protects from nobody who can stand
//! between, so here each `sslmode` that asks for TLS has the certificate and the host's name checked.

use std::error::Error as _;
use std::io;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use super::socket::Socket;

/// What the library speaks through, whether it is encrypted or not.
pub(super) type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// How a URL wants its connections.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) is_on: bool,
    /// A file of authorities, in place of the system's.
    roots: Option<String>,
}

impl Wanted {
    /// Takes both parameters out of a URL: the library knows some of their values only.
    ///
    /// # Errors
    /// Which parameter cannot be, and what it may be.
    pub(super) fn take(url: &str) -> Result<(Self, String), String> {
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut wanted, mut rest) = (Self::default(), Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("sslmode", mode) => wanted.is_on = is_on(mode)?,
                ("sslrootcert", path) => wanted.roots = roots(&percent_decode_str(path).decode_utf8_lossy()),
                _ => rest.push(pair),
            }
        }
        if wanted.roots.is_some() && !wanted.is_on {
            return Err("has a sslrootcert but does not ask for TLS; add sslmode=verify-full".to_owned());
        }
        let rest = if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
        Ok((wanted, rest))
    }

    /// What encrypts, if that is asked for.
    ///
    /// # Errors
    /// Why there is nobody to believe.
    pub(super) fn connector(&self) -> Result<MakeRustlsConnect, String> {
        let roots = match &self.roots {
            _ if !self.is_on => RootCertStore::empty(),
            Some(path) => of_file(path)?,
            None => of_system()?,
        };
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
        Ok(MakeRustlsConnect::new(config.with_root_certificates(roots).with_no_client_auth()))
    }
}

fn is_on(mode: &str) -> Result<bool, String> {
    match mode {
        "disable" | "allow" | "prefer" => Ok(false),
        "require" | "verify-ca" | "verify-full" => Ok(true),
        other => Err(format!("has the sslmode `{other}`, which must be disable or verify-full")),
    }
}

/// libpq's name for the system's authorities is `system`.
fn roots(path: &str) -> Option<String> {
    (path != "system").then(|| path.to_owned())
}

fn of_file(path: &str) -> Result<RootCertStore, String> {
    let unusable = |why: &dyn std::fmt::Display| format!("names the sslrootcert {path}, which cannot be used: {why}");
    let mut roots = RootCertStore::empty();
    let content = std::fs::read(path).map_err(|error| unusable(&error))?;
    for certificate in CertificateDer::pem_slice_iter(&content) {
        let added = certificate.map_err(|error| unusable(&error)).map(|certificate| roots.add(certificate))?;
        added.map_err(|error| unusable(&error))?;
    }
    if roots.is_empty() { Err(unusable(&"it has no certificate in PEM form")) } else { Ok(roots) }
}

fn of_system() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err("asks for TLS, but this system has no certificates of authorities; \
                    install them (Debian: ca-certificates) or name a file with sslrootcert="
            .to_owned());
    }
    Ok(roots)
}

/// What is wrong with the other end's TLS and what to do about it; none when it is something else.
pub(super) fn advice(error: &tokio_postgres::Error) -> Option<String> {
    let source = error.source()?;
    let of_tls = source.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    match of_tls.and_then(|error| error.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(why)) => Some(format!(
            "its certificate is not believed ({why}); it must be for the host in the database's URL, and of an authority of the \
             system or of the file that sslrootcert= names"
        )),
        Some(other) => Some(format!("TLS failed ({other})")),
        None => {
            let is_refused = source.to_string().contains("does not support TLS");
            is_refused.then(|| "it does not speak TLS; set ssl = on there, or leave sslmode out of the URL".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(url: &str) -> (bool, Option<String>, String) {
        let (wanted, rest) = Wanted::take(url).unwrap();
        (wanted.is_on, wanted.roots, rest)
    }

    #[test]
    fn both_parameters_are_taken_and_the_others_are_left() {
        let plain = "postgres://a:b@c/d";
        assert_eq!(take(plain), (false, None, plain.to_owned()));
        assert_eq!(take("postgres://c/d?sslmode=prefer&x=%26y"), (false, None, "postgres://c/d?x=%26y".to_owned()));
        let url = "postgres://c/d?sslrootcert=%2Fetc%2Fmy%20ca.pem&a=1&sslmode=verify-full&b=2";
        assert_eq!(take(url), (true, Some("/etc/my ca.pem".to_owned()), "postgres://c/d?a=1&b=2".to_owned()));
        assert_eq!(take("postgres://c/d?sslmode=require&sslrootcert=system").1, None);
    }

    #[test]
    fn what_cannot_be_is_named() {
        let refused = |url: &str| Wanted::take(url).err().unwrap();
        assert!(refused("postgres://c/d?sslmode=yes").contains("`yes`"));
        assert!(refused("postgres://c/d?sslrootcert=/ca.pem").contains("sslmode=verify-full"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("empty.pem");
        std::fs::write(&file, "nothing").unwrap();
        for (path, why) in [(file, "no certificate"), (folder.path().join("none.pem"), "No such file")] {
            let (wanted, _) = Wanted::take(&format!("p?sslmode=require&sslrootcert={}", path.display())).unwrap();
            let told = wanted.connector().err().unwrap();
            assert!(told.contains(why) && told.contains(&path.display().to_string()), "{told}");
        }
    }
}
