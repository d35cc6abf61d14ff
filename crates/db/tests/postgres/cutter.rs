//! Stands between the program and the server, and cuts a connection at its commit.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

/// What happens to the next commit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Never,
    /// The server never hears of it.
    Before,
    /// It happens, and its answer is lost.
    After,
    /// As before, and nobody can connect from then on.
    AfterAndShut,
    /// Nobody can connect.
    Shut,
}

const ALL: [Cut; 5] = [Cut::Never, Cut::Before, Cut::After, Cut::AfterAndShut, Cut::Shut];

pub(crate) struct Cutter {
    pub(crate) folder: tempfile::TempDir,
    mode: Arc<AtomicU8>,
}

impl Cutter {
    pub(crate) fn before(server: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mode = Arc::new(AtomicU8::new(0));
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let (server, shared) = (server.join(".s.PGSQL.5432"), Arc::clone(&mode));
        // It ends with the test's process.
        thread::spawn(move || accept(&listener, &server, &shared));
        Self { folder, mode }
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://cinnabar@{}/postgres", self.folder.path().display().to_string().replace('/', "%2F"))
    }

    pub(crate) fn set(&self, cut: Cut) {
        let index = ALL.iter().position(|one| *one == cut).unwrap();
        self.mode.store(u8::try_from(index).unwrap(), Ordering::SeqCst);
    }
}

fn accept(listener: &UnixListener, server: &PathBuf, mode: &Arc<AtomicU8>) {
    for client in listener.incoming() {
        let Ok(client) = client else { return };
        if get(mode) == Cut::Shut {
            continue;
        }
        let Ok(server) = UnixStream::connect(server) else { continue };
        let (back, front) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        thread::spawn(move || pass(back, front));
        let mode = Arc::clone(mode);
        thread::spawn(move || watch(client, server, &mode));
    }
}

fn get(mode: &AtomicU8) -> Cut {
    ALL[usize::from(mode.load(Ordering::SeqCst))]
}

/// What the server says.
fn pass(mut from: UnixStream, mut to: UnixStream) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

/// What the program says.
fn watch(mut from: UnixStream, mut to: UnixStream, mode: &AtomicU8) {
    let mut buffer = [0; 65536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let bytes = &buffer[..count];
        let cut = get(mode);
        let commits = bytes.windows(7).any(|word| word == b"COMMIT\0");
        if commits && cut != Cut::Never {
            mode.store(if cut == Cut::AfterAndShut { 4 } else { 0 }, Ordering::SeqCst);
            // First, so that no answer can come through.
            let _ = from.shutdown(std::net::Shutdown::Both);
            if cut != Cut::Before {
                let _ = to.write_all(bytes);
                // The server ends the transaction before it looks for more.
                let _ = to.shutdown(std::net::Shutdown::Write);
            }
            break;
        }
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    if get(mode) != Cut::Shut {
        let _ = to.shutdown(std::net::Shutdown::Write);
    }
}
