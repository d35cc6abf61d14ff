//! Signals between transactions and whoever waits for their news.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// Who waits for what.
#[derive(Default)]
pub(crate) struct Signals {
    channels: Mutex<HashMap<String, watch::Sender<u64>>>,
}

/// Hears the signals of one channel that are raised from its making on.
pub struct Subscription {
    count: watch::Receiver<u64>,
}

impl Subscription {
    /// Returns once a signal was raised since the last call; many at once count as one. There may be a signal without news.
    pub async fn raised(&mut self) {
        if self.count.changed().await.is_err() {
            // The database is closed: there will be no news.
            std::future::pending().await
        }
    }
}

impl Signals {
    pub(crate) fn subscribe(&self, channel: &str) -> Subscription {
        let mut channels = self.channels();
        Subscription { count: channels.entry(channel.to_owned()).or_default().subscribe() }
    }

    pub(crate) fn raise(&self, channel: &str) {
        if let Some(count) = self.channels().get(channel) {
            count.send_modify(|count| *count += 1);
        }
    }

    /// Something may have been missed.
    pub(crate) fn raise_all(&self) {
        self.channels().values().for_each(|count| count.send_modify(|count| *count += 1));
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<u64>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
