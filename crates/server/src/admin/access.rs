//! `admin.json` in the data folder: where the operator's side listens, and its token.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use api::Secret;
use serde::{Deserialize, Serialize};

/// What `cinnabar task` and other tools of operators need to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// `http://ADDR:PORT`.
    pub endpoint: String,
    /// The bearer token; it stays the same from start to start.
    pub token: Secret,
}

const FILE: &str = "admin.json";

impl Access {
    /// Reads the file of a data folder.
    ///
    /// # Errors
    /// When there is none or it is not what it should be.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(folder.join(FILE))?;
        serde_json::from_str(&text).map_err(io::Error::other)
    }

    /// The token that the folder has, else a new one.
    #[must_use]
    pub fn token(folder: &Path) -> Secret {
        Self::read(folder).map_or_else(|_| crate::ids::admin_token().into(), |access| access.token)
    }

    /// Writes the file, for its owner only, whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let new = folder.join("admin.json.new");
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(serde_json::to_string_pretty(self).map_err(io::Error::other)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(new, folder.join(FILE))
    }

    /// Removes the file: nobody listens.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn remove(folder: &Path) -> io::Result<()> {
        match fs::remove_file(folder.join(FILE)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn it_is_private_and_the_token_stays() {
        let folder = tempfile::tempdir().unwrap();
        let access = Access { endpoint: "http://127.0.0.1:1".to_owned(), token: Access::token(folder.path()) };
        assert_eq!(access.token.expose().len(), 64);
        access.write(folder.path()).unwrap();
        assert_eq!(Access::token(folder.path()).expose(), access.token.expose());
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        Access::remove(folder.path()).unwrap();
        Access::remove(folder.path()).unwrap();
        assert_ne!(Access::token(folder.path()).expose(), access.token.expose());
    }
}
