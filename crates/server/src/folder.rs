//! The data folder: its lock and the root key's file.

pub mod nodes;

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use api::Secret;

/// Why the folder cannot be used; each text is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made or written.
    #[error("the data folder {0} cannot be used: {1}; choose a writable one with --data")]
    Unusable(PathBuf, std::io::Error),
    /// Another process works in it.
    #[error(
        "the data folder {0} is in use by another cinnabar{1}; stop that one, or choose another folder with --data"
    )]
    Locked(PathBuf, String),
    /// The folder of nodes is another state's.
    #[error(
        "the folder {0} has the nodes of another state (host `{1}`); choose another folder with --instances, or put that state back"
    )]
    OtherState(PathBuf, String),
    /// The folder of nodes is another host's.
    #[error(
        "the folder {0} has the nodes of the host `{1}`; start with --host-name {1}, or choose another --instances"
    )]
    OtherHost(PathBuf, String),
}

/// The folder, locked for as long as this lives.
pub struct Folder {
    /// Its absolute path.
    pub path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be (mode 0700) and locks it.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let unusable = |error| FolderError::Unusable(path.to_owned(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        let path = path.canonicalize().map_err(unusable)?;
        let lock = lock(&path)?;
        Ok(Self { path, _lock: lock })
    }
}

/// The lock's file holds the pid, for people.
fn lock(folder: &Path) -> Result<File, FolderError> {
    let unusable = |error| FolderError::Unusable(folder.to_owned(), error);
    let mut options = OpenOptions::new();
    let mut file = options
        .create(true)
        .read(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(folder.join("lock"))
        .map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(FolderError::Locked(folder.to_owned(), holder(&mut file))),
        Err(TryLockError::Error(error)) => return Err(unusable(error)),
    }
    file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(unusable)?;
    Ok(file)
}

fn holder(file: &mut File) -> String {
    let mut pid = String::new();
    match file.read_to_string(&mut pid) {
        Ok(1..) => format!(" (process {})", pid.trim()),
        _ => String::new(),
    }
}

/// The root user's key pair, and where the server listens: what `cinnabar env` and the other commands read.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// `AKID…`.
    pub secret_id: String,
    /// The secret half.
    pub secret_key: Secret,
    /// The region that clients should name.
    pub region: String,
    /// `http://ADDR:PORT`.
    pub endpoint: String,
}

impl Credentials {
    const FILE: &'static str = "credentials.json";

    /// Reads the file of a data folder.
    ///
    /// # Errors
    /// When there is none or it is not what it should be.
    pub fn read(folder: &Path) -> std::io::Result<Self> {
        let text = fs::read_to_string(folder.join(Self::FILE))?;
        serde_json::from_str(&text).map_err(std::io::Error::other)
    }

    /// Writes the file, for its owner only, whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let new = folder.join("credentials.json.new");
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(serde_json::to_string_pretty(self).map_err(std::io::Error::other)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(new, folder.join(Self::FILE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_folder_is_private_and_locked_once() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let folder = Folder::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        let refused = Folder::open(&path).err().unwrap().to_string();
        assert!(refused.contains("in use") && refused.contains(&std::process::id().to_string()), "{refused}");
        drop(folder);
        Folder::open(&path).unwrap();
    }

    #[test]
    fn a_file_in_the_way_is_told() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("file");
        fs::write(&path, "").unwrap();
        assert!(Folder::open(&path).err().unwrap().to_string().contains("--data"));
    }

    #[test]
    fn credentials_come_back_and_are_private() {
        let folder = tempfile::tempdir().unwrap();
        let written = Credentials {
            secret_id: "AKIDx".to_owned(),
            secret_key: "s".into(),
            region: "ap-guangzhou".to_owned(),
            endpoint: "http://127.0.0.1:1".to_owned(),
        };
        written.write(folder.path()).unwrap();
        assert_eq!(Credentials::read(folder.path()).unwrap().secret_key.expose(), "s");
        let mode = fs::metadata(folder.path().join("credentials.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
