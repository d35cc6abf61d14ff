//! A node's folder: `ROOT/<instance>/<node>/`, folders 0700, our files 0600.
//!
//! Nothing is synced to disk by hand: whatever a power cut takes away, the next `ensure` writes again.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::redis_conf::{redis_conf, users_acl};
use crate::{Error, NodeRef, NodeSpec, Version};

const GENERATION: &str = "generation";
const SECRET: &str = "secret";
const PID: &str = "node.pid";
const LOG: &str = "log";
/// The configuration file's name, the engine's only argument.
pub(super) const CONF: &str = "redis.conf";
const ACL: &str = "users.acl";

/// The folder of one node; whether it exists is another matter.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    pub(super) node: NodeRef,
    pub(super) path: PathBuf,
}

impl Folder {
    /// The folder of a node under `root`. Refuses names that could lead elsewhere.
    pub(super) fn new(root: &Path, node: &NodeRef) -> Result<Self, Error> {
        node.validate()?;
        Ok(Self { node: node.clone(), path: root.join(&node.instance).join(&node.node) })
    }

    pub(super) fn exists(&self) -> bool {
        self.path.is_dir()
    }

    /// The generation of the spec that was written last; 0 when there is none, or none that can be read.
    pub(super) fn generation(&self) -> u64 {
        self.read(GENERATION).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// The control secret that the node was given.
    pub(super) fn secret(&self) -> Option<String> {
        self.read(SECRET)
    }

    /// The pid that the engine wrote down; proves nothing by itself.
    pub(super) fn pid(&self) -> Option<i32> {
        self.read(PID)?.parse().ok()
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path.join(name)).ok().map(|text| text.trim().to_owned())
    }

    /// Creates the folder and writes all that the spec decides; what is the same already is left alone.
    pub(super) fn write_spec(&self, spec: &NodeSpec, version: Version) -> Result<(), Error> {
        self.create()?;
        self.write(GENERATION, &spec.generation.to_string())?;
        self.write(SECRET, &spec.secret)?;
        self.write(ACL, &users_acl(spec, version))?;
        self.write(CONF, &redis_conf(spec, version))
    }

    /// Tries again, since the removal of the instance's last other node may take the instance folder away in between.
    fn create(&self) -> Result<(), Error> {
        let build = || DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
        build().or_else(|_| build()).map_err(Error::io("create the folder", &self.path))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        if self.read(name).as_deref() == Some(text.trim()) {
            return Ok(());
        }
        let path = self.path.join(name);
        let temporary = self.path.join(format!("{name}.new"));
        write_private(&temporary, text).and_then(|()| fs::rename(&temporary, &path)).map_err(Error::io("write", path))
    }

    /// Where the log ends now: what a start writes comes after it.
    pub(super) fn log_end(&self) -> u64 {
        fs::metadata(self.path.join(LOG)).map_or(0, |file| file.len())
    }

    /// What was logged since `from`, at most 64 KiB of it.
    pub(super) fn log_since(&self, from: u64) -> String {
        let read = || -> io::Result<String> {
            let mut file = File::open(self.path.join(LOG))?;
            file.seek(SeekFrom::Start(from))?;
            let mut bytes = Vec::new();
            file.take(64 << 10).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        read().unwrap_or_default()
    }
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

/// Where folders go to be deleted: a folder of the root that is named like no instance.
const REMOVED: &str = ".removed";

/// Moves a node's folder away in one go, and removes the instance's when this was its last node. Answers where it is
/// now; `None` when there was none.
pub(super) fn move_away(folder: &Folder, root: &Path) -> Result<Option<PathBuf>, Error> {
    if !folder.exists() {
        return Ok(None);
    }
    let removed = root.join(REMOVED);
    DirBuilder::new().recursive(true).mode(0o700).create(&removed).map_err(Error::io("create the folder", &removed))?;
    // Of this process and this moment alone; the folder it was cannot come back while it is there.
    let inode = fs::metadata(&folder.path).map_or(0, |path| path.ino());
    let target = removed.join(format!("{}.{}.{inode}", folder.node.instance, folder.node.node));
    fs::rename(&folder.path, &target).map_err(Error::io("remove the folder", &folder.path))?;
    if let Some(instance) = folder.path.parent() {
        match fs::remove_dir(instance) {
            Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => {
                return Err(Error::io("remove the folder", instance)(error));
            }
            _ => {}
        }
    }
    Ok(Some(target))
}

/// Deletes a folder that was moved away.
pub(super) fn delete(removed: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(removed) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("remove the folder", removed)(error)),
        _ => Ok(()),
    }
}

/// Deletes what a crash left behind between the two.
pub(super) fn clear_removed(root: &Path) {
    for entry in fs::read_dir(root.join(REMOVED)).into_iter().flatten().flatten() {
        if let Err(error) = delete(&entry.path()) {
            tracing::warn!(%error, "what is left of a removed node cannot be deleted");
        }
    }
}

/// All folders under the root that are named like nodes.
pub(super) fn list(root: &Path) -> Result<Vec<NodeRef>, Error> {
    let mut nodes = Vec::new();
    for instance in subfolders(root)? {
        for node in subfolders(&root.join(&instance))? {
            let node = NodeRef::new(instance.clone(), node);
            if node.validate().is_ok() {
                nodes.push(node);
            }
        }
    }
    Ok(nodes)
}

fn subfolders(path: &Path) -> Result<Vec<String>, Error> {
    let entries = match fs::read_dir(path) {
        // Removed since its parent was read.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(Error::io("read the folder", path))?,
    };
    let folders = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    Ok(folders.filter_map(|entry| entry.file_name().into_string().ok()).collect())
}
