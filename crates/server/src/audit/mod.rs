//! The audit log: one record a request, added at the end of a file in the data folder and never changed.
//!
//! `record.rs` is what is written, `log.rs` the files, `search.rs` how they are read again. Who answers a request hands its record
//! over and goes on; a task writes many at once. When more come than the disk takes, requests wait: none goes unrecorded. What the
//! disk refuses is logged and counted.

pub mod log;
pub mod record;
pub mod search;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot};

use crate::config::{self, AuditRequests};
use log::Log;
use record::Record;

/// So many records may wait for the disk.
const WAITING: usize = 4096;

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
        Ok(Self { requests: settings.requests, sender, lost })
    }

    /// Whether a request is recorded that was answered with this code; `is_read`: it could change nothing.
    #[must_use]
    pub fn wants(&self, is_read: bool, code: &str) -> bool {
        match self.requests {
            AuditRequests::All => true,
            AuditRequests::Changes => !is_read || code != record::ANSWERED,
            AuditRequests::Off => false,
        }
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

    /// How many records could not be written since the start.
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
