//! Certificates that the local authority signs when they are first asked for, and again before they expire.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use engine::Clock;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use time::Duration;
use tokio_rustls::rustls::crypto::ring::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::sign::CertifiedKey;

use super::authority::{Authority, EARLIER, moment};
use super::names::{Group, Names};

/// How long one is good for.
const LIFE: Duration = Duration::days(90);
/// How long one is handed out; then there is a new one.
const USE: i64 = 60 * 86_400_000;

/// The certificates, one a group of names, in memory alone.
pub(super) struct Issued {
    folder: PathBuf,
    names: Names,
    clock: Clock,
    leaves: Mutex<HashMap<Group, Leaf>>,
}

struct Leaf {
    key: Arc<CertifiedKey>,
    /// When it was signed, milliseconds since 1970.
    signed: i64,
}

impl Issued {
    /// None is made yet.
    pub(super) fn new(folder: PathBuf, names: Names, clock: Clock) -> Self {
        Self { folder, names, clock, leaves: Mutex::default() }
    }

    /// The certificate of a group; none when it cannot be made, which the log tells.
    pub(super) fn of(&self, group: Group) -> Option<Arc<CertifiedKey>> {
        let now = self.clock.steady_ms();
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = leaves.get(&group).filter(|leaf| now - leaf.signed < USE) {
            return Some(Arc::clone(&leaf.key));
        }
        match self.sign(&group, now) {
            Ok(key) => {
                leaves.insert(group, Leaf { key: Arc::clone(&key), signed: now });
                Some(key)
            }
            Err(error) => {
                tracing::error!(error, ?group, "cannot make a certificate");
                leaves.get(&group).map(|leaf| Arc::clone(&leaf.key))
            }
        }
    }

    fn sign(&self, group: &Group, now: i64) -> Result<Arc<CertifiedKey>, String> {
        let text = |error: rcgen::Error| error.to_string();
        let authority = Authority::read(&self.folder).map_err(|error| error.to_string())?;
        let mut params = CertificateParams::new(self.names.of(group)).map_err(text)?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Cinnabar");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = (moment(now) - EARLIER, moment(now) + LIFE);
        let key = KeyPair::generate().map_err(text)?;
        let certificate = params.signed_by(&key, &authority.issuer().map_err(text)?).map_err(text)?;
        let der = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let signer = any_supported_type(&der).map_err(|error| error.to_string())?;
        Ok(Arc::new(CertifiedKey::new(vec![certificate.der().clone()], signer)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_kept_for_sixty_days_and_then_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let names = Names::new(&["tencentcloudapi.com".to_owned()], &[], "127.0.0.1".parse().unwrap());
        Authority::ensure(folder.path(), &names, 1_795_485_600_000).unwrap();
        let mut issued = Issued::new(folder.path().to_owned(), names, Clock::fixed_for_tests(1_795_485_600_000));
        let first = issued.of(Group::Own).unwrap();
        assert!(Arc::ptr_eq(&first, &issued.of(Group::Own).unwrap()));
        assert!(!Arc::ptr_eq(&first, &issued.of(Group::Under("tencentcloudapi.com".to_owned())).unwrap()));
        issued.clock = Clock::fixed_for_tests(1_795_485_600_000 + USE);
        let second = issued.of(Group::Own).unwrap();
        assert_ne!(first.cert, second.cert);
        // Without its authority it goes on with what it has.
        std::fs::remove_file(folder.path().join("authority.json")).unwrap();
        issued.clock = Clock::fixed_for_tests(1_795_485_600_000 + 2 * USE);
        assert!(Arc::ptr_eq(&second, &issued.of(Group::Own).unwrap()));
    }
}
