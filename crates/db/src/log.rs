//! SQLite's write-ahead log, in its full length from the start.
//!
//! A commit that makes the log longer changes the file itself, and has to wait until the file system has written all else that is
//! under way, other files' data too. One that writes over an older part waits for its own bytes. SQLite begins
//! the log anew whenever it has reached this length; what stands behind its end is not read.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::path::Path;

/// A thousand pages, after which SQLite begins anew, and some more, since a transaction ends in its own time: in bytes.
const LENGTH: u64 = 4_500_000;

/// Writes zeros behind what is in the log of this database; nobody may be writing to it. Without room on the disk it stays short.
pub(crate) fn lengthen(database: &Path) {
    if let Err(error) = fill(database) {
        tracing::debug!(%error, "the log of the state grows as it is written");
    }
}

fn fill(database: &Path) -> io::Result<()> {
    let mut path = OsString::from(database);
    path.push("-wal");
    let mut log = OpenOptions::new().append(true).open(path)?;
    let missing = LENGTH.saturating_sub(log.metadata()?.len());
    io::copy(&mut io::repeat(0).take(missing), &mut log).map(drop)
}
