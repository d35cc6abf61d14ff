//! The thread that hears what other processes notify.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::Channel;
use super::session::Session;
use super::socket::Plug;
use super::target::{Role, Target};
use crate::Error;
use crate::signals::Signals;

/// After so long without a word the server is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(5);
/// Between two tries to connect.
const PAUSE: Duration = Duration::from_millis(150);

/// Ends with its drop.
pub(super) struct Listener {
    stop: Arc<Stop>,
}

/// How the thread is told to end: it waits on a socket, or for the time of the next try.
#[derive(Default)]
struct Stop {
    plug: Mutex<Option<Arc<Plug>>>,
    stopped: Mutex<bool>,
    changed: std::sync::Condvar,
}

impl Listener {
    pub(super) fn start(target: &Arc<Target>, channel: &Channel, signals: &Arc<Signals>) -> Result<Self, Error> {
        let stop = Arc::<Stop>::default();
        let ear = Ear {
            target: Arc::clone(target),
            channel: channel.clone(),
            signals: Arc::clone(signals),
            stop: Arc::clone(&stop),
        };
        let spawned = thread::Builder::new().name("db-listener".to_owned()).spawn(move || ear.run());
        spawned.map_err(|error| Error::Database(error.to_string()))?;
        Ok(Self { stop })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        *lock(&self.stop.stopped) = true;
        self.stop.changed.notify_all();
        if let Some(plug) = &*lock(&self.stop.plug) {
            plug.close();
        }
    }
}

struct Ear {
    target: Arc<Target>,
    channel: Channel,
    signals: Arc<Signals>,
    stop: Arc<Stop>,
}

impl Ear {
    fn run(&self) {
        while !self.stopped_within(Duration::ZERO) {
            match self.listen() {
                Ok(session) => self.hear(&session),
                Err(error) => tracing::debug!(%error, "cannot listen to the other nodes; trying again"),
            }
            if self.stopped_within(PAUSE) {
                return;
            }
        }
    }

    fn listen(&self) -> Result<Session, Error> {
        let session = self.target.connect(Role::Listener)?;
        *lock(&self.stop.plug) = Some(Arc::clone(&session.driver().plug));
        session.batch(&format!("LISTEN {}", self.channel.name))?;
        // What was said before is gone.
        self.signals.raise_all();
        Ok(session)
    }

    /// Until the connection is lost or closed.
    fn hear(&self, session: &Session) {
        while !session.is_lost() {
            let heard = session.wait_notices(SILENCE);
            if heard.is_empty() && (self.stopped_within(Duration::ZERO) || session.batch("SELECT 1").is_err()) {
                return;
            }
            for payload in heard {
                match payload.split_once(' ') {
                    Some((sender, signal)) if sender != self.channel.sender => self.signals.raise(signal),
                    _ => {}
                }
            }
        }
    }

    fn stopped_within(&self, time: Duration) -> bool {
        let stopped = lock(&self.stop.stopped);
        *self
            .stop
            .changed
            .wait_timeout_while(stopped, time, |stopped| !*stopped)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
