//! PostgreSQL behind [`Db`](crate::Db): a session for the writer, a few for readers, one that listens.

mod fault;
mod listen;
mod migrate;
mod pool;
mod session;
mod socket;
mod target;
mod tls;
mod values;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};

use rand::Rng;
use target::{PATIENCE, Role, Target};

use crate::signals::Signals;
use crate::{Error, Migration};

pub(crate) use pool::Pool;
pub(crate) use session::Session;
pub(crate) use values::{Whole, column};
pub(crate) use writer::Sink;

/// What all handles share.
pub(crate) struct Postgres {
    target: Arc<Target>,
    pub(crate) pool: Pool,
    channel: Channel,
    listener: Mutex<Option<listen::Listener>>,
}

/// Under which name the processes on one schema call each other, and who calls.
#[derive(Clone)]
pub(crate) struct Channel {
    name: String,
    sender: String,
}

impl Channel {
    /// The statement that tells the others, at the commit.
    pub(crate) fn notify(&self, signal: &str) -> String {
        let payload = format!("{} {signal}", self.sender).replace('\'', "''");
        format!("SELECT pg_notify('{}', '{payload}')", self.name)
    }
}

impl Postgres {
    /// Connects, brings the schema to the newest of `migrations`, and answers what the writer needs too.
    pub(crate) fn connect(url: &str, migrations: &[Migration]) -> Result<(Self, Sink), Error> {
        let target = Arc::new(Target::parse(url)?);
        let session = target.connect(Role::Writer)?;
        migrate::migrate(&session, migrations, PATIENCE)?;
        let name = session.query("SELECT 'cinnabar_' || to_hex(hashtext(current_schema()))", &[])?;
        let name = name.first().map_or_else(|| Ok("cinnabar".to_owned()), |row| column(row, 0))?;
        let channel = Channel { name, sender: format!("{:016x}", rand::rng().random::<u64>()) };
        let pool = Pool::new(Arc::clone(&target));
        let sink = Sink::new(Arc::clone(&target), session, channel.clone());
        Ok((Self { target, pool, channel, listener: Mutex::default() }, sink))
    }

    /// Has `signals` raised by other processes too, from now on.
    pub(crate) fn listen(&self, signals: &Arc<Signals>) -> Result<(), Error> {
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        if listener.is_none() {
            *listener = Some(listen::Listener::start(&self.target, &self.channel, signals)?);
        }
        Ok(())
    }
}

/// Runs one statement on a connection of its own: for tests.
pub(crate) fn run(url: &str, sql: &str) -> Result<(), Error> {
    Target::parse(url)?.connect(Role::Writer)?.batch(sql)
}
