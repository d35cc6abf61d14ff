//! The folder of a host's nodes: whose it is stands in it, so that nobody looks after it for another state or host.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::FolderError;

/// Whose the folder is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The state's name for itself.
    pub deployment: String,
    /// Whether other processes share that state.
    pub shared: bool,
    /// The host.
    pub host: String,
    /// The folder's own name: two machines may be called the same.
    pub id: String,
}

/// Named like no instance.
const FILE: &str = ".owner";

/// Makes the folder if need be (mode 0700); answers whose it is. A folder of nobody becomes `new`'s.
///
/// # Errors
/// [`FolderError::Unusable`].
pub fn claim(path: &Path, new: &Owner) -> Result<(PathBuf, Owner), FolderError> {
    let unusable = |error| FolderError::Unusable(path.to_owned(), error);
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
    let path = path.canonicalize().map_err(unusable)?;
    if let Some(owner) = read(&path).map_err(unusable)? {
        return Ok((path, owner));
    }
    match write_new(&path, new) {
        // Another process of the host was faster.
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(unusable(error)),
        _ => {
            let owner = read(&path).map_err(unusable)?.unwrap_or_else(|| new.clone());
            Ok((path, owner))
        }
    }
}

/// The folder is this host's from now on.
///
/// # Errors
/// [`FolderError::Unusable`].
pub fn give(path: &Path, owner: &Owner) -> Result<(), FolderError> {
    let unusable = |error| FolderError::Unusable(path.to_owned(), error);
    let fresh = write_beside(path, owner).map_err(unusable)?;
    fs::rename(fresh, path.join(FILE)).map_err(unusable)
}

fn read(path: &Path) -> std::io::Result<Option<Owner>> {
    match fs::read_to_string(path.join(FILE)) {
        Ok(text) => serde_json::from_str(&text).map(Some).map_err(std::io::Error::other),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whole or not at all, and only when there is none.
fn write_new(path: &Path, owner: &Owner) -> std::io::Result<()> {
    let fresh = write_beside(path, owner)?;
    let linked = fs::hard_link(&fresh, path.join(FILE));
    fs::remove_file(fresh)?;
    linked
}

fn write_beside(path: &Path, owner: &Owner) -> std::io::Result<PathBuf> {
    // Several processes may do so at the same moment.
    let fresh = path.join(format!("{FILE}.{}", crate::ids::process_id()));
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(serde_json::to_string_pretty(owner).map_err(std::io::Error::other)?.as_bytes())?;
    file.sync_all()?;
    Ok(fresh)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(host: &str, id: &str) -> Owner {
        Owner { deployment: "d".to_owned(), shared: true, host: host.to_owned(), id: id.to_owned() }
    }

    #[test]
    fn the_first_has_it_until_it_is_given() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("nodes");
        let first = owner("a", "1");
        assert_eq!(claim(&path, &first).unwrap().1, first);
        assert_eq!(claim(&path, &owner("b", "2")).unwrap().1, first);
        give(&path, &owner("b", "1")).unwrap();
        assert_eq!(claim(&path, &owner("c", "3")).unwrap().1, owner("b", "1"));
        let left: Vec<_> = fs::read_dir(&path).unwrap().flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(left, [FILE]);
    }

    #[test]
    fn a_damaged_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "{").unwrap();
        assert!(claim(folder.path(), &owner("a", "1")).is_err());
    }
}
