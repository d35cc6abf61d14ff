//! The local authority that signs the certificates which nobody else has signed: made at the first start, kept in the data folder.
//!
//! Its certificate is limited to this server's names, so that whoever steals the key cannot pretend to be another site before
//! a client that trusts it (only addresses are not limited).

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use api::Secret;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints,
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::names::Names;

/// How long an authority lasts.
const LIFE: Duration = Duration::days(3650);
/// With less than this left it is replaced at a start, since what it signs must not outlive it.
const REST: Duration = Duration::days(365);
/// Certificates hold from a day ago, for clients whose clock is late.
pub(super) const EARLIER: Duration = Duration::days(1);

/// The authority as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// What clients show of it.
    name: String,
    /// Its certificate, PEM.
    pub certificate: String,
    /// Its key, PEM.
    key: Secret,
    /// The end of its life, milliseconds since 1970.
    expires: i64,
    /// The domains that it is limited to.
    domains: Vec<String>,
}

impl Authority {
    /// The file that holds it whole.
    const FILE: &'static str = "authority.json";
    /// The file that clients are given.
    const CERTIFICATE: &'static str = "ca.pem";

    /// The path of the certificate in a data folder.
    #[must_use]
    pub fn certificate_file(folder: &Path) -> PathBuf {
        folder.join(Self::CERTIFICATE)
    }

    /// Makes one if there is none that will do for `names`; one that is replaced must be accepted by the clients again.
    ///
    /// # Errors
    /// When the folder cannot be written, or what is there cannot be read.
    pub fn ensure(folder: &Path, names: &Names, now: i64) -> io::Result<()> {
        let domains = names.domains();
        match Self::read(folder) {
            Ok(kept) if kept.will_do(&domains, now) => return Ok(()),
            Ok(kept) => tracing::warn!(
                old = kept.name,
                "the names in the settings have changed, or the authority expires within a year: there is a new one, which clients must accept (cinnabar trust)"
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let made = Self::make(domains, now).map_err(io::Error::other)?;
        let text = serde_json::to_string_pretty(&made).map_err(io::Error::other)?;
        write(folder, Self::FILE, &text)?;
        write(folder, Self::CERTIFICATE, &made.certificate)
    }

    /// What a data folder holds.
    ///
    /// # Errors
    /// When there is none, or it is not what it should be.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(folder.join(Self::FILE))?;
        serde_json::from_str(&text).map_err(io::Error::other)
    }

    /// The part that signs.
    pub(super) fn issuer(&self) -> Result<Issuer<'static, KeyPair>, rcgen::Error> {
        Ok(Issuer::new(params(&self.name), KeyPair::from_pem(self.key.expose())?))
    }

    fn will_do(&self, domains: &[String], now: i64) -> bool {
        let rest = i64::try_from(REST.whole_milliseconds()).unwrap_or(i64::MAX);
        self.expires - now > rest && domains.iter().all(|domain| self.domains.contains(domain))
    }

    fn make(domains: Vec<String>, now: i64) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let name = format!("Cinnabar local authority {:08x}", rand::random::<u32>());
        let mut params = params(&name);
        (params.not_before, params.not_after) = (moment(now) - EARLIER, moment(now) + LIFE);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: domains.iter().cloned().map(GeneralSubtree::DnsName).collect(),
            excluded_subtrees: Vec::new(),
        });
        let certificate = params.self_signed(&key)?.pem();
        let expires = params.not_after.unix_timestamp() * 1000;
        Ok(Self { name, certificate, key: key.serialize_pem().into(), expires, domains })
    }
}

/// What is the same in the certificate and in each signature.
fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// A time as certificates have it.
pub(super) fn moment(millis: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(millis / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// For its owner only, whole or not at all.
fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let new = folder.join(format!("{name}.new"));
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(new, folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const NOW: i64 = 1_795_485_600_000;
    const YEAR: i64 = 365 * 86_400_000;

    fn names(more: &[&str]) -> Names {
        let more: Vec<String> = more.iter().map(|name| (*name).to_owned()).collect();
        Names::new(&["tencentcloudapi.com".to_owned()], &more, "127.0.0.1".parse().unwrap())
    }

    #[test]
    fn it_stays_until_it_is_old_or_the_names_are_others() {
        let folder = tempfile::tempdir().unwrap();
        let after = |names: &Names, now| {
            Authority::ensure(folder.path(), names, now).unwrap();
            Authority::read(folder.path()).unwrap().certificate
        };
        let first = after(&names(&["a.example"]), NOW);
        assert_eq!(after(&names(&["a.example", "10.0.0.1"]), NOW + 8 * YEAR), first);
        assert_eq!(after(&names(&[]), NOW), first);
        let second = after(&names(&["b.example"]), NOW);
        assert_ne!(second, first);
        assert_ne!(after(&names(&["b.example"]), NOW + 9 * YEAR + 1), second);
    }

    #[test]
    fn its_files_are_private_and_a_broken_one_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        Authority::ensure(folder.path(), &names(&[]), NOW).unwrap();
        for name in ["authority.json", "ca.pem"] {
            assert_eq!(fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(!fs::read_to_string(folder.path().join("ca.pem")).unwrap().contains("PRIVATE"));
        fs::write(folder.path().join("authority.json"), "{}").unwrap();
        assert!(Authority::ensure(folder.path(), &names(&[]), NOW).is_err());
    }
}
