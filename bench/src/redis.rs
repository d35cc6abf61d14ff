//! Redis servers: started by hand as an operator would, and talked to in the least words.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::process::{Process, command, pause};

/// The password of all servers here.
pub(crate) const PASSWORD: &str = "Bench-Passw0rd";

/// How long a server may take for anything.
const PATIENCE: Duration = Duration::from_secs(20);
/// Keys in one write of [`Client::fill`].
const BATCH: usize = 1000;

/// Starts a server by hand; what costs time is set as for an instance: append-only file, password, databases.
pub(crate) fn start(folder: &Path, place: SocketAddr) -> Result<Process, Error> {
    let mut command = command("redis-server");
    command.args(["--bind", &place.ip().to_string(), "--port", &place.port().to_string(), "--requirepass", PASSWORD]);
    command.args(["--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--databases", "256"]);
    command.args(["--maxmemory", "1gb", "--logfile", "redis.log"]);
    Process::start(command, folder)
}

/// Asks tightly until the server answers PING under its password.
pub(crate) fn wait(place: SocketAddr) -> Result<Client, Error> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Ok(mut client) = Client::connect(place)
            && client.command(&format!("AUTH {PASSWORD}")).is_ok()
            && client.command("PING").is_ok_and(|answer| answer == "+PONG")
        {
            return Ok(client);
        }
    }
    Err(Error::Unexpected(format!("no PING was answered at {place} within {PATIENCE:?}")))
}

/// A connection that sends inline commands.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn connect(place: SocketAddr) -> Result<Self, Error> {
        let stream = TcpStream::connect(place).map_err(Error::io(place.to_string()))?;
        stream.set_nodelay(true).map_err(Error::io("a connection"))?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(Error::io("a connection"))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a command whose answer is one line or one text; errors of the server are errors.
    pub(crate) fn command(&mut self, text: &str) -> Result<String, Error> {
        self.send(&format!("{text}\r\n"))?;
        self.answer()
    }

    fn send(&mut self, text: &str) -> Result<(), Error> {
        self.stream.get_mut().write_all(text.as_bytes()).map_err(Error::io("redis"))
    }

    fn answer(&mut self) -> Result<String, Error> {
        let mut line = String::new();
        self.stream.read_line(&mut line).map_err(Error::io("redis"))?;
        let line = line.trim_end();
        match line.split_at_checked(1) {
            Some(("-", error)) => Err(Error::Unexpected(format!("redis: {error}"))),
            Some(("$", length)) => self.text(length.parse().unwrap_or(0)),
            Some(_) => Ok(line.to_owned()),
            None => Err(Error::Unexpected("redis closed the connection".to_owned())),
        }
    }

    fn text(&mut self, length: usize) -> Result<String, Error> {
        let mut text = vec![0; length + 2];
        self.stream.read_exact(&mut text).map_err(Error::io("redis"))?;
        Ok(String::from_utf8_lossy(&text).trim_end().to_owned())
    }

    /// Writes `keys` small keys.
    pub(crate) fn fill(&mut self, keys: usize) -> Result<(), Error> {
        for start in (0..keys).step_by(BATCH) {
            let batch = start..keys.min(start + BATCH);
            let text: String = batch.clone().map(|key| format!("SET key:{key} value:{key:032}\r\n")).collect();
            self.send(&text)?;
            batch.map(|_| self.answer()).collect::<Result<Vec<_>, _>>()?;
        }
        self.has(keys)
    }

    /// Refuses any other number of keys.
    pub(crate) fn has(&mut self, keys: usize) -> Result<(), Error> {
        match self.command("DBSIZE")? {
            size if size == format!(":{keys}") => Ok(()),
            size => Err(Error::Unexpected(format!("there should be {keys} keys; DBSIZE says {size}"))),
        }
    }

    /// Waits until the replica has all that was written.
    pub(crate) fn replica_follows(&mut self) -> Result<(), Error> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if self.command("INFO replication")?.contains("state=online") && self.command("WAIT 1 1000")? == ":1" {
                return Ok(());
            }
            pause(Duration::from_millis(5));
        }
        Err(Error::Unexpected(format!("the replica did not follow within {PATIENCE:?}")))
    }
}
