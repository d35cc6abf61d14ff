//! Which engines are on the machine: looked up in `PATH`, asked for their version.

use std::env;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::spawn::output_of;
use crate::engine::parse_version_line;
use crate::{Engine, Error, Version};

const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// Older engines have no ACL that could hold a customer back.
const OLDEST: Version = Version::new(6, 2, 0);

/// Probes the candidates (paths, or names to be looked up) and keeps the usable ones, in order.
pub(super) async fn discover(candidates: &[String]) -> Result<Vec<Engine>, Error> {
    let mut engines: Vec<Engine> = Vec::new();
    let mut misses = Vec::new();
    for candidate in candidates {
        match probe(candidate).await {
            Ok(engine) if engines.iter().any(|known| known.path == engine.path) => {}
            Ok(engine) => engines.push(engine),
            Err(reason) => misses.push(format!("{candidate}: {reason}")),
        }
    }
    for engine in &engines {
        tracing::info!(kind = %engine.kind, version = %engine.version, path = %engine.path.display(), "engine found");
    }
    if engines.is_empty() {
        return Err(Error::NoEngine { reason: misses.join("; ") });
    }
    for miss in &misses {
        tracing::info!("engine not used: {miss}");
    }
    Ok(engines)
}

async fn probe(candidate: &str) -> Result<Engine, String> {
    let path = locate(candidate, env::var_os("PATH")).ok_or("not found")?;
    let output = output_of(&path, "--version", PROBE_TIMEOUT).await?;
    let (kind, version) = parse_version_line(&output).map_err(|error| error.to_string())?;
    if version < OLDEST {
        return Err(format!("version {version} is older than {OLDEST}, its users cannot be restricted"));
    }
    Ok(Engine { kind, version, path })
}

/// A candidate with a slash is a path; any other is looked up as a shell would.
fn locate(candidate: &str, search: Option<OsString>) -> Option<PathBuf> {
    if candidate.contains('/') {
        let path = std::path::absolute(candidate).ok()?;
        return is_executable(&path).then_some(path);
    }
    let folders = search.iter().flat_map(env::split_paths).filter(|folder| folder.is_absolute()).collect::<Vec<_>>();
    folders.iter().map(|folder| folder.join(candidate)).find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn executable(folder: &Path, name: &str, text: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn names_are_looked_up_and_paths_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = executable(folder.path(), "redis-server", "");
        fs::write(folder.path().join("plain-file"), "").unwrap();
        let search = || Some(env::join_paths([Path::new("/nonexistent"), folder.path()]).unwrap());
        assert_eq!(locate("redis-server", search()), Some(path.clone()));
        assert_eq!(locate(path.to_str().unwrap(), None), Some(path));
        assert_eq!(locate("plain-file", search()), None);
        assert_eq!(locate("redis-server", None), None);
    }

    #[tokio::test]
    async fn unusable_candidates_are_explained() {
        let folder = tempfile::tempdir().unwrap();
        let old = executable(folder.path(), "old", "#!/bin/sh\necho 'Redis server v=5.0.7 sha=0'\n");
        let other = executable(folder.path(), "other", "#!/bin/sh\necho hello\n");
        let broken = executable(folder.path(), "broken", "#!/bin/sh\necho oops >&2\nexit 3\n");
        let candidates = [old, other, broken].map(|path| path.to_str().unwrap().to_owned());
        let message = discover(&candidates).await.unwrap_err().to_string();
        assert!(message.contains("version 5.0.7 is older than 6.2.0"), "{message}");
        assert!(message.contains("`hello` is no version"), "{message}");
        assert!(message.contains("oops"), "{message}");
        assert!(message.contains("apt-get install redis-server"), "{message}");
    }

    #[tokio::test]
    async fn usable_ones_keep_their_order_and_come_once() {
        let folder = tempfile::tempdir().unwrap();
        let valkey = executable(folder.path(), "valkey-server", "#!/bin/sh\necho 'Valkey server v=8.0.1 sha=0'\n");
        let redis = executable(folder.path(), "redis-server", "#!/bin/sh\necho 'Redis server v=6.2.14 sha=0'\n");
        let name = |path: &PathBuf| path.to_str().unwrap().to_owned();
        let found = discover(&[name(&valkey), name(&redis), name(&valkey)]).await.unwrap();
        let versions: Vec<_> = found.iter().map(|engine| engine.version).collect();
        assert_eq!(versions, [Version::new(8, 0, 1), Version::new(6, 2, 14)]);
    }
}
