//! The audit log: one record a request, added at the end of a file in the data folder and never changed.
//!
//! `record.rs` is what is written, `log.rs` the files, `search.rs` how they are read again. Who answers a request hands its record
//! over and goes on; a task writes many at once. When more come than the disk takes, requests wait. What does not get into the log all
//! the same is counted: what the disk refuses, and what strangers could flood it with.

pub mod log;
pub mod record;
pub mod search;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use engine::Clock;
use tokio::sync::{mpsc, oneshot};

use crate::config::{self, AuditRequests};
use log::Log;
use record::Record;

/// So many records may wait for the disk.
const WAITING: usize = 4096;
/// So many refusals that cost their sender nothing are written down in a second: whoever floods the server with them must not
/// push everything else out of the log.
const CHEAP: u32 = 100;

enum Message {
    Record(Box<Record>),
    /// Answered when all before it is written.
    Flush(oneshot::Sender<()>),
}

/// Where records are handed in.
pub struct Audit {
    requests: AuditRequests,
    sender: mpsc::Sender<Message>,
    lost: Arc<AtomicU64>,
    cheap: Mutex<Cheap>,
}

/// The refusals of one second that cost their sender nothing.
#[derive(Default)]
struct Cheap {
    second: i64,
    count: u32,
}

/// What decides whether a request is written down.
#[derive(Debug, Clone, Copy)]
pub struct Kind<'a> {
    /// It could change nothing.
    pub is_read: bool,
    /// Somebody was believed to ask.
    pub is_believed: bool,
    /// How it ended.
    pub code: &'a str,
}

impl Audit {
    /// Opens the log in the data folder, and has its records written from here on.
    ///
    /// # Errors
    /// The folder's or the file's.
    pub fn open(settings: &config::Audit, folder: &Path) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        if settings.requests != AuditRequests::Off {
            let log = Log::open(folder, settings.size << 20, settings.files)?;
            tokio::spawn(write(receiver, log, Arc::clone(&lost)));
        }
        Ok(Self { requests: settings.requests, sender, lost, cheap: Mutex::default() })
    }

    /// Whether a request is written down that ends now. One that is not although the settings ask for it is counted as lost.
    #[must_use]
    pub fn wants(&self, kind: &Kind<'_>, clock: &Clock) -> bool {
        let is_asked_for = match self.requests {
            AuditRequests::All => true,
            AuditRequests::Changes => !kind.is_read || kind.code != record::ANSWERED,
            AuditRequests::Off => false,
        };
        let is_cheap = !kind.is_believed || kind.code.starts_with("RequestLimitExceeded");
        is_asked_for && (!is_cheap || self.has_room(clock.steady_ms()))
    }

    fn has_room(&self, now: i64) -> bool {
        let mut cheap = self.cheap.lock().unwrap_or_else(PoisonError::into_inner);
        let second = now.div_euclid(1000);
        if cheap.second != second {
            *cheap = Cheap { second, count: 0 };
        }
        cheap.count = cheap.count.saturating_add(1);
        let room = cheap.count <= CHEAP;
        if !room {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        room
    }

    /// Hands a record over; waits only when too many wait for the disk.
    pub async fn add(&self, record: Record) {
        if self.sender.send(Message::Record(Box::new(record))).await.is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all that was handed over is written.
    pub async fn flush(&self) {
        let (written, wait) = oneshot::channel();
        if self.sender.send(Message::Flush(written)).await.is_ok() {
            // An error means that nobody writes any more.
            let _ = wait.await;
        }
    }

    /// How many requests should stand in the log and do not, since the start.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// Writes what comes, many records at once, until nobody can hand any over.
async fn write(mut receiver: mpsc::Receiver<Message>, mut log: Log, lost: Arc<AtomicU64>) {
    let mut messages = Vec::new();
    while receiver.recv_many(&mut messages, WAITING).await > 0 {
        let (mut records, mut waiting) = (Vec::new(), Vec::new());
        for message in messages.drain(..) {
            match message {
                Message::Record(record) => records.push(*record),
                Message::Flush(written) => waiting.push(written),
            }
        }
        let many = records.len() as u64;
        let written = tokio::task::spawn_blocking(move || {
            let result = log.append(&records);
            (log, result)
        });
        let Ok((back, result)) = written.await else { return };
        log = back;
        if let Err(error) = result {
            lost.fetch_add(many, Ordering::Relaxed);
            tracing::error!(%error, many, "requests could not be written into the audit log");
        }
        for written in waiting {
            let _ = written.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flood_does_not_push_the_others_out() {
        let folder = tempfile::tempdir().unwrap();
        let settings = config::Audit { requests: AuditRequests::Changes, size: 1, files: 2 };
        let audit = Audit::open(&settings, folder.path()).unwrap();
        let stranger = Kind { is_read: false, is_believed: false, code: "AuthFailure.SignatureFailure" };
        let eager = Kind { is_read: true, is_believed: true, code: "RequestLimitExceeded" };
        let count = |kind: &Kind<'_>, now| {
            let clock = Clock::fixed_for_tests(now);
            (0..1000).filter(|_| audit.wants(kind, &clock)).count()
        };
        assert_eq!((count(&stranger, 5000), count(&eager, 5999), count(&eager, 6000)), (100, 0, 100));
        assert_eq!(audit.lost(), 2800);
        let known = Kind { is_read: false, is_believed: true, code: record::ANSWERED };
        assert_eq!(count(&known, 6000), 1000);
        assert_eq!(count(&Kind { is_read: true, ..known }, 6000), 0);
    }
}
