//! The files of the audit log: `audit/audit.log`, and the older ones as `audit.log.1` (the latest) and so on. A line is a record, as
//! JSON, which has no line end within.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::record::Record;

/// The file that is written; see [`files`] for the older ones.
pub struct Log {
    folder: PathBuf,
    file: File,
    size: u64,
    /// Of one file.
    max_size: u64,
    /// All together.
    max_files: usize,
}

impl Log {
    /// Goes on where the last one stopped; a line that it did not finish is ended first.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(data: &Path, max_size: u64, max_files: usize) -> io::Result<Self> {
        let folder = folder(data);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let (mut file, mut size) = open(&folder)?;
        if !ends_a_line(&folder, size)? {
            file.write_all(b"\n")?;
            size += 1;
        }
        Ok(Self { folder, file, size, max_size, max_files })
    }

    /// Adds records at the end.
    ///
    /// # Errors
    /// The file system's; then some of them may be missing.
    pub fn append(&mut self, records: &[Record]) -> io::Result<()> {
        let mut lines = Vec::new();
        for record in records {
            serde_json::to_writer(&mut lines, record)?;
            lines.push(b'\n');
        }
        if self.size > 0 && self.size + lines.len() as u64 > self.max_size {
            self.rotate()?;
        }
        self.file.write_all(&lines)?;
        self.size += lines.len() as u64;
        Ok(())
    }

    /// The oldest goes, the others move on by one.
    fn rotate(&mut self) -> io::Result<()> {
        for number in (0..self.max_files).rev() {
            let from = path(&self.folder, number);
            let is_last = number + 1 == self.max_files;
            let moved =
                if is_last { fs::remove_file(&from) } else { fs::rename(&from, path(&self.folder, number + 1)) };
            moved.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
        }
        (self.file, self.size) = open(&self.folder)?;
        Ok(())
    }
}

/// The files that there are, the newest first.
#[must_use]
pub fn files(data: &Path) -> Vec<PathBuf> {
    let folder = folder(data);
    (0..).map(|number| path(&folder, number)).take_while(|path| path.exists()).collect()
}

fn folder(data: &Path) -> PathBuf {
    data.join("audit")
}

fn path(folder: &Path, number: usize) -> PathBuf {
    match number {
        0 => folder.join("audit.log"),
        number => folder.join(format!("audit.log.{number}")),
    }
}

fn open(folder: &Path) -> io::Result<(File, u64)> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path(folder, 0))?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

fn ends_a_line(folder: &Path, size: u64) -> io::Result<bool> {
    use std::os::unix::fs::FileExt;
    let mut last = [b'\n'];
    if size > 0 {
        File::open(path(folder, 0))?.read_exact_at(&mut last, size - 1)?;
    }
    Ok(last == [b'\n'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn record(number: usize) -> Record {
        Record { request_id: format!("{number:04}"), code: "ok".to_owned(), ..Record::default() }
    }

    fn numbers(data: &Path) -> Vec<String> {
        let lines =
            |path: PathBuf| fs::read_to_string(path).unwrap().lines().rev().map(str::to_owned).collect::<Vec<_>>();
        let all = files(data).into_iter().flat_map(lines);
        all.filter_map(|line| serde_json::from_str::<Record>(&line).ok()).map(|record| record.request_id).collect()
    }

    #[test]
    fn the_newest_files_are_kept_and_nobody_else_reads_them() {
        let data = tempfile::tempdir().unwrap();
        let line = serde_json::to_string(&record(0)).unwrap().len() as u64 + 1;
        let mut log = Log::open(data.path(), 2 * line, 3).unwrap();
        for number in 0..9 {
            log.append(&[record(number)]).unwrap();
        }
        assert_eq!(numbers(data.path()), ["0008", "0007", "0006", "0005", "0004"]);
        assert_eq!(files(data.path()).len(), 3);
        for file in files(data.path()) {
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_line_that_was_cut_off_spoils_no_other() {
        let data = tempfile::tempdir().unwrap();
        drop(Log::open(data.path(), 1 << 20, 3).unwrap());
        fs::write(path(&folder(data.path()), 0), b"{\"request_id\":\"cut").unwrap();
        Log::open(data.path(), 1 << 20, 3).unwrap().append(&[record(1)]).unwrap();
        Log::open(data.path(), 1 << 20, 3).unwrap().append(&[record(2)]).unwrap();
        assert_eq!(numbers(data.path()), ["0002", "0001"]);
    }
}
