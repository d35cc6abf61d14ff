//! An installed engine: which of the two it is, and its version.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A redis-server or valkey-server that was found on the machine and has said its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    /// Redis or Valkey.
    pub kind: EngineKind,
    /// Its own version (Valkey's, not the Redis version that it says it is compatible with).
    pub version: Version,
    /// Absolute path, as found; not resolved, since an engine looks at the name it is called by.
    pub path: PathBuf,
}

/// The two engines that can serve a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EngineKind {
    /// redis-server.
    Redis,
    /// valkey-server.
    Valkey,
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redis => "redis",
            Self::Valkey => "valkey",
        })
    }
}

/// A version such as 7.0.15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The 7 of 7.0.15.
    pub major: u16,
    /// The 0 of 7.0.15.
    pub minor: u16,
    /// The 15 of 7.0.15.
    pub patch: u16,
}

impl Version {
    /// A version from its three numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The text is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no version such as 7.0.15")]
pub struct ParseVersionError(String);

impl FromStr for Version {
    type Err = ParseVersionError;

    /// Reads `7.0.15`; what follows a dash (`-rc1`) is ignored, a missing patch is 0.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseVersionError(text.to_owned());
        let numbers = text.split('-').next().unwrap_or_default();
        let mut parts = numbers.split('.').map(str::parse::<u16>);
        let mut next = || parts.next().transpose().map_err(|_| error());
        let major = next()?.ok_or_else(error)?;
        let minor = next()?.ok_or_else(error)?;
        let patch = next()?.unwrap_or(0);
        Ok(Self { major, minor, patch })
    }
}

/// Reads what `redis-server --version` prints: `Redis server v=7.0.15 sha=00000000:0 malloc=…`.
pub(crate) fn parse_version_line(line: &str) -> Result<(EngineKind, Version), ParseVersionError> {
    let error = || ParseVersionError(line.trim().to_owned());
    let kind = match line.split_whitespace().next() {
        Some("Redis") => EngineKind::Redis,
        Some("Valkey") => EngineKind::Valkey,
        _ => return Err(error()),
    };
    let version = line.split_whitespace().find_map(|word| word.strip_prefix("v=")).ok_or_else(error)?;
    Ok((kind, version.parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_lines_of_both_engines_are_read() {
        let redis = parse_version_line("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64").unwrap();
        assert_eq!(redis, (EngineKind::Redis, Version::new(7, 0, 15)));
        let valkey = parse_version_line("Valkey server v=8.1.0-rc1 sha=00000000:0 malloc=libc bits=64").unwrap();
        assert_eq!(valkey, (EngineKind::Valkey, Version::new(8, 1, 0)));
    }

    #[test]
    fn other_programs_are_refused_with_what_they_said() {
        let error = parse_version_line("nginx version: nginx/1.22\n").unwrap_err();
        assert_eq!(error.to_string(), "`nginx version: nginx/1.22` is no version such as 7.0.15");
        assert!(parse_version_line("Redis server v=seven").is_err());
    }

    #[test]
    fn versions_order_by_number() {
        assert!("6.2.14".parse::<Version>().unwrap() < Version::new(7, 0, 0));
        assert_eq!("7.2".parse::<Version>().unwrap(), Version::new(7, 2, 0));
    }
}
