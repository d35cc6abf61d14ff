//! Files that others may read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Report;

/// What lies in the data folder and holds secrets, or customers' data.
const FILES: &[&str] = &["state.db", "state.db-wal", "state.db-shm", "credentials.json", "admin.json", "lock"];
/// Everybody's rights beside the owner's.
const OTHERS: u32 = 0o077;

pub(super) fn check(report: &mut Report, folder: &Path, instances: &Path) {
    private(report, folder);
    FILES.iter().for_each(|name| private(report, &folder.join(name)));
    for instance in subfolders(instances) {
        private(report, &instance);
        subfolders(&instance).iter().for_each(|node| private(report, node));
    }
}

/// What is not there needs no rights.
fn private(report: &mut Report, path: &Path) {
    let Ok(mode) = fs::metadata(path).map(|metadata| metadata.permissions().mode() & 0o777) else { return };
    if mode & OTHERS != 0 {
        let what = format!("others than the owner have rights on it (mode {mode:o})");
        let advice = "take them away with chmod go=, and ask who may have read it: it holds secrets or customers' data";
        report.add("permissions", path.display().to_string(), what, advice);
    }
}

fn subfolders(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    named.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}
