//! The folder in which everything works, and the end of whatever still works in it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::error::Error;
use crate::process::pause;

/// A temporary folder. All processes of the benchmark, and all that those start, work in it: so they can be found.
pub(crate) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// Makes the folder; on Ctrl-C it is swept before this process ends.
    pub(crate) fn new() -> Result<Self, Error> {
        let folder = TempDir::with_prefix("cinnabar-bench-").map_err(Error::io("cannot make a temporary folder"))?;
        sweep_when_interrupted(folder.path().to_owned())?;
        Ok(Self { folder })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A new folder in it.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.path().join(name);
        std::fs::create_dir(&path).map_err(Error::io(path.display().to_string()))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        end_all(self.folder.path());
    }
}

fn sweep_when_interrupted(path: PathBuf) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(Error::io("cannot listen to Ctrl-C"))?;
    std::thread::spawn(move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            end_all(&path);
            let _ = std::fs::remove_dir_all(&path);
            std::process::exit(130);
        }
    });
    Ok(())
}

/// Kills every process whose working folder is `path` or inside it; again until there is none, since one may start another.
fn end_all(path: &Path) {
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        let found = working_in(path);
        if found.is_empty() || Instant::now() > until {
            return;
        }
        for pid in found {
            // It may have ended meanwhile.
            let _ = kill_process(pid, Signal::KILL);
        }
        pause(Duration::from_millis(10));
    }
}

fn working_in(path: &Path) -> Vec<Pid> {
    let own = std::process::id().to_string();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let inside = processes.filter(|entry| {
        let folder = std::fs::read_link(entry.path().join("cwd"));
        entry.file_name() != *own && folder.is_ok_and(|folder| folder.starts_with(path))
    });
    inside.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)).collect()
}
