//! A throw-away PostgreSQL, on the core of the load, with its files beside those of SQLite.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use db::Db;

use crate::error::Error;
use crate::process;
use crate::scratch::Scratch;

/// Ends with its handle.
pub(crate) struct Cluster {
    folder: PathBuf,
    url: String,
}

impl Cluster {
    /// `None` where PostgreSQL is not installed.
    pub(crate) fn start(scratch: &Scratch) -> Result<Option<Self>, Error> {
        if program("initdb").is_none() {
            return Ok(None);
        }
        // Its user, who is not root, must come through.
        let through = fs::set_permissions(scratch.path(), Permissions::from_mode(0o711));
        through.map_err(Error::io("cannot let PostgreSQL into the folder"))?;
        let folder = scratch.path().join("postgresql");
        let url = script("make", &folder)?;
        Ok(Some(Self { folder, url: url.trim().to_owned() }))
    }

    /// One more node's handle on it.
    pub(crate) fn connect(&self, migrations: &[db::Migration]) -> Result<Db, Error> {
        Ok(Db::connect(&self.url, migrations)?)
    }

    /// Transactions of one inserted row each, a second, by PostgreSQL's own tool, of so many clients at once. The table must be there.
    pub(crate) fn pgbench(&self, statement: &str, clients: usize, time: Duration) -> Result<f64, Error> {
        let Some(pgbench) = program("pgbench") else { return Ok(f64::NAN) };
        let file = self.folder.with_extension("sql");
        fs::write(&file, statement).map_err(Error::io(file.display().to_string()))?;
        let mut command = process::command(pgbench);
        command.args(["-n", "-M", "prepared", "-U", "cinnabar", "-c", &clients.to_string()]);
        command
            .args(["-T", &time.as_secs().max(3).to_string(), "-h"])
            .arg(&self.folder)
            .arg("-f")
            .arg(&file)
            .arg("postgres");
        let printed = output(command)?;
        let rate = printed.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        rate.ok_or_else(|| Error::Unexpected(format!("pgbench says `{printed}`")))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The scratch folder's end takes away what is left.
        let _ = script("remove", &self.folder);
    }
}

/// Debian keeps them off the path.
fn program(name: &str) -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    folders.into_iter().map(|folder| folder.join(name)).find(|program| program.exists())
}

fn script(verb: &str, folder: &Path) -> Result<String, Error> {
    let mut command = process::command("sh");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/postgres.sh")).arg(verb).arg(folder);
    output(command)
}

fn output(mut command: Command) -> Result<String, Error> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.stdin(Stdio::null()).output().map_err(Error::io(format!("cannot start {name}")))?;
    if !done.status.success() {
        return Err(Error::Unexpected(format!("{name}: {}", String::from_utf8_lossy(&done.stderr))));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
